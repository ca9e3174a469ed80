import type { Locator, Page } from '@playwright/test';
import { expect, goTo, test } from './fixtures.ts';
import { orderNumber, orderPanel, payExact, pill, send, startOrder, tap, tickets } from './till.ts';

// Three terminals, and a cloud that dies and comes back.
test.describe.configure({ timeout: 240_000 });

const SAVED = { timeout: 60_000 };
const view = (page: Page, name: string): Locator =>
  page.getByRole('group', { name: 'What to show' }).getByRole('button', { name: new RegExp(`^${name}`) });
const list = (page: Page, name: string): Locator => page.getByRole('list', { name });

/** Opens a list of the sync centre. */
async function look(page: Page, name: string): Promise<void> {
  await goTo(page, 'Sync');
  await view(page, name).click();
}

async function approve(page: Page, person: { name: string; pin: string }, title: string): Promise<void> {
  const sheet = page.getByRole('dialog', { name: title }).last();
  await sheet.getByRole('button', { name: new RegExp(person.name) }).click();
  await page.keyboard.type(person.pin);
  await sheet.getByRole('button', { name: 'Approve' }).click();
}

test('what two terminals did to one ticket: one is refused, all see it, it is tried again, another is discarded', async ({
  app,
  restaurant,
}) => {
  const office = await app.as('L4', 'Office', 'Sync');
  const kitchen = await app.as('L1', 'Kitchen', 'Kitchen');
  const till = await app.as('L4', 'Counter 1', 'Till');
  const numbers: string[] = [];
  for (const item of ['Rolex', 'Soda']) {
    await startOrder(till);
    await tap(till, item);
    await send(till);
    numbers.push(await orderNumber(till));
  }
  for (const number of numbers) await expect(tickets(kitchen, number)).toHaveCount(1);
  await restaurant.cloud.kill();
  await expect(pill(till)).toHaveText(/^Offline/, SAVED);
  await goTo(till, 'Kitchen');
  // Both cooks bump the same two tickets; neither terminal hears of the other.
  for (const page of [kitchen, till]) {
    for (const number of numbers) {
      await page.getByRole('button', { name: `Bump ${number}`, exact: true }).click();
      await expect(tickets(page, number)).toHaveCount(0);
    }
  }
  await restaurant.cloud.start();
  await look(office, 'Refused');
  const refused = list(office, 'Refused');
  await expect(refused.getByRole('listitem')).toHaveCount(2, SAVED);
  await expect(refused.getByText('The ticket is not in a state that allows this.').first()).toBeVisible();
  await expect(refused.getByText(/Counter 1|Kitchen/).first()).toBeVisible();

  // Its terminal sees it too, in the pill and in the list.
  await look(till, 'Refused');
  await expect(list(till, 'Refused').getByRole('listitem')).toHaveCount(2);

  // In vain first: the ticket is still done. Nothing is decided then.
  await refused
    .getByRole('button', { name: /^Try again/ })
    .first()
    .click();
  const sheet = office.getByRole('dialog', { name: 'Try again' });
  await sheet.getByRole('button', { name: 'Try again', exact: true }).click();
  await expect(sheet.getByRole('alert')).toHaveText('The ticket is not in a state that allows this.');
  await office.keyboard.press('Escape');
  await expect(refused.getByRole('listitem')).toHaveCount(2);

  // The kitchen takes back the last; what was refused about it can be done now.
  await kitchen.getByRole('button', { name: /^Recall/ }).click();
  await expect(kitchen.getByRole('article')).toHaveCount(1);
  const again = async (): Promise<boolean> => {
    for (const button of await refused.getByRole('button', { name: /^Try again/ }).all()) {
      await button.click();
      await sheet.getByRole('button', { name: 'Try again', exact: true }).click();
      await expect(sheet.getByRole('alert').or(office.getByText('Done anew', { exact: true }))).toBeVisible();
      if (await office.getByText('Done anew', { exact: true }).isVisible()) return true;
      await office.keyboard.press('Escape');
      await expect(sheet).toBeHidden();
    }
    return false;
  };
  expect(await again()).toBe(true);
  await expect(kitchen.getByRole('article')).toHaveCount(0);
  await expect(refused.getByRole('listitem')).toHaveCount(1);
  await expect(list(till, 'Refused').getByRole('listitem')).toHaveCount(1, SAVED);

  // To give it up takes a reason and a PIN, although a manager is signed in.
  await refused.getByRole('button', { name: /^Discard/ }).click();
  const discard = office.getByRole('dialog', { name: 'Discard' });
  await expect(discard.getByRole('button', { name: 'Discard', exact: true })).toBeDisabled();
  await discard.getByRole('button', { name: 'Done in another way already' }).click();
  await discard.getByRole('button', { name: 'Discard', exact: true }).click();
  await approve(office, restaurant.person('L4'), 'Discard');
  await expect(office.getByText('Nothing was refused')).toBeVisible();
  await expect(till.getByText('Nothing was refused')).toBeVisible(SAVED);
  await expect(pill(till)).toHaveText('Online · all saved', SAVED);
  await expect(pill(kitchen)).toHaveText('Online · all saved', SAVED);

  // The hub answers a refused tap with its status, which the browser's console reports.
  for (const complaint of app.takeComplaints()) expect(complaint).toMatch(/409 \(Conflict\).*command:run/);

  // Decided is not forgotten, on either side.
  for (const page of [office, till]) {
    await view(page, 'To look at').click();
    await page.getByRole('button', { name: 'Done', exact: true }).click();
    const done = list(page, 'Done');
    await expect(done.getByText('Tried again')).toBeVisible();
    await expect(done.getByText('Discarded')).toBeVisible();
    await expect(done.getByText(/Done in another way already/)).toBeVisible();
  }
});

test('the whole path is green online, and says offline where it ends', async ({ app, restaurant }) => {
  const till = await app.as('L2', 'Counter 1', 'Sync');
  const start = till.getByRole('button', { name: 'Test the whole path' });
  const verdict = till.getByTestId('path-verdict');
  const states = () =>
    till.locator('[data-step]').evaluateAll((steps) => steps.map((step) => step.getAttribute('data-state')));
  await start.click();
  await expect(verdict).toHaveText(/^The whole path works · \d+ ms$/, SAVED);
  expect(await states()).toEqual(Array(7).fill('ok'));
  await restaurant.cloud.kill();
  await till.getByRole('button', { name: 'Test again' }).click();
  await expect(verdict).toHaveText(/^The path ends at: Network to the cloud/, SAVED);
  expect(await states()).toEqual(['ok', 'failed', ...Array<string>(5).fill('skipped')]);
  await expect(till.getByText(/Check the cable or the Wi-Fi/)).toBeVisible();
  await restaurant.cloud.start();
  await till.getByRole('button', { name: 'Close', exact: true }).last().click();
  await expect(pill(till)).toHaveText('Online · all saved', SAVED);
});

test('every terminal of the branch is listed with when it was heard and what waits on it', async ({
  app,
  restaurant,
}) => {
  const office = await app.as('L4', 'Office', 'Sync');
  const till = await app.as('L2', 'Counter 1', 'Till');
  await look(office, 'Terminals');
  const terminals = list(office, 'Terminals');
  await expect(terminals.getByRole('listitem').filter({ hasText: 'Counter 1' })).toContainText('Online', SAVED);
  await expect(terminals.getByRole('listitem').filter({ hasText: 'Office' })).toContainText('this terminal');
  await restaurant.cloud.kill();
  await startOrder(till);
  await tap(till, 'Soda');
  await expect(office.getByText(/^The cloud does not answer: this is what was known/)).toBeVisible(SAVED);
  await expect(terminals.getByRole('listitem').filter({ hasText: 'Counter 1' })).toContainText('Not known now');
  await restaurant.cloud.start();
  await expect(terminals.getByRole('listitem').filter({ hasText: 'Counter 1' })).toContainText('Online', SAVED);
  await orderPanel(till).getByRole('button', { name: /Soda/ }).click();
  await till.getByRole('button', { name: 'Remove' }).click();
});

test('one order paid at two tills: nothing is lost, the second goes to a follow-up order, and a person settles it', async ({
  app,
  restaurant,
}) => {
  const office = await app.as('L4', 'Office', 'Till');
  const counter = await app.as('L4', 'Counter 1', 'Till');
  await startOrder(counter);
  await tap(counter, 'Chips');
  const number = await orderNumber(counter);
  const tab = office
    .getByRole('group', { name: 'Open orders' })
    .getByRole('button', { name: new RegExp(spoken(number)) });
  await tab.click();
  await tap(office, 'Rolex');
  // Line by line, and each says whose it is.
  await expect(orderPanel(counter).getByRole('button', { name: /Rolex/ })).toContainText('Office');
  await expect(orderPanel(office).getByRole('button', { name: /Chips/ })).toContainText('Counter 1');

  await restaurant.cloud.kill();
  await expect(pill(office)).toHaveText(/^Offline/, SAVED);
  for (const page of [counter, office]) await payExact(page);
  await restaurant.cloud.start();
  for (const page of [counter, office]) await expect(pill(page)).toHaveText(/^Online · all saved/, SAVED);

  await look(office, 'To look at');
  const tasks = list(office, 'To look at');
  const over = tasks.getByRole('listitem').filter({ hasText: 'More was paid than was due' });
  await expect(over).toHaveCount(1, SAVED);
  await expect(over).toContainText('22,000');
  await expect(tasks.getByRole('listitem').filter({ hasText: 'Rung up after the order was closed' })).toHaveCount(1);

  // The order says so, and leads both ways.
  await over.getByRole('button', { name: 'Show the order' }).click();
  const order = office.getByRole('dialog', { name: /^Order/ });
  await expect(order.getByText(/This came in after order .* was closed/)).toBeVisible();
  await expect(order.getByText('Paid too much')).toBeVisible();
  await order.getByRole('button', { name: 'Show the first order' }).click();
  await expect(office.getByRole('dialog', { name: `Order ${number}`, exact: true })).toBeVisible();
  await expect(office.getByRole('dialog').getByText(/Something came in after the closing/)).toBeVisible();
  await office.getByRole('dialog').getByRole('button', { name: 'Show what came later' }).click();
  await expect(order.getByText('Paid too much')).toBeVisible();
  await office.keyboard.press('Escape');

  await over.getByRole('button', { name: /^Done/ }).click();
  const sheet = office.getByRole('dialog', { name: 'Seen to' });
  await sheet.getByRole('button', { name: 'Money given back to the guest' }).click();
  await sheet.getByRole('button', { name: 'Mark as done' }).click();
  await expect(over).toHaveCount(0);
  await look(counter, 'To look at');
  await expect(list(counter, 'To look at').getByText('Rung up after the order was closed')).toBeVisible();
  await expect(list(counter, 'To look at').getByText('More was paid than was due')).toHaveCount(0, SAVED);
  await counter.getByRole('button', { name: 'Done', exact: true }).click();
  await expect(list(counter, 'Done').getByText(/Money given back to the guest/)).toBeVisible();
});

/** The part of a receipt number that stands on a tab: `T1-0007` → `7`. */
function spoken(number: string): string {
  return `\\b${number.split('-').at(-1)?.replace(/^0+/, '') ?? ''}\\b`;
}

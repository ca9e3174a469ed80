import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { expectMoved, readKpis } from './figures.ts';
import { bumpAll, orderNumber, orderPanel, payExact, send, startOrder, tap, tickets } from './till.ts';

const ROLEX_MINOR = 12_000;
const BURGER_MINOR = 29_000;
const TOTAL_MINOR = 2 * ROLEX_MINOR + BURGER_MINOR;

// Three screens at once; on a busy machine they take their time.
test.describe.configure({ timeout: 120_000 });

/** A page that was loaded again would have lost this. */
const mark = (page: Page) => page.evaluate(() => Object.assign(globalThis, { notLoadedAgain: true }));
const isMarked = (page: Page) => page.evaluate(() => 'notLoadedAgain' in globalThis);

test('an order goes from the Till to the Kitchen and into the Manager’s figures', async ({ app }) => {
  const manager = await app.as('L4', 'Office', 'Manager');
  const kitchen = await app.as('L1', 'Kitchen', 'Kitchen');
  const till = await app.as('L2', 'Counter 1', 'Till');
  for (const page of [manager, kitchen, till]) await mark(page);
  const before = await readKpis(manager);

  await startOrder(till);
  for (const item of ['Rolex', 'Rolex', 'Beef Burger']) await tap(till, item);
  await expect(
    orderPanel(till)
      .getByText(/53,000/)
      .first(),
  ).toBeVisible();
  await expectMoved(manager, before, { openOrders: 1 });

  await send(till);
  const number = await orderNumber(till);
  await expect(tickets(kitchen, number)).toHaveCount(2);
  await expect(kitchen.getByRole('button', { name: /2 × Rolex/ })).toBeVisible();
  await expect(kitchen.getByRole('button', { name: /1 × Beef Burger/ })).toBeVisible();
  await bumpAll(kitchen, number);
  await expect(orderPanel(till).getByText('ready to serve').first()).toBeVisible();

  const { hasOpenedShift } = await payExact(till);
  await expectMoved(manager, before, {
    salesToday: TOTAL_MINOR,
    salesMTD: TOTAL_MINOR,
    paymentsCash: TOTAL_MINOR,
    onShiftNow: hasOpenedShift ? 1 : 0,
  });
  for (const page of [manager, kitchen, till]) expect(await isMarked(page)).toBe(true);
});

test('a void after send counts as an anomaly, approved by a supervisor', async ({ app, restaurant }) => {
  const manager = await app.as('L4', 'Office', 'Manager');
  const till = await app.as('L2', 'Counter 1', 'Till');
  const before = await readKpis(manager);

  await startOrder(till);
  await tap(till, 'Chips');
  await send(till);
  await orderPanel(till).getByRole('button', { name: /Chips/ }).click();
  const sheet = till.getByRole('dialog', { name: 'Chips' });
  await sheet.getByText('Guest changed their mind').click();
  await sheet.getByRole('button', { name: 'Void', exact: true }).click();
  const approval = till.getByRole('dialog', { name: 'Void Chips' });
  const { name, pin } = restaurant.person('L3');
  await approval.getByRole('button', { name: new RegExp(name) }).click();
  await till.keyboard.type(pin);
  await approval.getByRole('button', { name: 'Approve' }).click();
  await expect(orderPanel(till).getByText(/Voided: Guest changed their mind/)).toBeVisible();
  await expectMoved(manager, before, { openOrders: 1, anomaliesToday: 1 });
  await expect(manager.getByText('Chips voided after it was sent').first()).toBeVisible();

  await orderPanel(till)
    .getByRole('button', { name: /^Close/ })
    .click();
  await expectMoved(manager, before, { anomaliesToday: 1 });
});

test('a stock adjustment moves the stock at risk up, and down again', async ({ app }) => {
  const manager = await app.as('L4', 'Office', 'Manager');
  const stock = await app.as('L3', 'Counter 1', 'Stock');
  const before = await readKpis(manager);
  await adjust(stock, 'Chicken', 'Waste', '2', 'Spoiled');
  await expectMoved(manager, before, { stockAtRisk: 1 });
  await adjust(stock, 'Chicken', 'Delivery', '2', 'Delivered');
  await expectMoved(manager, before, {});
});

async function adjust(page: Page, item: string, what: string, amount: string, reason: string): Promise<void> {
  await page.getByRole('button', { name: `Adjust ${item}` }).click();
  const sheet = page.getByRole('dialog', { name: `Adjust ${item}` });
  await sheet.getByText(what, { exact: true }).click();
  await page.keyboard.type(amount);
  await sheet.getByText(reason, { exact: true }).click();
  await sheet.getByRole('button', { name: /^Save/ }).click();
  await expect(sheet).toBeHidden();
}

/** Pays the order and waits until the kitchen has it; gives its number. */
async function sell(till: Page, kitchen: Page): Promise<string> {
  const number = await orderNumber(till);
  await payExact(till);
  await expect(tickets(kitchen, number).first()).toBeVisible();
  return number;
}

test('four items in exact cash are six taps, and the kitchen has them', async ({ app }) => {
  const till = await app.as('L2', 'Counter 1', 'Till');
  const kitchen = await app.as('L1', 'Kitchen', 'Kitchen');
  // A sale before, so that a shift is open: it is opened once a day, not once a sale.
  await startOrder(till);
  await tap(till, 'Soda');
  await bumpAll(kitchen, await sell(till, kitchen));
  await till.evaluate(() => {
    Object.assign(globalThis, { taps: 0 });
    addEventListener('pointerdown', () => ((globalThis as unknown as { taps: number }).taps += 1), true);
  });
  for (const item of ['Soda', 'Chips', 'Rolex', 'Whole Tilapia']) await tap(till, item);
  const number = await sell(till, kitchen);
  expect(await till.evaluate(() => (globalThis as unknown as { taps: number }).taps)).toBe(6);
  await expect(till.getByText('Paid', { exact: true })).toBeVisible();
  await expect(tickets(kitchen, number)).toHaveCount(3);
  await bumpAll(kitchen, number);
});

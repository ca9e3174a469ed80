import { expect, type Locator, type Page } from '@playwright/test';

/** What a cashier does at the Till, by the words on it. */
export const orderPanel = (page: Page): Locator => page.getByRole('region', { name: 'Order', exact: true });
export const pill = (page: Page): Locator => page.getByTestId('truth-pill');

export async function startOrder(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'New', exact: true }).click();
}

/** Taps an item and waits until its line is painted. */
export async function tap(page: Page, item: string): Promise<void> {
  await page.getByRole('button', { name: item, exact: true }).click();
  await expect(
    orderPanel(page).getByRole('button', { name: new RegExp(item.replaceAll(/[()]/g, '\\$&')) }),
  ).toBeVisible();
}

/**
 * Taps an item and measures until the frame in which the order's panel shows it, in ms, inside the page: what a finger
 * on the screen waits, without the test's own way to the page.
 */
export async function tapAndMeasure(page: Page, item: string): Promise<number> {
  const tile = page.getByRole('button', { name: item, exact: true });
  await expect(tile).toBeVisible();
  const panel = await orderPanel(page).elementHandle();
  if (panel === null) throw new Error('the Till has no order panel');
  return tile.evaluate(
    (button, [shown, name]) =>
      new Promise<number>((resolve) => {
        const text = (): string => shown.textContent ?? '';
        const before = text();
        const startedMs = performance.now();
        const observer = new MutationObserver(() => {
          if (text() === before || !text().includes(name)) return;
          observer.disconnect();
          requestAnimationFrame(() => resolve(performance.now() - startedMs));
        });
        observer.observe(shown, { subtree: true, childList: true, characterData: true });
        (button as HTMLButtonElement).click();
      }),
    [panel, item] as const,
  );
}

const NUMBER = /[A-Z]\w*-\d+/;

/** The number of the order that is shown, such as `T1-0007`: what the kitchen calls it when it has no table. */
export async function orderNumber(page: Page): Promise<string> {
  const panel = orderPanel(page);
  await expect(panel).toContainText(NUMBER);
  return NUMBER.exec((await panel.innerText()) ?? '')?.[0] ?? '';
}

export async function send(page: Page): Promise<void> {
  await orderPanel(page).getByRole('button', { name: /^Send/ }).click();
  await expect(orderPanel(page).getByRole('button', { name: /^Send/ })).toBeDisabled();
}

const FLOAT_MINOR = 100_000;

/**
 * Pays all of it in exact cash. The first cash of a shift asks for the float: then the shift is opened, and it says so.
 */
export async function payExact(page: Page): Promise<{ hasOpenedShift: boolean }> {
  await orderPanel(page).getByRole('button', { name: /^Pay/ }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Exact/ })
    .click();
  const float = page.getByRole('dialog', { name: 'Open your shift first' });
  const change = page.getByTestId('change');
  await expect(float.or(change)).toBeVisible();
  const hasOpenedShift = await float.isVisible();
  if (hasOpenedShift) {
    await page.keyboard.type(String(FLOAT_MINOR));
    await float.getByRole('button', { name: 'Open the shift and take the cash' }).click();
    await expect(change).toBeVisible();
  }
  return { hasOpenedShift };
}

/** The cards of an order on a kitchen board. */
export const tickets = (page: Page, label: string): Locator =>
  page.getByRole('article', { name: `Ticket ${label}`, exact: true });

/** Bumps every card of an order, one after the other, as a cook would. */
export async function bumpAll(page: Page, label: string): Promise<void> {
  for (let left = await tickets(page, label).count(); left > 0; left -= 1) {
    await page
      .getByRole('button', { name: `Bump ${label}`, exact: true })
      .first()
      .click();
    await expect(tickets(page, label)).toHaveCount(left - 1);
  }
}

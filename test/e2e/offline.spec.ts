import { expect, goTo, test } from './fixtures.ts';
import { expectMoved, readKpis } from './figures.ts';
import { bumpAll, orderNumber, orderPanel, payExact, pill, send, startOrder, tapAndMeasure, tickets } from './till.ts';

const MINOR = { Rolex: 12_000, Chips: 10_000, Soda: 5_000 };
/** Far above what a till needs (tens of ms), far below any wait for a network. */
const NEVER_WAITED_MS = 1_000;

test('the Till never waits while the cloud is dead, says so, and all is right afterwards', async ({
  app,
  restaurant,
}, testInfo) => {
  test.setTimeout(240_000);
  const office = await app.as('L4', 'Office', 'Manager');
  const counter = await app.as('L4', 'Counter 1', 'Till');
  await expect(pill(counter)).toHaveText('Online · all saved');
  const before = await readKpis(office);
  const waits: number[] = [];
  const tapTimed = async (item: keyof typeof MINOR): Promise<void> =>
    void waits.push(await tapAndMeasure(counter, item));

  // Half of an order is in the cloud when it dies.
  await startOrder(counter);
  await tapTimed('Rolex');
  await tapTimed('Chips');
  await send(counter);
  await expect(pill(counter)).toHaveText('Online · all saved');
  await restaurant.cloud.kill();

  await tapTimed('Soda');
  const first = await orderNumber(counter);
  const { hasOpenedShift } = await payExact(counter);
  await expect(pill(counter)).toHaveText(/^Offline · \d+ waiting$/, { timeout: 10_000 });
  await startOrder(counter);
  for (const item of ['Soda', 'Rolex', 'Rolex'] as const) await tapTimed(item);
  await send(counter);
  const second = await orderNumber(counter);
  expect(second).not.toBe(first);

  // The kitchen of this terminal has both without a cloud.
  await goTo(counter, 'Kitchen');
  await expect(tickets(counter, second)).toHaveCount(2);
  await bumpAll(counter, first);
  await bumpAll(counter, second);
  await goTo(counter, 'Manager');
  const own = MINOR.Rolex + MINOR.Chips + MINOR.Soda;
  await expect(counter.getByText(/This terminal's own figures/).first()).toBeVisible();
  const cash = { salesToday: own, salesMTD: own, paymentsCash: own, onShiftNow: hasOpenedShift ? 1 : 0 };
  await expectMoved(counter, before, { ...cash, openOrders: 1 });
  await goTo(counter, 'Till');
  await expect(orderPanel(counter)).toContainText(second);
  await payExact(counter);
  const waiting = Number(/Offline · (\d+) waiting/.exec((await pill(counter).textContent()) ?? '')?.[1]);
  expect(waiting).toBeGreaterThan(10);

  await restaurant.cloud.start();
  await expect(pill(counter)).toHaveText('Online · all saved', { timeout: 60_000 });
  const total = own + MINOR.Soda + 2 * MINOR.Rolex;
  const moved = { salesToday: total, salesMTD: total, paymentsCash: total, onShiftNow: hasOpenedShift ? 1 : 0 };
  await expectMoved(office, before, moved, 60_000);
  await goTo(counter, 'Manager');
  await expectMoved(counter, before, moved);

  const worst = Math.max(...waits);
  testInfo.annotations.push({
    type: 'tap to painted line',
    description: waits.map((ms) => `${ms.toFixed(0)} ms`).join(', '),
  });
  expect(worst).toBeLessThan(NEVER_WAITED_MS);
});

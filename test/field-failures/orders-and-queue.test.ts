import { describe, expect, test } from 'vitest';
import type { Order } from '#shared/domain/order.ts';
import { FieldRestaurant, type FieldTill, PRICE_MINOR } from '../helpers/field-restaurant.ts';

const ids = (rows: readonly { id: string }[]): string[] => rows.map(({ id }) => id).sort();

/** Everything after the bad line arrives; what happened physically is there; the refusal is visible, not swallowed. */
async function expectQueueGoesOn(restaurant: FieldRestaurant, till: FieldTill): Promise<void> {
  till.pay('spoiled');
  for (let n = 0; n < 5; n += 1) till.sell(`after-${n}`);
  till.plugIn();
  await till.settled();
  expect(till.terminal.backlog()).toEqual({ waiting: 0, unsettled: 0 });
  const orders = await restaurant.rows<Order>('order');
  expect(ids(orders)).toEqual(['after-0', 'after-1', 'after-2', 'after-3', 'after-4', 'before', 'spoiled']);
  expect(orders.find(({ id }) => id === 'spoiled')?.payments).toHaveLength(1);
  expect(till.terminal.status().refused).toBe(1);
}

describe('what restaurants have lost with other tills', () => {
  test('an order paid offline comes back unpaid', async () => {
    const restaurant = await FieldRestaurant.open();
    const [counter, floor] = [await restaurant.till('Counter'), await restaurant.till('Floor')];
    counter.open('table-4');
    counter.addLine('table-4', 'burger');
    await counter.settled();
    await expect.poll(() => floor.terminal.find('order', 'table-4')?.lines.length).toBe(1);

    // Nothing goes out of the counter any more, but rows still come in: the cloud's word on the order is "unpaid".
    counter.cable.meddle = (path) => (path === '/sync/push' ? new Error('no way out') : undefined);
    counter.pay('table-4');
    counter.run('order.close', { orderId: 'table-4' });
    floor.addLine('table-4', 'tea', { unitPriceMinor: 300 });
    await floor.settled();
    counter.terminal.wake();
    await expect.poll(() => counter.terminal.find('order', 'table-4')?.lines.length).toBe(2);
    const shown = counter.terminal.find('order', 'table-4');
    expect(shown).toMatchObject({ status: 'closed', payments: [{ amountMinor: PRICE_MINOR }] });

    // Started anew in this state, it shows the same.
    await counter.reopen();
    expect(counter.terminal.find('order', 'table-4')).toMatchObject({ status: 'closed', payments: [{}] });

    counter.plugIn();
    await counter.settled();
    for (const till of [counter, floor])
      await expect
        .poll(() => till.terminal.find('order', 'table-4'))
        .toMatchObject({ status: 'closed', payments: [{ id: 'table-4-p', amountMinor: PRICE_MINOR }] });
    expect((await restaurant.rows<Order>('order')).flatMap(({ payments }) => payments)).toHaveLength(1);
  });

  test('one bad record blocks the queue for ever: one that the database refuses', async () => {
    const restaurant = await FieldRestaurant.open();
    const till = await restaurant.till('Counter');
    till.cable.cut();
    till.sell('before');
    till.open('spoiled');
    till.addLine('spoiled', 'l1', { name: 'Bur\u0000ger' });
    expect(till.terminal.status().waiting).toBeGreaterThan(0);
    await expectQueueGoesOn(restaurant, till);
  });

  test('one bad record blocks the queue for ever: one that makes no sense any more', async () => {
    const restaurant = await FieldRestaurant.open();
    const [till, other] = [await restaurant.till('Counter'), await restaurant.till('Floor')];
    till.sell('before');
    till.open('spoiled');
    await till.settled();
    await expect.poll(() => other.terminal.find('order', 'spoiled')?.status).toBe('open');
    till.cable.cut();
    // Another till adds a line of the same id meanwhile.
    other.addLine('spoiled', 'l1');
    await other.settled();
    till.addLine('spoiled', 'l1');
    await expectQueueGoesOn(restaurant, till);
  });

  test('an upload that "succeeded" was never stored: the answer came from somebody else', async () => {
    const restaurant = await FieldRestaurant.open();
    const till = await restaurant.till('Counter');
    // The hotel's Wi-Fi answers everything with its own page and "200 OK".
    const portal = (): Response =>
      new Response('<html>Welcome! Please accept our terms.</html>', { headers: { 'content-type': 'text/html' } });
    till.cable.meddle = (path) => (path === '/sync/push' ? portal() : undefined);
    till.sell('o1');
    await expect.poll(() => till.cable.asked.filter((path) => path === '/sync/push').length).toBeGreaterThan(0);
    // And one that looks like an answer, but is not about what was sent.
    till.cable.meddle = (path) =>
      path === '/sync/push'
        ? Response.json({ outcomes: [], watermark: 99, lamport: 0, serverAt: new Date().toISOString() })
        : undefined;
    till.terminal.wake();
    await expect.poll(() => till.cable.asked.filter((path) => path === '/sync/push').length).toBeGreaterThan(1);
    expect(till.terminal.backlog().waiting).toBe(4);
    till.plugIn();
    await till.settled();
    expect(ids(await restaurant.rows<Order>('order'))).toEqual(['o1']);
  });

  test('an upload that "succeeded" was never stored: the cloud lost it afterwards', async () => {
    const { restaurant, backUp } = await FieldRestaurant.openWithBackups();
    const till = await restaurant.till('Counter');
    till.sell('o1');
    await till.settled();
    const putBack = await backUp();
    till.sell('o2');
    till.sell('o3');
    await till.settled();
    expect(ids(await restaurant.rows<Order>('order'))).toEqual(['o1', 'o2', 'o3']);
    await putBack();
    expect(ids(await restaurant.rows<Order>('order'))).toEqual(['o1']);
    till.terminal.wake();
    await expect
      .poll(async () => ids(await restaurant.rows<Order>('order')), { timeout: 20_000 })
      .toEqual(['o1', 'o2', 'o3']);
    await till.settled();
    const payments = (await restaurant.rows<Order>('order')).flatMap((order) => order.payments);
    expect(ids(payments)).toEqual(['o1-p', 'o2-p', 'o3-p']);
    expect(till.terminal.list('order').map(({ number }) => number)).toHaveLength(3);
  });

  test('two waiters on one table lose lines', async () => {
    const restaurant = await FieldRestaurant.open();
    const [anna, ben] = [await restaurant.till('Anna'), await restaurant.till('Ben')];
    anna.open('table-7');
    anna.addLine('table-7', 'first');
    await anna.settled();
    await expect.poll(() => ben.terminal.find('order', 'table-7')?.lines.length).toBe(1);
    // Both write on the same order without hearing of each other, and come back at the same moment.
    for (const till of [anna, ben]) till.cable.cut();
    for (let n = 0; n < 20; n += 1) {
      anna.addLine('table-7', `anna-${n}`);
      ben.addLine('table-7', `ben-${n}`);
    }
    for (const till of [anna, ben]) till.plugIn();
    await Promise.all([anna.settled(), ben.settled()]);
    const wanted = ['first', ...Array.from({ length: 20 }, (_, n) => [`anna-${n}`, `ben-${n}`]).flat()].sort();
    const [order] = await restaurant.rows<Order>('order');
    expect(ids(order?.lines ?? [])).toEqual(wanted);
    for (const till of [anna, ben])
      await expect.poll(() => ids(till.terminal.find('order', 'table-7')?.lines ?? [])).toEqual(wanted);
  });
});

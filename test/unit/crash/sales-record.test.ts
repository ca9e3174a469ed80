import { describe, expect, test } from 'vitest';
import { type Facts, type OrderFacts, SalesRecord } from '../../../scripts/crash/sales-record.ts';
import type { Effect } from '../../../scripts/crash/seller-messages.ts';

const effects: Effect[] = [
  { kind: 'open', orderId: 'o1' },
  { kind: 'line', orderId: 'o1', id: 'l1', amountMinor: 700 },
  { kind: 'payment', orderId: 'o1', id: 'p1', method: 'cash', amountMinor: 700 },
  { kind: 'close', orderId: 'o1' },
  { kind: 'refund', orderId: 'o1', id: 'r1', paymentId: 'p1', amountMinor: 100 },
];

/** A record with one sale that the till has confirmed. */
function recordOfOneSale(): SalesRecord {
  const record = new SalesRecord();
  record.take('till', 1, { said: 'intent', n: 1, effects });
  record.take('till', 1, { said: 'confirmed', n: 1, commandIds: ['c1'], number: 'T1-0001' });
  return record;
}

/** What a store holds when everything is right. */
function rightOrder(): OrderFacts {
  return {
    number: 'T1-0001',
    isClosed: true,
    lines: [{ id: 'l1', amountMinor: 700 }],
    payments: [{ id: 'p1', method: 'cash', amountMinor: 700 }],
    refunds: [{ id: 'r1', paymentId: 'p1', amountMinor: 100 }],
  };
}
const store = (...orders: [string, OrderFacts][]): Facts => new Map(orders);

describe("the checker's record", () => {
  test('is content with a store that has what was confirmed, and adds it up by itself', () => {
    const record = recordOfOneSale();
    expect(record.compare('cloud', store(['o1', rightOrder()]))).toEqual([]);
    expect(record.sums()).toEqual({ sales: 600, orders: 1, cash: 600, momo: 0, card: 0 });
    expect(record.sales).toBe(1);
  });

  test.each<[string, (order: OrderFacts) => unknown, RegExp]>([
    ['a lost payment', (order) => order.payments.pop(), /LOST of payments.*p1/],
    ['a doubled payment', (order) => order.payments.push(...order.payments), /DOUBLED payment p1/],
    ['a lost line', (order) => order.lines.pop(), /LOST of lines/],
    ['another amount', (order) => Object.assign(order.payments[0] ?? {}, { amountMinor: 7 }), /was confirmed as/],
    [
      'another method',
      (order) => Object.assign(order.payments[0] ?? {}, { method: 'card' }),
      /cash is 0, the record says 600/,
    ],
    ['a lost refund', (order) => order.refunds.pop(), /LOST of refunds/],
    ['a lost closing', (order) => Object.assign(order, { isClosed: false }), /LOST its closing/],
    ['another receipt number', (order) => Object.assign(order, { number: 'T1-0002' }), /number 1 is missing/],
  ])('sees %s', (_what, spoil, words) => {
    const order = rightOrder();
    spoil(order);
    expect(
      recordOfOneSale()
        .compare('cloud', store(['o1', order]))
        .join('\n'),
    ).toMatch(words);
  });

  test('sees a lost order, and one that nobody rang up', () => {
    expect(recordOfOneSale().compare('cloud', store()).join('\n')).toMatch(/LOST order o1/);
    const more = store(['o1', rightOrder()], ['o2', { ...rightOrder(), lines: [], payments: [], refunds: [] }]);
    const found = recordOfOneSale().compare('cloud', more).join('\n');
    expect(found).toMatch(/o2 was rung up by nobody/);
    expect(found).toMatch(/number 2 is given twice/);
  });

  test('sees a transaction that a crash left behind by half', () => {
    const record = new SalesRecord();
    record.take('till', 1, { said: 'intent', n: 1, effects });
    const half = { ...rightOrder(), isClosed: false, refunds: [] };
    expect(record.resolve('till', store(['o1', half])).join('\n')).toMatch(/by half: 3 of 5/);
  });

  test('what a crash undid may not come back, and what it left counts as confirmed', () => {
    const undone = new SalesRecord();
    undone.take('till', 1, { said: 'intent', n: 1, effects });
    expect(undone.resolve('till', store())).toEqual([]);
    expect(undone.compare('cloud', store())).toEqual([]);
    expect(undone.compare('cloud', store(['o1', rightOrder()])).join('\n')).toMatch(/p1 was undone by a crash/);

    const kept = new SalesRecord();
    kept.take('till', 1, { said: 'intent', n: 1, effects });
    expect(kept.resolve('till', store(['o1', rightOrder()]))).toEqual([]);
    expect(kept.compare('cloud', store()).join('\n')).toMatch(/LOST order o1/);
  });
});

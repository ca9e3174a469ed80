import { expect, test } from 'vitest';
import type { Order } from '#shared/domain/order.ts';
import type { Ticket } from '#shared/domain/ticket.ts';
import { paymentCalls, tapCalls } from '../../../src-renderer/features/pos/till-actions.ts';
import {
  countByItem,
  readyOrderIds,
  sendings,
  spokenNumber,
  taxesOf,
  unsentLines,
} from '../../../src-renderer/features/pos/order-view.ts';
import { stationNames } from '../../../src-renderer/features/pos/station-names.ts';
import type { MenuItem } from '#shared/domain/menu.ts';
import { World } from '../../helpers/world.ts';

const tax = { code: 'VAT', ratePpm: 180_000, mode: 'inclusive' } as const;
const menuItem = (id: string, priceMinor = 1_000): MenuItem =>
  ({
    id,
    name: `Item ${id}`,
    categoryId: 'c',
    priceMinor,
    tax,
    stationId: 'grill',
    isRemoved: false,
    formerPrices: [],
  }) as unknown as MenuItem;

/** An order on the real engine: what the till taps is what is run. */
class Till {
  readonly world = new World();
  #serial = 0;
  readonly newId = () => `id${(this.#serial += 1)}`;
  orderId = '';

  get order(): Order | undefined {
    return this.world.find('order', this.orderId);
  }
  tap(item: MenuItem): void {
    const { orderId, calls } = tapCalls(this.order, item, 'takeaway', this.newId);
    this.orderId = orderId;
    this.run(calls);
  }
  run(calls: readonly { name: string; input: Record<string, unknown> }[]): void {
    for (const { name, input } of calls) expect(this.world.run(name, input).status).toBe('applied');
  }
  get mustOrder(): Order {
    const order = this.order;
    if (order === undefined) throw new Error('no order');
    return order;
  }
}

test('the first tap opens the order and adds the line; the same item again raises the quantity in one command', () => {
  const till = new Till();
  expect(tapCalls(undefined, menuItem('a'), 'takeaway', till.newId).calls.map((call) => call.name)).toEqual([
    'order.open',
    'order.addLine',
  ]);
  till.tap(menuItem('a'));
  till.tap(menuItem('a'));
  till.tap(menuItem('b'));
  expect(till.mustOrder.lines.map((line) => [line.itemId, line.quantity])).toEqual([
    ['a', 2],
    ['b', 1],
  ]);
  expect(tapCalls(till.order, menuItem('a'), 'takeaway', till.newId).calls).toEqual([
    { name: 'order.changeLine', input: { orderId: till.orderId, lineId: till.mustOrder.lines[0]?.id, quantity: 3 } },
  ]);
});

test('a new price, a note or a sent line starts a line of its own', () => {
  const till = new Till();
  till.tap(menuItem('a', 1_000));
  till.tap(menuItem('a', 1_200));
  expect(till.mustOrder.lines.map((line) => line.unitPriceMinor)).toEqual([1_000, 1_200]);
  const [first, second] = till.mustOrder.lines;
  till.run([{ name: 'order.changeLine', input: { orderId: till.orderId, lineId: second?.id, note: 'no ice' } }]);
  till.tap(menuItem('a', 1_200));
  till.run([
    { name: 'order.send', input: { orderId: till.orderId, lineIds: till.mustOrder.lines.map((line) => line.id) } },
  ]);
  till.tap(menuItem('a', 1_000));
  expect(till.mustOrder.lines.map((line) => line.quantity)).toEqual([1, 1, 1, 1]);
  expect(first?.quantity).toBe(1);
  expect(unsentLines(till.mustOrder)).toHaveLength(1);
});

test('a full payment also sends what was not sent, and closes; a part does neither', () => {
  const till = new Till();
  till.tap(menuItem('a'));
  const part = paymentCalls(till.mustOrder, 1_000, { method: 'cash', amountMinor: 400, tenderedMinor: 400 }, 'p1');
  expect(part.map((call) => call.name)).toEqual(['payment.take']);
  till.run(part);
  const rest = paymentCalls(till.mustOrder, 600, { method: 'cash', amountMinor: 600, tenderedMinor: 1_000 }, 'p2');
  expect(rest.map((call) => call.name)).toEqual(['payment.take', 'order.send', 'order.close']);
  till.run(rest);
  expect(till.mustOrder).toMatchObject({
    status: 'closed',
    payments: [{ amountMinor: 400 }, { amountMinor: 600, changeMinor: 400 }],
  });
  expect(till.mustOrder.ticketIds).toHaveLength(1);
});

test('groups what was sent by its sending and says where it is; tickets that are not known were served', () => {
  const till = new Till();
  till.tap(menuItem('a'));
  till.run([
    { name: 'order.send', input: { orderId: till.orderId, lineIds: till.mustOrder.lines.map((line) => line.id) } },
  ]);
  const ticketId = till.mustOrder.ticketIds[0] ?? '';
  const stateWith = (status: Ticket['status']) => {
    const ticket = till.world.get('ticket', ticketId);
    if (ticket === undefined) throw new Error('no ticket');
    return sendings(till.mustOrder, new Map([[ticketId, { ...ticket, status }]]))[0]?.state;
  };
  expect(stateWith('new')).toBe('kitchen');
  expect(stateWith('started')).toBe('kitchen');
  expect(stateWith('bumped')).toBe('ready');
  expect(stateWith('served')).toBe('served');
  expect(sendings(till.mustOrder, new Map())[0]).toMatchObject({ state: 'served', servedAt: undefined });
});

test('counts items without voided lines, and sums tax once for each rule', () => {
  const till = new Till();
  till.tap(menuItem('a', 11_800));
  till.tap(menuItem('a', 11_800));
  till.run([
    { name: 'order.send', input: { orderId: till.orderId, lineIds: till.mustOrder.lines.map((line) => line.id) } },
  ]);
  till.tap(menuItem('b', 1_180));
  expect(taxesOf(till.mustOrder)).toEqual([{ rule: tax, taxMinor: 3_780 }]);
  const sent = till.mustOrder.lines[0]?.id;
  expect(
    till.world.run('order.voidLine', { orderId: till.orderId, lineId: sent, reason: 'cold' }, { by: 'L3' }).status,
  ).toBe('applied');
  expect([...countByItem(till.mustOrder)]).toEqual([['b', 1]]);
});

test('names', () => {
  expect(spokenNumber('K1-000418')).toBe('418');
  expect(spokenNumber('0')).toBe('0');
  expect(readyOrderIds(new Map([['t', { orderId: 'o', status: 'bumped' } as Ticket]]))).toEqual(new Set(['o']));
  const stations = [
    { id: 'bar', name: 'Bar' },
    { id: 'grill', name: 'Kitchen' },
  ] as never;
  expect(
    stationNames(
      [{ stationId: 'grill' }, { stationId: 'bar' }, { stationId: 'grill' }, { stationId: 'cold' }] as never,
      stations,
    ),
  ).toBe('bar, kitchen, cold');
});

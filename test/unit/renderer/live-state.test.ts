import { expect, test } from 'vitest';
import type { Order } from '#shared/domain/order.ts';
import type { Shift } from '#shared/domain/shift.ts';
import { nextRetryMs } from '../../../src-renderer/bridge/retry-delay.ts';
import { RowGate } from '../../../src-renderer/state/row-gate.ts';
import { emptyRows, withRows } from '../../../src-renderer/state/rows.ts';
import { drawerShift, openOrders, seatedByTable, standingTables } from '../../../src-renderer/state/selectors.ts';
import { shiftsOfDay } from '../../../src-renderer/features/shifts/shift-list.ts';

const row = (id: string, body: Record<string, unknown> | null) => ({ kind: 'order' as const, id, body });

test('applies rows and tombstones, and leaves other kinds as they were', () => {
  const before = withRows(emptyRows(), [row('a', { id: 'a' }), row('b', { id: 'b' })]);
  const after = withRows(before, [row('a', null), row('b', { id: 'b', day: 'x' })]);
  expect([...after.order.keys()]).toEqual(['b']);
  expect(before.order.size).toBe(2);
  expect(after.ticket).toBe(before.ticket);
  expect(withRows(after, [])).toBe(after);
});

test('a row never goes back to an older revision, whichever way it came', () => {
  const gate = new RowGate();
  expect(gate.pass([row('a', { v: 2 })], 7)).toHaveLength(1);
  expect(gate.pass([row('a', { v: 1 }), row('b', {})], 6)).toEqual([row('b', {})]);
  expect(gate.pass([row('a', { v: 2 })], 7)).toHaveLength(1);
  gate.reset();
  expect(gate.pass([row('a', { v: 1 })], 1)).toHaveLength(1);
});

test('waits longer with every try, up to five seconds, never less than half', () => {
  expect([0, 1, 2, 3, 10, 50].map((attempt) => nextRetryMs(attempt, 1))).toEqual([
    250, 500, 1_000, 2_000, 5_000, 5_000,
  ]);
  expect(nextRetryMs(4, 0)).toBe(2_000);
});

const order = (id: string, status: Order['status'], openedAt: string) => ({ id, status, openedAt }) as Order;

test('open orders, the oldest first', () => {
  const orders = [
    order('b', 'open', '2026-01-01T10:00:00Z'),
    order('c', 'closed', '2026-01-01T09:00:00Z'),
    order('a', 'open', '2026-01-01T09:30:00Z'),
  ];
  expect(openOrders(new Map(orders.map((each) => [each.id, each]))).map((each) => each.id)).toEqual(['a', 'b']);
});

const shift = (id: string, deviceId: string, staffId: string, openedAt: string, status: Shift['status'] = 'open') =>
  ({ id, deviceId, staffId, openedAt, status, openedDay: openedAt.slice(0, 10) }) as Shift;
const shiftMap = (...shifts: Shift[]) => new Map(shifts.map((each) => [each.id as string, each]));

test('cash goes into one’s own drawer here, else into another’s here, never into one elsewhere', () => {
  const mine = shift('mine', 'd1', 'anna', '2026-01-01T08:00:00Z');
  const other = shift('other', 'd1', 'moses', '2026-01-01T09:00:00Z');
  const elsewhere = shift('elsewhere', 'd2', 'anna', '2026-01-01T09:00:00Z');
  const closed = shift('closed', 'd1', 'anna', '2026-01-01T10:00:00Z', 'closed');
  expect(drawerShift(shiftMap(other, mine, elsewhere, closed), 'd1', 'anna')?.id).toBe('mine');
  expect(drawerShift(shiftMap(mine, other), 'd1', 'anna')?.id).toBe('mine');
  expect(drawerShift(shiftMap(other, elsewhere), 'd1', 'anna')?.id).toBe('other');
  expect(drawerShift(shiftMap(elsewhere, closed), 'd1', 'anna')).toBeUndefined();
});

test('the shifts of a day: open ones first, yesterday’s that is still open too', () => {
  const old = shift('old', 'd1', 'a', '2026-01-01T22:00:00Z');
  const early = shift('early', 'd1', 'b', '2026-01-02T08:00:00Z', 'closed');
  const late = shift('late', 'd1', 'c', '2026-01-02T12:00:00Z', 'closed');
  const past = shift('past', 'd1', 'd', '2026-01-01T12:00:00Z', 'closed');
  expect(shiftsOfDay(shiftMap(past, early, late, old), '2026-01-02').map((each) => each.id)).toEqual([
    'old',
    'late',
    'early',
  ]);
});

test('tables as people count them, and who sits where', () => {
  const table = (id: string, name: string, isRemoved = false) => ({ id, name, area: '', isRemoved }) as never;
  const tables = new Map<string, never>([
    ['t10', table('t10', '10')],
    ['t2', table('t2', '2')],
    ['tx', table('tx', '3', true)],
  ]);
  expect(standingTables(tables).map((each) => each.id)).toEqual(['t2', 't10']);
  const sessions = new Map<string, never>([
    ['s1', { id: 's1', tableId: 't2', status: 'cleared' } as never],
    ['s2', { id: 's2', tableId: 't10', status: 'seated' } as never],
  ]);
  expect([...seatedByTable(sessions).keys()]).toEqual(['t10']);
});

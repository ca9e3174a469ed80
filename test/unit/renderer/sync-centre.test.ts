import { expect, test } from 'vitest';
import { followUpId, type Order } from '#shared/domain/order.ts';
import { decisionCalls } from '../../../src-renderer/features/sync/refusal-calls.ts';
import { fieldText, fieldValue, fixFields } from '../../../src-renderer/features/sync/fix-fields.ts';
import { inputWords } from '../../../src-renderer/features/sync/input-words.ts';
import { followUpsOf, hasManyHands } from '../../../src-renderer/state/hands.ts';
import { commands } from '#shared/commands/registry.ts';
import { openWith, World, line } from '../../helpers/world.ts';

const orderOf = (world: World, id: string): Order => world.get('order', id);

test('an order of one hand says nothing; a second person, a second terminal or another’s change does', () => {
  const world = new World();
  openWith(world, 'o1', 2);
  expect(hasManyHands(orderOf(world, 'o1'))).toBe(false);
  world.apply('order.changeLine', { orderId: 'o1', lineId: 'l1', quantity: 2 });
  expect(orderOf(world, 'o1').lines[0]?.changed).toBeUndefined();
  world.apply('order.changeLine', { orderId: 'o1', lineId: 'l1', quantity: 3 }, { by: 'L3', device: 'till-2' });
  expect(orderOf(world, 'o1').lines[0]).toMatchObject({
    addedBy: 'staff-L2',
    addedOn: 'till-1',
    changed: { by: 'staff-L3', on: 'till-2' },
  });
  expect(hasManyHands(orderOf(world, 'o1'))).toBe(true);
});

test('lines of two terminals merge on one order, each with its own hand', () => {
  const world = new World();
  openWith(world, 'o1', 1);
  world.apply('order.addLine', line('o1', 'x1'), { by: 'L3', device: 'till-2', recorded: true });
  world.apply('order.addLine', line('o1', 'x2'), { device: 'till-1', recorded: true });
  expect(orderOf(world, 'o1').lines.map(({ id, addedBy, addedOn }) => `${id} ${addedBy} ${addedOn ?? ''}`)).toEqual([
    'l1 staff-L2 till-1',
    'x1 staff-L3 till-2',
    'x2 staff-L2 till-1',
  ]);
});

test('what came after the closing is found from the first order, and says where it belongs', () => {
  const world = new World();
  openWith(world, 'o1', 1);
  world.apply('order.close', { orderId: 'o1' });
  expect(orderOf(world, 'o1').closedOn).toBe('till-1');
  const late = { device: 'till-2', recorded: true };
  world.apply('order.addLine', line('o1', 'late'), late);
  const pay = { orderId: 'o1', paymentId: 'p1', method: 'card', amountMinor: 5000 };
  expect(world.apply('payment.take', pay, late).flags.map(({ code }) => code)).toContain('overpayment');
  const orders = new Map(world.list('order').map((order) => [order.id as string, order]));
  expect(followUpsOf('o1', orders).map(({ id }) => id)).toEqual([followUpId('o1', 'till-2')]);
});

const refusal = {
  commandId: 'c1',
  deviceId: 'd1' as never,
  isOwn: true,
  name: 'payment.take',
  error: { code: 'internal', message: '' },
  at: '2026-03-02T12:00:00.000Z',
  actorId: 'a1',
  order: null,
  input: { orderId: 'o1', method: 'cash', amountMinor: 1000, tenderedMinor: 2000, changeMinor: 1000, reference: 'x' },
};

test('the calls of a decision: the new command first, so that a new refusal decides nothing', () => {
  const decide = (decision: string) => ({
    name: 'refusal.decide',
    input: { commandId: 'c1', deviceId: 'd1', decision },
  });
  expect(decisionCalls(refusal, 'retry')).toEqual([{ name: 'payment.take', input: refusal.input }, decide('retry')]);
  expect(decisionCalls(refusal, 'discard', { reason: 'r' })).toEqual([
    { name: 'refusal.decide', input: { ...decide('discard').input, reason: 'r' } },
  ]);
  const [fixed] = decisionCalls(refusal, 'fix', { changes: { amountMinor: 1500, reference: null } });
  expect(fixed?.input).toEqual({
    orderId: 'o1',
    method: 'cash',
    amountMinor: 1500,
    tenderedMinor: 1500,
    changeMinor: 0,
  });
});

test('fields that may be fixed are fields of their commands, and keep their values through the form', () => {
  for (const { name, input } of commands) {
    const known = Object.keys(input.shape);
    expect(fixFields(name).filter((field) => !known.includes(field.name))).toEqual([]);
  }
  expect([fieldText('money', 1295, 2), fieldText('money', 12_000, 0), fieldText('milli', -1500, 0)]).toEqual([
    '12.95',
    '12000',
    '-1.5',
  ]);
  expect(fieldValue('money', '12.95', 2)).toBe(1295);
  expect(fieldValue('money', '12,5', 2)).toBe(1250);
  expect(fieldValue('money', '12.955', 2)).toBeUndefined();
  expect(fieldValue('money', '12000', 0)).toBe(12_000);
  expect(fieldValue('milli', '−1.5', 0)).toBe(-1500);
  expect(fieldValue('count', 'two', 0)).toBeUndefined();
  expect(fieldValue('text', '  ', 0)).toBeNull();
});

test('what a refused command wanted, in a line', () => {
  const money = (minor: number) => `UGX ${minor}`;
  expect(inputWords({ name: 'Rolex', quantity: 2, note: 'no onions' }, money)).toBe('2 × Rolex · “no onions”');
  expect(inputWords({ amountMinor: 500, reason: 'cold' }, money)).toBe('UGX 500 · “cold”');
  expect(inputWords({ deltaMilli: -1500 }, money)).toBe('−1.5');
  expect(inputWords({ ticketId: 't' }, money)).toBe('');
});

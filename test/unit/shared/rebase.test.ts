import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import type { EntityOf, Kind, Put } from '#shared/domain/entity.ts';
import { orderTotals } from '#shared/domain/order.ts';
import type { DeviceId } from '#shared/kernel/ids.ts';
import { formatCursor, hasArrived, parseCursor, START } from '#shared/sync/cursor.ts';
import { type PendingCommand, rebase } from '#shared/sync/rebase.ts';
import { LEVELS, line, openWith, ORG, staffOf, World } from '../../helpers/world.ts';

function baseOf(world: World) {
  return <K extends Kind>(kind: K, id: string): EntityOf<K> | undefined =>
    kind === 'staff'
      ? (LEVELS.map((level) => staffOf(level)).find((staff) => staff.id === id) as EntityOf<K> | undefined)
      : world.find(kind, id);
}

function pending(
  world: World,
  seq: number,
  name: string,
  input: Record<string, unknown>,
  device = 'till-1',
): PendingCommand {
  return { lamport: seq, deviceId: device as DeviceId, seq, envelope: world.envelope(name, input) };
}

const order = (puts: Put[], id: string) =>
  puts.find((row) => row.kind === 'order' && row.id === id)?.body as EntityOf<'order'> | undefined;

describe('rebase', () => {
  test('a snapshot never undoes a pending payment', () => {
    const cloud = new World();
    openWith(cloud, 'o1', 2);
    const pay = pending(cloud, 5, 'payment.take', {
      orderId: 'o1',
      paymentId: 'p1',
      method: 'cash',
      amountMinor: 2000,
    });
    const close = pending(cloud, 6, 'order.close', { orderId: 'o1' });
    const view = order(rebase(baseOf(cloud), [close, pay], ORG), 'o1');
    expect(view).toMatchObject({ status: 'closed', payments: [{ id: 'p1' }] });
  });

  test('another terminal’s line and our pending line both stand', () => {
    const cloud = new World();
    openWith(cloud, 'o1', 1, { device: 'till-2' });
    const mine = pending(cloud, 3, 'order.addLine', line('o1', 'mine', 500));
    expect(order(rebase(baseOf(cloud), [mine], ORG), 'o1')?.lines.map((each) => each.id)).toEqual(['l1', 'mine']);
  });

  test('a pending command that no longer applies changes nothing', () => {
    const cloud = new World();
    openWith(cloud, 'o1', 1);
    cloud.apply('order.send', { orderId: 'o1', lineIds: ['l1'] });
    expect(
      rebase(baseOf(cloud), [pending(cloud, 3, 'order.removeLine', { orderId: 'o1', lineId: 'l1' })], ORG),
    ).toEqual([]);
  });

  test('a command of a newer version waits without harm', () => {
    const cloud = new World();
    const unknown = pending(cloud, 1, 'order.teleport', {});
    expect(rebase(baseOf(cloud), [unknown], ORG)).toEqual([]);
  });

  property.prop([
    fc.array(
      fc.record({
        lamport: fc.nat(5),
        device: fc.constantFrom('till-1', 'till-2'),
        price: fc.integer({ min: 1, max: 9 }),
      }),
      { maxLength: 12 },
    ),
    fc.infiniteStream(fc.nat()),
  ])('the order in which pending commands are handed in does not matter', (steps, shuffle) => {
    const cloud = new World();
    openWith(cloud, 'o1', 1);
    const all = steps.map((step, n) => ({
      ...pending(cloud, n + 1, 'order.addLine', line('o1', `x${n}`, step.price), step.device),
      lamport: step.lamport,
    }));
    const shuffled = [...all].sort(() => ((shuffle.next().value ?? 0) % 2 === 0 ? 1 : -1));
    const [a, b] = [all, shuffled].map((list) => order(rebase(baseOf(cloud), list, ORG), 'o1'));
    expect(b).toEqual(a);
    const expected = steps.reduce((sum, step) => sum + step.price, 1000);
    expect(orderTotals(a ?? cloud.get('order', 'o1')).totalMinor).toBe(expected);
  });
});

describe('cursor', () => {
  test('its text and its parts are inverse, and nonsense is none', () => {
    const cursor = { org: { seq: 12, token: 'aB-_9' }, branch: { seq: 3456, token: 'zz' } };
    expect(parseCursor(formatCursor(cursor))).toEqual(cursor);
    expect(parseCursor(formatCursor(START))).toEqual(START);
    expect(['', '1.2', '1.a.x.b', '1.a.2.b.c', '-1.a.2.b'].map(parseCursor)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('rows have arrived when both counters have passed', () => {
    const cursor = { org: { seq: 5, token: '' }, branch: { seq: 9, token: '' } };
    expect([
      hasArrived({ org: 5, branch: 9 }, cursor),
      hasArrived({ org: 6, branch: 1 }, cursor),
      hasArrived({ org: 1, branch: 10 }, cursor),
    ]).toEqual([true, false, false]);
  });
});

import { describe, expect, test } from 'vitest';
import { followUpId, orderTotals } from '#shared/domain/order.ts';
import { dayFacts } from '#shared/domain/kpi.ts';
import { World, line, openWith } from '../../helpers/world.ts';

const pay = (orderId: string, paymentId: string, amountMinor: number, more: Record<string, unknown> = {}) => ({
  orderId,
  paymentId,
  method: 'cash',
  amountMinor,
  ...more,
});

describe('an order from opening to closing', () => {
  test('lines, sending, payment and closing leave exactly these amounts', () => {
    const world = new World();
    openWith(world, 'o1', 2);
    world.apply('order.send', { orderId: 'o1', lineIds: ['l1', 'l2'] });
    world.apply('payment.take', pay('o1', 'p1', 2000, { tenderedMinor: 5000, changeMinor: 3000 }));
    world.apply('order.close', { orderId: 'o1' });
    const order = world.get('order', 'o1');
    expect(orderTotals(order)).toEqual({
      subtotalMinor: 2000,
      taxMinor: 306,
      totalMinor: 2000,
      paidMinor: 2000,
      dueMinor: 0,
    });
    expect(order.status).toBe('closed');
    expect(dayFacts(order)).toEqual([
      { day: '2026-03-02', salesMinor: 2000, cashMinor: 2000, momoMinor: 0, cardMinor: 0, orders: 1 },
    ]);
  });

  test('sending makes one ticket a station, with an id that the command decides', () => {
    const world = new World();
    openWith(world, 'o1', 1);
    world.apply('order.addLine', line('o1', 'l2', 500, { stationId: 'bar', note: 'no ice' }));
    world.apply('order.send', { orderId: 'o1', lineIds: ['l1', 'l2'] });
    const tickets = world.list('ticket');
    expect(tickets.map((ticket) => [ticket.stationId, ticket.lines.map((each) => each.lineId), ticket.label])).toEqual([
      ['grill', ['l1'], 'T1-0001'],
      ['bar', ['l2'], 'T1-0001'],
    ]);
    expect(world.get('order', 'o1').ticketIds).toEqual(tickets.map((ticket) => ticket.id));
  });

  test('a line that is sent already is not sent again', () => {
    const world = new World();
    openWith(world, 'o1', 1);
    world.apply('order.send', { orderId: 'o1', lineIds: ['l1'] });
    expect(world.apply('order.send', { orderId: 'o1', lineIds: ['l1'] })).toEqual({
      status: 'applied',
      puts: [],
      flags: [],
    });
  });

  test('exclusive tax comes on top of the total', () => {
    const world = new World();
    openWith(world, 'o1', 0);
    world.apply(
      'order.addLine',
      line('o1', 'l1', 1000, { tax: { code: 'x', ratePpm: 100_000, mode: 'exclusive' }, quantity: 3 }),
    );
    expect(orderTotals(world.get('order', 'o1'))).toMatchObject({
      subtotalMinor: 3000,
      taxMinor: 300,
      totalMinor: 3300,
      dueMinor: 3300,
    });
  });

  test('quantity and note change until the kitchen has the line, not after', () => {
    const world = new World();
    openWith(world, 'o1', 1);
    world.apply('order.changeLine', { orderId: 'o1', lineId: 'l1', quantity: 4, note: 'well done' });
    expect(world.get('order', 'o1').lines[0]).toMatchObject({ quantity: 4, note: 'well done' });
    world.apply('order.send', { orderId: 'o1', lineIds: ['l1'] });
    expect(world.run('order.changeLine', { orderId: 'o1', lineId: 'l1', quantity: 1 })).toMatchObject({
      error: { code: 'order/line-sent' },
    });
    expect(world.run('order.removeLine', { orderId: 'o1', lineId: 'l1' })).toMatchObject({
      error: { code: 'order/line-sent' },
    });
  });

  test('an unsent line can be taken off; one that is gone cannot', () => {
    const world = new World();
    openWith(world, 'o1', 2);
    world.apply('order.removeLine', { orderId: 'o1', lineId: 'l1' });
    expect(world.get('order', 'o1').lines.map((each) => each.id)).toEqual(['l2']);
    expect(world.run('order.removeLine', { orderId: 'o1', lineId: 'l1' })).toMatchObject({
      error: { code: 'order/line-not-found' },
    });
  });

  test('seating at opening occupies the table until it is cleared', () => {
    const world = new World();
    const seating = { sessionId: 's1', guests: 4 };
    world.apply('order.open', { orderId: 'o1', type: 'dine-in', tableId: 't5', tableName: 'T 5', seating });
    expect(world.get('session', 's1')).toMatchObject({ tableId: 't5', guests: 4, status: 'seated' });
    world.apply('session.clear', { sessionId: 's1' });
    expect(world.get('session', 's1').status).toBe('cleared');
  });
});

describe('voids', () => {
  test('a void after sending is flagged, taken off the total and cancelled in the kitchen', () => {
    const world = new World();
    openWith(world, 'o1', 2);
    world.apply('order.send', { orderId: 'o1', lineIds: ['l1', 'l2'] });
    const { flags } = world.apply(
      'order.voidLine',
      { orderId: 'o1', lineId: 'l1', reason: 'wrong table' },
      { by: 'L3' },
    );
    expect(flags).toMatchObject([{ code: 'void-after-send', orderId: 'o1', amountMinor: 1000 }]);
    expect(orderTotals(world.get('order', 'o1')).totalMinor).toBe(1000);
    expect(world.list('ticket')[0]?.lines.map((each) => each.cancelledAt !== undefined)).toEqual([true, false]);
    expect(world.list('anomaly')).toMatchObject([
      { code: 'void-after-send', orderId: 'o1', day: '2026-03-02', actorId: 'staff-L3' },
    ]);
  });

  test('a whole order with money on it is not voided', () => {
    const world = new World();
    openWith(world, 'o1', 1);
    world.apply('payment.take', pay('o1', 'p1', 1000));
    const asked = { orderId: 'o1', reason: 'guest left' };
    expect(world.run('order.void', asked, { by: 'L3' })).toMatchObject({ error: { code: 'order/has-payments' } });
    world.apply('payment.reverse', { orderId: 'o1', paymentId: 'p1', reason: 'wrong order' }, { by: 'L3' });
    world.apply('order.void', asked, { by: 'L3' });
    expect(world.get('order', 'o1').status).toBe('voided');
    expect(dayFacts(world.get('order', 'o1'))).toMatchObject([{ salesMinor: 0, cashMinor: 0, orders: 0 }]);
  });

  test('voiding an order that the kitchen never had is no anomaly', () => {
    const world = new World();
    openWith(world, 'o1', 1);
    expect(world.apply('order.void', { orderId: 'o1', reason: 'mistake' }, { by: 'L3' }).flags).toEqual([]);
  });
});

describe('money back', () => {
  test('a refund lowers sales and cash on its own day and leaves the order paid', () => {
    const world = new World();
    openWith(world, 'o1', 2);
    world.apply('payment.take', pay('o1', 'p1', 2000));
    world.apply('order.close', { orderId: 'o1' });
    const refund = { orderId: 'o1', paymentId: 'p1', refundId: 'r1', amountMinor: 500, reason: 'cold food' };
    world.apply('payment.refund', refund, { by: 'L3', day: '2026-03-05' });
    const order = world.get('order', 'o1');
    expect(dayFacts(order)).toMatchObject([
      { day: '2026-03-02', salesMinor: 2000, cashMinor: 2000, orders: 1 },
      { day: '2026-03-05', salesMinor: -500, cashMinor: -500, orders: 0 },
    ]);
    expect(orderTotals(order).dueMinor).toBe(0);
    world.apply('payment.refund', refund, { by: 'L3', day: '2026-03-05' });
    expect(dayFacts(world.get('order', 'o1'))).toHaveLength(2);
  });

  test('more back than was paid is kept and flagged', () => {
    const world = new World();
    openWith(world, 'o1', 1);
    world.apply('payment.take', pay('o1', 'p1', 1000));
    const refund = { orderId: 'o1', paymentId: 'p1', refundId: 'r1', amountMinor: 1500, reason: 'upset' };
    expect(world.apply('payment.refund', refund, { by: 'L3' }).flags).toMatchObject([
      { code: 'refund-without-payment' },
    ]);
  });
});

describe('what has happened physically is never refused', () => {
  test('a payment on an unknown order makes a flagged shell that the late opening fills', () => {
    const world = new World();
    const { flags } = world.apply('payment.take', pay('o9', 'p1', 700), { recorded: true });
    expect(flags.map((flag) => flag.code)).toEqual(['payment-unmatched']);
    expect(world.get('order', 'o9')).toMatchObject({ isShell: true, payments: [{ id: 'p1', amountMinor: 700 }] });
    world.apply('order.open', { orderId: 'o9', number: 'T1-0009', type: 'delivery' }, { recorded: true });
    expect(world.get('order', 'o9')).toMatchObject({
      isShell: false,
      number: 'T1-0009',
      type: 'delivery',
      payments: [{ id: 'p1' }],
    });
  });

  test('money given back before its payment has arrived is kept, and counts when the payment comes', () => {
    const world = new World();
    const as = { by: 'L3', recorded: true } as const;
    const reverse = { orderId: 'o9', paymentId: 'p1', reason: 'rung up twice' };
    const refund = { orderId: 'o9', paymentId: 'p2', refundId: 'r1', amountMinor: 200, reason: 'cold' };
    for (const apply of [
      () => world.apply('payment.reverse', reverse, as),
      () => world.apply('payment.refund', refund, as),
      () => world.apply('payment.refund', refund, as),
    ])
      expect(apply().flags).toMatchObject([{ code: 'refund-without-payment' }]);
    expect(dayFacts(world.get('order', 'o9'))).toEqual([]);
    openWith(world, 'o9', 1);
    world.apply('payment.take', pay('o9', 'p1', 1000), { recorded: true });
    world.apply('payment.take', pay('o9', 'p2', 1000), { recorded: true });
    const order = world.get('order', 'o9');
    expect(order.payments).toMatchObject([
      { id: 'p1', reversal: { reason: 'rung up twice' }, refunds: [] },
      { id: 'p2', refunds: [{ id: 'r1', amountMinor: 200 }] },
    ]);
    expect(order.early).toBeUndefined();
    expect(orderTotals(order)).toMatchObject({ paidMinor: 1000, dueMinor: 0 });
  });

  test('the same payment told twice counts once', () => {
    const world = new World();
    openWith(world, 'o1', 1);
    world.apply('payment.take', pay('o1', 'p1', 1000), { recorded: true });
    world.apply('payment.take', pay('o1', 'p1', 1000), { recorded: true });
    expect(world.get('order', 'o1').payments).toHaveLength(1);
  });

  test('an overpayment is taken and flagged', () => {
    const world = new World();
    openWith(world, 'o1', 1);
    expect(world.apply('payment.take', pay('o1', 'p1', 1500)).flags).toMatchObject([
      { code: 'overpayment', amountMinor: 500 },
    ]);
  });

  test('a person without the right: refused before it happens, flagged after', () => {
    const world = new World();
    openWith(world, 'o1', 1);
    expect(world.run('payment.take', pay('o1', 'p1', 1000), { by: 'L1' })).toMatchObject({
      error: { code: 'auth/forbidden' },
    });
    const { flags } = world.apply('payment.take', pay('o1', 'p1', 1000), { by: 'L1', recorded: true });
    expect(flags.map((flag) => flag.code)).toEqual(['not-permitted']);
  });

  test('what a terminal rang up without having seen the closing goes to its follow-up order', () => {
    const world = new World();
    openWith(world, 'o1', 1);
    world.apply('payment.take', pay('o1', 'p1', 1000));
    world.apply('order.close', { orderId: 'o1' });
    const late = { device: 'till-2', recorded: true } as const;
    const added = world.apply('order.addLine', line('o1', 'l7', 300), late);
    expect(added.flags.map((flag) => flag.code)).toEqual(['after-closing']);
    world.apply('order.send', { orderId: 'o1', lineIds: ['l7'] }, late);
    world.apply('payment.take', pay('o1', 'p7', 300), late);
    world.apply('order.close', { orderId: 'o1' }, late);
    const followUp = world.get('order', followUpId('o1', 'till-2'));
    expect(followUp).toMatchObject({
      status: 'closed',
      followUpOf: 'o1',
      lines: [{ id: 'l7' }],
      payments: [{ id: 'p7' }],
    });
    expect(followUp.lines[0]?.sentAt).toBeDefined();
    expect(world.get('order', 'o1')).toMatchObject({ lines: [{ id: 'l1' }], payments: [{ id: 'p1' }] });
  });

  test('at the terminal itself a closed order takes no new line', () => {
    const world = new World();
    openWith(world, 'o1', 1);
    world.apply('order.close', { orderId: 'o1' });
    expect(world.run('order.addLine', line('o1', 'l2'))).toMatchObject({ error: { code: 'order/closed' } });
    expect(world.run('order.addLine', line('nope', 'l2'))).toMatchObject({ error: { code: 'order/not-found' } });
  });

  test('closing what is not paid is applied and flagged', () => {
    const world = new World();
    openWith(world, 'o1', 1);
    expect(world.apply('order.close', { orderId: 'o1' }).flags).toMatchObject([
      { code: 'closed-underpaid', amountMinor: 1000 },
    ]);
  });
});

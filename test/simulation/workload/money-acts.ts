import { type Counter, dueOf, type Order } from './counter.ts';
import type { Act } from './order-acts.ts';

type Payment = Order['payments'][number];

function takeCall(at: Counter, orderId: string, amountMinor: number): { name: string; input: Record<string, unknown> } {
  const method = at.random.pick(['cash', 'cash', 'momo', 'card'] as const);
  const tipMinor = at.random.chance(0.2) ? 500 : 0;
  const input: Record<string, unknown> = {
    orderId,
    paymentId: at.memory.newId('payment'),
    method,
    amountMinor,
    tipMinor,
  };
  if (method === 'momo') input['reference'] = `MM-${String(input['paymentId'])}`;
  if (method === 'cash' && at.random.chance(0.7)) {
    const changeMinor = at.random.int(0, 5) * 100;
    Object.assign(input, { tenderedMinor: amountMinor + tipMinor + changeMinor, changeMinor });
  }
  return { name: 'payment.take', input };
}

const isDue = (order: Order): boolean => order.status === 'open' && dueOf(order) > 0;

/** The usual end: everything is paid and the order is closed, in one tap or in two. */
const payAll: Act = (at) => {
  const order = at.findOrder(isDue);
  if (order === undefined) return false;
  const take = takeCall(at, order.id, dueOf(order));
  const close = { name: 'order.close', input: { orderId: order.id } };
  if (at.random.chance(0.6)) at.tap('L2', take, close);
  else at.tap('L2', take);
  return true;
};

const payPart: Act = (at) => {
  const order = at.findOrder(isDue);
  if (order === undefined) return false;
  at.tap('L2', takeCall(at, order.id, at.random.int(1, dueOf(order))));
  return true;
};

const payTooMuch: Act = (at) => {
  const order = at.findOrder((each) => each.status === 'open');
  if (order === undefined) return false;
  at.tap('L2', takeCall(at, order.id, Math.max(0, dueOf(order)) + at.random.int(1, 9_000)));
  return true;
};

/** The guest pays although the order is closed, or void, or has just been paid at another till. */
const payLate: Act = (at) => {
  const order = at.findOrder((each) => each.status !== 'open');
  if (order === undefined) return false;
  at.tap('L2', takeCall(at, order.id, at.random.int(1, 20_000)));
  return true;
};

/** A finger that taps twice: the same payment once more. */
const payTwice: Act = (at) => {
  const order = at.findOrder((each) => each.payments.length > 0);
  const payment = order?.payments.at(-1);
  if (order === undefined || payment === undefined) return false;
  const { id, method, amountMinor, tipMinor, reference } = payment;
  const again = { orderId: order.id, paymentId: id, method, amountMinor, tipMinor };
  at.tap('L2', { name: 'payment.take', input: reference === undefined ? again : { ...again, reference } });
  return true;
};

function anyPayment(at: Counter): { order: Order; payment: Payment } | undefined {
  const order = at.findOrder((each) => each.payments.length > 0);
  const payment = order === undefined ? undefined : at.random.pick(order.payments);
  return order === undefined || payment === undefined ? undefined : { order, payment };
}

const refund: Act = (at) => {
  const found = anyPayment(at);
  if (found === undefined) return false;
  const { order, payment } = found;
  // Sometimes more than is left: two people give the same money back.
  const amountMinor = at.random.chance(0.5) ? payment.amountMinor : at.random.int(1, payment.amountMinor);
  const input = {
    orderId: order.id,
    paymentId: payment.id,
    refundId: at.memory.newId('refund'),
    amountMinor,
    reason: 'cold',
  };
  at.tap('L3', { name: 'payment.refund', input });
  return true;
};

const reverse: Act = (at) => {
  const found = anyPayment(at);
  if (found === undefined) return false;
  const { order, payment } = found;
  at.tap('L3', { name: 'payment.reverse', input: { orderId: order.id, paymentId: payment.id, reason: 'wrong key' } });
  return true;
};

/** A person takes a drawer over with what lies in it. */
const openShift: Act = (at) => {
  const shiftId = at.memory.newId('shift');
  if (at.tap('L2', { name: 'shift.open', input: { shiftId, floatMinor: at.random.int(0, 20) * 1_000 } }))
    at.memory.shiftIds.push(shiftId);
  return true;
};

const ownShift = (at: Counter): string | undefined => {
  const open = at.memory.shiftIds.filter((id) => {
    const shift = at.view.find('shift', id);
    return shift?.status === 'open' && shift.deviceId === at.sim.deviceId;
  });
  return open.length === 0 ? undefined : at.random.pick(open);
};

const closeShift: Act = (at) => {
  const shiftId = ownShift(at);
  if (shiftId === undefined) return false;
  at.tap('L3', { name: 'shift.close', input: { shiftId, countedMinor: at.random.int(0, 60) * 1_000 } });
  return true;
};

const noSale: Act = (at) => {
  const shiftId = ownShift(at);
  if (shiftId === undefined) return false;
  at.tap('L3', { name: 'shift.noSale', input: { shiftId, reason: 'change for the bus' } });
  return true;
};

/** What happens at the drawer, and how often beside everything else. */
export const moneyActs: readonly [weight: number, act: Act][] = [
  [13, payAll],
  [6, payPart],
  [2, payTooMuch],
  [2, payLate],
  [0.7, payTwice],
  [2.5, refund],
  [2, reverse],
  [2.5, openShift],
  [1.5, closeShift],
  [1.5, noSale],
];

import { z } from 'zod';
import type { Flag } from '../domain/anomaly.ts';
import { put } from '../domain/entity.ts';
import { type Order, orderTotals } from '../domain/order.ts';
import { type EarlyReturn, keptMinor, type Payment, PaymentMethod } from '../domain/payment.ts';
import { OrderId, PaymentId, Reason, RefundId, ShiftId } from '../kernel/ids.ts';
import { NonNegativeMinor, PositiveMinor } from '../kernel/money.ts';
import { defineCommand } from './define-command.ts';
import { holder, orderRefs, shellOrder, targetForPhysical } from './order-target.ts';

/** Keeps what was given back until its payment arrives. The first reversal counts, and each refund once. */
function keepEarly(order: Order, back: EarlyReturn): Order {
  const early = order.early ?? [];
  const known = early.find((each) => each.paymentId === back.paymentId);
  const refunds = [...(known?.refunds ?? [])];
  for (const refund of back.refunds) if (!refunds.some((each) => each.id === refund.id)) refunds.push(refund);
  const kept: EarlyReturn = { paymentId: back.paymentId, reversal: known?.reversal ?? back.reversal, refunds };
  return { ...order, early: [...early.filter((each) => each !== known), kept] };
}

function withoutEarly(order: Order, paymentId: string): Order {
  const { early = [], ...rest } = order;
  const others = early.filter((each) => each.paymentId !== paymentId);
  return others.length === 0 ? rest : { ...rest, early: others };
}

const hasPayment = (paymentId: string) => (order: Order) => order.payments.some((payment) => payment.id === paymentId);

export const takePayment = defineCommand({
  name: 'payment.take',
  version: 1,
  route: 'POST /pos/orders/:orderId/payments',
  level: 'L2',
  physical: true,
  audit: 'money',
  summary: 'Takes money for an order: cash with tendered and change, mobile money with its reference, or card.',
  input: z
    .object({
      orderId: OrderId,
      paymentId: PaymentId,
      method: PaymentMethod,
      amountMinor: PositiveMinor,
      tipMinor: NonNegativeMinor.default(0),
      tenderedMinor: NonNegativeMinor.optional(),
      changeMinor: NonNegativeMinor.optional(),
      reference: z.string().trim().min(1).max(80).optional(),
      shiftId: ShiftId.optional(),
    })
    .superRefine((payment, context) => {
      const { method, amountMinor, tipMinor, tenderedMinor, changeMinor = 0 } = payment;
      if (method !== 'cash' && (tenderedMinor !== undefined || payment.changeMinor !== undefined)) {
        context.addIssue({
          code: 'custom',
          path: ['tenderedMinor'],
          message: 'only cash has a tendered amount and change',
        });
      }
      if (method === 'cash' && tenderedMinor !== undefined && tenderedMinor - changeMinor !== amountMinor + tipMinor) {
        context.addIssue({
          code: 'custom',
          path: ['changeMinor'],
          message: 'tendered less change must be the amount and the tip',
        });
      }
      if (method === 'momo' && payment.reference === undefined) {
        context.addIssue({
          code: 'custom',
          path: ['reference'],
          message: 'mobile money needs its transaction reference',
        });
      }
    }),
  reads: ({ orderId }, ctx) => orderRefs(orderId, ctx),
  execute: (state, input, ctx) => {
    const flags: Flag[] = [];
    const known = [state.order, state.followUp].find(
      (order) => order !== undefined && hasPayment(input.paymentId)(order),
    );
    // The same banknote is not counted twice, whoever reports it.
    if (known !== undefined) return { puts: [put('order', known)], flags };
    const target = targetForPhysical(state, input.orderId, ctx);
    if (state.order === undefined)
      flags.push({ code: 'payment-unmatched', orderId: input.orderId, amountMinor: input.amountMinor });
    else flags.push(...target.flags);
    if (state.order?.status === 'voided') {
      flags.push({ code: 'payment-after-void', orderId: input.orderId, amountMinor: input.amountMinor });
    }
    const givenBack = [state.order, state.followUp]
      .flatMap((order) => order?.early ?? [])
      .filter((each) => each.paymentId === input.paymentId);
    const payment: Payment = {
      id: input.paymentId,
      method: input.method,
      amountMinor: input.amountMinor,
      tipMinor: input.tipMinor,
      tenderedMinor: input.tenderedMinor,
      changeMinor: input.changeMinor,
      reference: input.reference,
      shiftId: input.shiftId,
      at: ctx.at,
      day: ctx.businessDay,
      by: ctx.actorId,
      takenOn: ctx.deviceId,
      reversal: givenBack.find((each) => each.reversal !== undefined)?.reversal,
      refunds: givenBack.flatMap((each) => each.refunds),
    };
    const puts = [state.order, state.followUp]
      .filter((other) => other !== undefined && other.id !== target.order.id && (other.early ?? []).length > 0)
      .map((other) => put('order', withoutEarly(other as Order, payment.id)));
    const payments = [...target.order.payments, payment];
    const order: Order = { ...withoutEarly(target.order, payment.id), day: ctx.businessDay, payments };
    const { dueMinor } = orderTotals(order);
    if (dueMinor < 0 && !order.isShell) {
      flags.push({ code: 'overpayment', orderId: order.id, subjectId: input.paymentId, amountMinor: -dueMinor });
    }
    return { puts: [...puts, put('order', order)], flags };
  },
});

export const reversePayment = defineCommand({
  name: 'payment.reverse',
  version: 1,
  route: 'POST /pos/orders/:orderId/payments/:paymentId/reverse',
  level: 'L3',
  physical: true,
  audit: 'money',
  summary: 'Takes back a payment that was rung up wrongly; the order is due again.',
  input: z.object({ orderId: OrderId, paymentId: PaymentId, reason: Reason, shiftId: ShiftId.optional() }),
  reads: ({ orderId }, ctx) => orderRefs(orderId, ctx),
  execute: (state, input, ctx) => {
    const order = holder(state, hasPayment(input.paymentId));
    const payment = order?.payments.find((candidate) => candidate.id === input.paymentId);
    const reversal = {
      at: ctx.at,
      day: ctx.businessDay,
      by: ctx.actorId,
      on: ctx.deviceId,
      approvedBy: ctx.approvedBy,
      reason: input.reason,
      shiftId: input.shiftId,
    };
    if (order === undefined || payment === undefined || payment.reversal !== undefined) {
      const unmatched: Flag = { code: 'refund-without-payment', orderId: input.orderId, subjectId: input.paymentId };
      if (payment !== undefined) return { puts: [], flags: [unmatched] };
      const back = { paymentId: input.paymentId, reversal, refunds: [] };
      return { puts: [put('order', keepEarly(order ?? shellOrder(input.orderId, ctx), back))], flags: [unmatched] };
    }
    const payments = order.payments.map((each) => (each === payment ? { ...payment, reversal } : each));
    return { puts: [put('order', { ...order, day: ctx.businessDay, payments })] };
  },
});

export const refundPayment = defineCommand({
  name: 'payment.refund',
  version: 1,
  route: 'POST /pos/orders/:orderId/payments/:paymentId/refund',
  level: 'L3',
  physical: true,
  audit: 'money',
  summary: 'Gives money back to the guest; it lowers the sales of the day of the refund.',
  input: z.object({
    orderId: OrderId,
    paymentId: PaymentId,
    refundId: RefundId,
    amountMinor: PositiveMinor,
    reason: Reason,
    shiftId: ShiftId.optional(),
  }),
  reads: ({ orderId }, ctx) => orderRefs(orderId, ctx),
  execute: (state, input, ctx) => {
    const order = holder(state, hasPayment(input.paymentId));
    const payment = order?.payments.find((candidate) => candidate.id === input.paymentId);
    const refund = {
      id: input.refundId,
      amountMinor: input.amountMinor,
      at: ctx.at,
      day: ctx.businessDay,
      by: ctx.actorId,
      on: ctx.deviceId,
      approvedBy: ctx.approvedBy,
      reason: input.reason,
      shiftId: input.shiftId,
    };
    const unmatched: Flag = {
      code: 'refund-without-payment',
      orderId: order?.id ?? input.orderId,
      subjectId: input.refundId,
      amountMinor: input.amountMinor,
    };
    if (order === undefined || payment === undefined) {
      const back = { paymentId: input.paymentId, refunds: [refund] };
      return { puts: [put('order', keepEarly(order ?? shellOrder(input.orderId, ctx), back))], flags: [unmatched] };
    }
    if (payment.refunds.some((each) => each.id === input.refundId)) return { puts: [put('order', order)] };
    const flags = input.amountMinor > keptMinor(payment) ? [unmatched] : [];
    const refunded = { ...payment, refunds: [...payment.refunds, refund] };
    const payments = order.payments.map((each) => (each === payment ? refunded : each));
    return { puts: [put('order', { ...order, day: ctx.businessDay, payments })], flags };
  },
});

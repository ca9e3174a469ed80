import { z } from 'zod';
import type { BusinessDay } from '../kernel/business-day.ts';
import type { Order } from './order.ts';
import { orderTotals } from './order.ts';

/** The nine KPIs (SPEC A1): exactly these fields, money in minor units of the organisation's currency. */
export const Kpis = z.strictObject({
  salesToday: z.int(),
  salesMTD: z.int(),
  paymentsMomo: z.int(),
  paymentsCash: z.int(),
  openOrders: z.int(),
  tablesOccupied: z.int(),
  onShiftNow: z.int(),
  stockAtRisk: z.int(),
  anomaliesToday: z.int(),
});
export type Kpis = z.infer<typeof Kpis>;

/** The KPIs of a past day: the five counts are sampled, and `null` where there is no sample (SPEC A5). */
export const DayKpis = Kpis.extend({
  openOrders: z.int().nullable(),
  tablesOccupied: z.int().nullable(),
  onShiftNow: z.int().nullable(),
  stockAtRisk: z.int().nullable(),
  anomaliesToday: z.int().nullable(),
});
export type DayKpis = z.infer<typeof DayKpis>;

/** What one order contributes to one business day. Stores keep one row per order and day, and only add. */
export interface DayFact {
  day: BusinessDay;
  salesMinor: number;
  cashMinor: number;
  momoMinor: number;
  cardMinor: number;
  /** 1 on the day the order was closed. */
  orders: number;
}

/**
 * What an order contributes to each day: its total (with tax, without tips) on the day it closed, payments on the
 * day they were taken, refunds and reversals on the day they happened. A refund lowers sales too, a reversal does not.
 */
export function dayFacts(order: Order): DayFact[] {
  const facts = new Map<string, DayFact>();
  const on = (day: BusinessDay): DayFact => {
    let fact = facts.get(day);
    if (fact === undefined) {
      fact = { day, salesMinor: 0, cashMinor: 0, momoMinor: 0, cardMinor: 0, orders: 0 };
      facts.set(day, fact);
    }
    return fact;
  };
  if (order.status === 'closed' && order.closedDay !== undefined) {
    const fact = on(order.closedDay);
    fact.salesMinor += orderTotals(order).totalMinor;
    fact.orders += 1;
  }
  for (const payment of order.payments) {
    const field = `${payment.method}Minor` as const;
    on(payment.day)[field] += payment.amountMinor;
    if (payment.reversal !== undefined) on(payment.reversal.day)[field] -= payment.amountMinor;
    for (const refund of payment.refunds) {
      const fact = on(refund.day);
      fact[field] -= refund.amountMinor;
      fact.salesMinor -= refund.amountMinor;
    }
  }
  return [...facts.values()];
}

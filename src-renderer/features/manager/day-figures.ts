import type { Anomaly } from '#shared/domain/anomaly.ts';
import { dayFacts } from '#shared/domain/kpi.ts';
import { liveLines, type Order, orderTotals } from '#shared/domain/order.ts';
import { localTime } from '#shared/kernel/business-day.ts';
import { taxed } from '#shared/kernel/money.ts';

/** Sums of one business day, of the rows given, in minor units. */
export interface DaySums {
  salesMinor: number;
  cashMinor: number;
  momoMinor: number;
  cardMinor: number;
  /** Orders closed. */
  orders: number;
}

export function daySums(orders: Iterable<Order>, day: string): DaySums {
  const sums: DaySums = { salesMinor: 0, cashMinor: 0, momoMinor: 0, cardMinor: 0, orders: 0 };
  for (const order of orders) {
    for (const fact of dayFacts(order)) {
      if (fact.day !== day) continue;
      sums.salesMinor += fact.salesMinor;
      sums.cashMinor += fact.cashMinor;
      sums.momoMinor += fact.momoMinor;
      sums.cardMinor += fact.cardMinor;
      sums.orders += fact.orders;
    }
  }
  return sums;
}

export interface HourSales {
  /** On the wall clock of the branch, 0 to 23. */
  hour: number;
  salesMinor: number;
}

/**
 * Sales of a business day by hour of the branch's wall clock, all 24 from the hour in which the day starts. As
 * `salesToday` counts: an order's total when it closed, less refunds when they were given. Minor units.
 */
export function salesByHour(orders: Iterable<Order>, day: string, zone: string, dayStartHour: number): HourSales[] {
  const byHour = new Map<number, number>();
  const add = (at: string, minor: number) => {
    const { hour } = localTime(Date.parse(at), zone);
    byHour.set(hour, (byHour.get(hour) ?? 0) + minor);
  };
  for (const order of orders) {
    if (order.status === 'closed' && order.closedDay === day && order.closedAt !== undefined)
      add(order.closedAt, orderTotals(order).totalMinor);
    for (const payment of order.payments)
      for (const refund of payment.refunds) if (refund.day === day) add(refund.at, -refund.amountMinor);
  }
  return Array.from({ length: 24 }, (_, index) => {
    const hour = (dayStartHour + index) % 24;
    return { hour, salesMinor: byHour.get(hour) ?? 0 };
  });
}

const HOURS_AT_LEAST = 10;

/** The hours worth showing: from the first with a sale to the last, or to now, and some more so that a bar stays a bar. */
export function shownHours(hours: readonly HourSales[], nowHour: number): HourSales[] {
  const first = hours.findIndex(({ salesMinor }) => salesMinor !== 0);
  if (first === -1) return [];
  const last = Math.max(
    hours.findLastIndex(({ salesMinor }) => salesMinor !== 0),
    hours.findIndex(({ hour }) => hour === nowHour),
  );
  const end = Math.min(hours.length, Math.max(last + 1, first + HOURS_AT_LEAST));
  return hours.slice(Math.min(first, Math.max(0, end - HOURS_AT_LEAST)), end);
}

export interface ItemSales {
  itemId: string;
  name: string;
  quantity: number;
  /** What guests paid for it, with tax. */
  amountMinor: number;
}

/** What sold most in the orders closed on `day`, by pieces. */
export function topItems(orders: Iterable<Order>, day: string, limit: number): ItemSales[] {
  const items = new Map<string, ItemSales>();
  for (const order of orders) {
    if (order.status !== 'closed' || order.closedDay !== day) continue;
    for (const line of liveLines(order)) {
      const { itemId, name, quantity, unitPriceMinor, tax } = line;
      const item = items.get(itemId) ?? { itemId, name, quantity: 0, amountMinor: 0 };
      item.quantity += quantity;
      item.amountMinor += taxed(quantity * unitPriceMinor, tax).grossMinor;
      items.set(itemId, item);
    }
  }
  return [...items.values()]
    .sort((a, b) => b.quantity - a.quantity || b.amountMinor - a.amountMinor || a.name.localeCompare(b.name))
    .slice(0, limit);
}

export interface Share {
  method: 'cash' | 'momo' | 'card';
  amountMinor: number;
  /** Whole percent of what came in; the three add up to 100. `undefined` when nothing did, or more went out than came in. */
  percent: number | undefined;
}

/** How the guests paid. */
export function paymentMix({ cashMinor, momoMinor, cardMinor }: DaySums): Share[] {
  const amounts = [
    { method: 'cash' as const, amountMinor: cashMinor },
    { method: 'momo' as const, amountMinor: momoMinor },
    { method: 'card' as const, amountMinor: cardMinor },
  ];
  const sum = cashMinor + momoMinor + cardMinor;
  if (sum <= 0 || amounts.some(({ amountMinor }) => amountMinor < 0))
    return amounts.map((amount) => ({ ...amount, percent: undefined }));
  const exact = amounts.map(({ amountMinor }) => (amountMinor * 100) / sum);
  const percents = exact.map(Math.floor);
  const byRest = exact.map((value, index) => ({ index, rest: value % 1 })).sort((a, b) => b.rest - a.rest);
  const missing = 100 - percents.reduce((all, percent) => all + percent, 0);
  for (const { index } of byRest.slice(0, missing)) percents[index] = (percents[index] ?? 0) + 1;
  return amounts.map((amount, index) => ({ ...amount, percent: percents[index] }));
}

/** The flags of `day`, the latest first. */
export function dayFlags(anomalies: Iterable<Anomaly>, day: string): Anomaly[] {
  const found: Anomaly[] = [];
  for (const anomaly of anomalies) if (anomaly.day === day) found.push(anomaly);
  return found.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : a.id < b.id ? 1 : -1));
}

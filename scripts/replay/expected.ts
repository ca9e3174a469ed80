import { currencyDecimals } from '#shared/kernel/money.ts';
import type { RecordedOrder } from './orders-file.ts';

export interface DayFigures {
  orders: number;
  revenueMinor: number;
  cashMinor: number;
  momoMinor: number;
}

/** What the files say was sold: the figures that terminal and cloud must arrive at. */
export interface Expected {
  orders: number;
  lines: number;
  revenueMinor: number;
  days: Record<string, DayFigures>;
}

/**
 * Adds up the recorded orders from the files alone: written price × quantity, in whole numbers of any size. Shares
 * nothing with the product's own arithmetic, so that the two can be held against each other.
 */
export function expectedFigures(orders: readonly RecordedOrder[], currency: string): Expected {
  const decimals = currencyDecimals(currency);
  const prices = new Map<string, bigint>();
  const priceOf = (text: string): bigint => {
    let price = prices.get(text);
    if (price === undefined) {
      const [whole = '', fraction = ''] = text.split('.');
      price = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, '0'));
      prices.set(text, price);
    }
    return price;
  };
  const days = new Map<string, { orders: number; cash: bigint; momo: bigint }>();
  let lines = 0;
  let revenue = 0n;
  for (const order of orders) {
    let total = 0n;
    for (const { item, quantity } of order.lines) total += priceOf(item.priceText) * BigInt(quantity);
    lines += order.lines.length;
    revenue += total;
    const day = days.get(order.day) ?? { orders: 0, cash: 0n, momo: 0n };
    day.orders += 1;
    day[paysCash(order.number) ? 'cash' : 'momo'] += total;
    days.set(order.day, day);
  }
  const figures = [...days]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([day, { orders: count, cash, momo }]): [string, DayFigures] => [
      day,
      { orders: count, revenueMinor: Number(cash + momo), cashMinor: Number(cash), momoMinor: Number(momo) },
    ]);
  return { orders: orders.length, lines, revenueMinor: Number(revenue), days: Object.fromEntries(figures) };
}

/** Odd order numbers pay cash, even ones mobile money. */
export function paysCash(orderNumber: number): boolean {
  return orderNumber % 2 === 1;
}

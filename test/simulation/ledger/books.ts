import { type Deed, findText, numberOf, textOf } from './deed.ts';

/** Money by method and business day, as `cash 2026-03-02`; zero sums are left out. */
export type Sums = Map<string, number>;

export interface Books {
  takings: Sums;
  /** What each drawer should hold beside its float, by shift. */
  drawers: Sums;
}

/** An order's payments, as far as the books need them. */
export interface BookedOrder {
  payments: readonly BookedPayment[];
}
interface BookedPayment {
  id: string;
  method: string;
  amountMinor: number;
  tipMinor: number;
  shiftId?: string | undefined;
  day: string;
  reversal?: { day: string; shiftId?: string | undefined } | undefined;
  refunds: readonly { id: string; amountMinor: number; day: string; shiftId?: string | undefined }[];
}

function add(sums: Sums, key: string, amountMinor: number): void {
  const sum = (sums.get(key) ?? 0) + amountMinor;
  if (sum === 0) sums.delete(key);
  else sums.set(key, sum);
}

/**
 * The books as the deeds say. `isWritten`: whether a deed was entered; one that was
 * kept apart for a person (no payment to give back, failed inside) moves no money.
 */
export function booksOfDeeds(deeds: readonly Deed[], isWritten: (deed: Deed) => boolean): Books {
  const books: Books = { takings: new Map(), drawers: new Map() };
  const taken = new Map<string, Deed>();
  const given = new Set<string>();
  const written = deeds.filter(isWritten);
  // The same banknote twice is one banknote; and money given back may be told of before its taking.
  for (const deed of written) {
    if (deed.name !== 'payment.take' || taken.has(textOf(deed, 'paymentId'))) continue;
    taken.set(textOf(deed, 'paymentId'), deed);
  }
  for (const deed of written) {
    const day = deed.businessDay;
    if (deed.name === 'payment.take') {
      if (taken.get(textOf(deed, 'paymentId')) !== deed) continue;
      const method = textOf(deed, 'method');
      add(books.takings, `${method} ${day}`, numberOf(deed, 'amountMinor'));
      const shiftId = findText(deed, 'shiftId');
      if (method === 'cash' && shiftId !== undefined) add(books.drawers, shiftId, cashOf(deed));
    }
    if (deed.name === 'payment.reverse' || deed.name === 'payment.refund') {
      const payment = taken.get(textOf(deed, 'paymentId'));
      const id = findText(deed, 'refundId') ?? `reversal of ${textOf(deed, 'paymentId')}`;
      if (payment === undefined || given.has(id)) continue;
      given.add(id);
      const isRefund = deed.name === 'payment.refund';
      const method = textOf(payment, 'method');
      add(books.takings, `${method} ${day}`, -numberOf(isRefund ? deed : payment, 'amountMinor'));
      const shiftId = findText(deed, 'shiftId') ?? findText(payment, 'shiftId');
      if (method === 'cash' && shiftId !== undefined)
        add(books.drawers, shiftId, -(isRefund ? numberOf(deed, 'amountMinor') : cashOf(payment)));
    }
  }
  return books;
}

const cashOf = (payment: Deed): number => numberOf(payment, 'amountMinor') + numberOf(payment, 'tipMinor');

/** The books as rows of orders have them. */
export function booksOfOrders(orders: Iterable<BookedOrder>): Books {
  const books: Books = { takings: new Map(), drawers: new Map() };
  for (const { payments } of orders) {
    for (const { method, amountMinor, tipMinor, shiftId, day, reversal, refunds } of payments) {
      const drawer = (id: string | undefined, moved: number): void => {
        if (method === 'cash' && id !== undefined) add(books.drawers, id, moved);
      };
      add(books.takings, `${method} ${day}`, amountMinor);
      drawer(shiftId, amountMinor + tipMinor);
      if (reversal !== undefined) {
        add(books.takings, `${method} ${reversal.day}`, -amountMinor);
        drawer(reversal.shiftId ?? shiftId, -amountMinor - tipMinor);
      }
      for (const refund of refunds) {
        add(books.takings, `${method} ${refund.day}`, -refund.amountMinor);
        drawer(refund.shiftId ?? shiftId, -refund.amountMinor);
      }
    }
  }
  return books;
}

/** Names the first sum that differs; `undefined` when all are equal. */
export function differenceOf(expected: Sums, found: Sums): string | undefined {
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    const [wanted, seen] = [expected.get(key) ?? 0, found.get(key) ?? 0];
    if (wanted !== seen) return `${key}: ${wanted} expected, ${seen} found`;
  }
  return undefined;
}

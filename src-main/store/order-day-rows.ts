import type Database from 'better-sqlite3';
import { dayFacts, type DayFact } from '#shared/domain/kpi.ts';
import type { Order } from '#shared/domain/order.ts';

export interface DaySums {
  day: string;
  orders: number;
  salesMinor: number;
  cashMinor: number;
  momoMinor: number;
  cardMinor: number;
}

/** What each order of the view adds to each business day. */
export interface OrderDayRows {
  /** Brings an order's rows up to date; writes nothing when they did not change. `before`: the view until now. */
  save(before: Order | undefined, after: Order | undefined, orderId: string): void;
  /** As `save`, when the view until now is not known. */
  replace(orderId: string, after: Order | undefined): void;
  /** Sums per business day from `from` to `to`, both included, oldest first. */
  listSums(from: string, to: string): DaySums[];
}

export function orderDayRows(db: Database.Database): OrderDayRows {
  const remove = db.prepare('DELETE FROM order_day WHERE order_id = ?');
  const insert = db.prepare(
    `INSERT INTO order_day (order_id, day, sales_minor, cash_minor, momo_minor, card_minor, orders) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const sums = db.prepare<[string, string], DaySums>(
    `SELECT day, sum(orders) AS orders, sum(sales_minor) AS salesMinor, sum(cash_minor) AS cashMinor,
            sum(momo_minor) AS momoMinor, sum(card_minor) AS cardMinor
     FROM order_day WHERE day BETWEEN ? AND ? GROUP BY day ORDER BY day`,
  );
  const write = (orderId: string, facts: readonly DayFact[]): void => {
    remove.run(orderId);
    for (const fact of facts) {
      insert.run(orderId, fact.day, fact.salesMinor, fact.cashMinor, fact.momoMinor, fact.cardMinor, fact.orders);
    }
  };
  return {
    save: (before, after, orderId) => {
      const old = before === undefined ? [] : dayFacts(before);
      const facts = after === undefined ? [] : dayFacts(after);
      if (!sameFacts(old, facts)) write(orderId, facts);
    },
    replace: (orderId, after) => write(orderId, after === undefined ? [] : dayFacts(after)),
    listSums: (from, to) => sums.all(from, to),
  };
}

function sameFacts(a: readonly DayFact[], b: readonly DayFact[]): boolean {
  if (a.length !== b.length) return false;
  return a.every((fact, index) => {
    const other = b[index];
    return (
      other !== undefined &&
      fact.day === other.day &&
      fact.salesMinor === other.salesMinor &&
      fact.cashMinor === other.cashMinor &&
      fact.momoMinor === other.momoMinor &&
      fact.cardMinor === other.cardMinor &&
      fact.orders === other.orders
    );
  });
}

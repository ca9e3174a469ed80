import { type Kysely, sql } from 'kysely';
import { parseEntity } from '#shared/domain/entity.ts';
import { dayFacts } from '#shared/domain/kpi.ts';
import type { Schema } from '../store/schema.ts';
import { type Tx, withOrg } from '../store/with-org.ts';
import type { DayFigures } from './day-rollups.ts';

/** A day whose kept figures are not what its orders say. */
export interface DayDifference {
  day: string;
  /** `rollup`: the kept sum of a closed day. `order_day`: the rows per order that live figures and rollups add up. */
  source: 'rollup' | 'order_day';
  kept: DayFigures;
  recomputed: DayFigures;
}

export interface DayProof {
  orders: number;
  days: number;
  /** Orders whose row could not be read: they are missing in `recomputed`. */
  damaged: string[];
  differences: DayDifference[];
}

const PAGE = 1_000;
const NOTHING: DayFigures = { salesMinor: 0, cashMinor: 0, momoMinor: 0, cardMinor: 0, orders: 0 };

/**
 * Computes every business day of a branch afresh from the orders themselves and compares: rollups (a missing one is no
 * difference, it is made when it is needed) and rows per order. One snapshot, no locks.
 */
export async function provePastDays(db: Kysely<Schema>, orgId: string, branchId: string): Promise<DayProof> {
  return withOrg(
    db,
    orgId,
    async (tx) => {
      const { days, orders, damaged } = await recompute(tx, orgId, branchId);
      const differences: DayDifference[] = [];
      const compare = (source: DayDifference['source'], kept: Map<string, DayFigures>, isWhole: boolean): void => {
        for (const day of new Set([...kept.keys(), ...(isWhole ? days.keys() : [])])) {
          const difference = { day, source, kept: kept.get(day) ?? NOTHING, recomputed: days.get(day) ?? NOTHING };
          if (!isSame(difference.kept, difference.recomputed)) differences.push(difference);
        }
      };
      compare('rollup', await keptRollups(tx, orgId, branchId), false);
      compare('order_day', await keptOrderDays(tx, orgId, branchId), true);
      return {
        orders,
        days: days.size,
        damaged,
        differences: differences.toSorted((a, b) => (a.day < b.day ? -1 : 1)),
      };
    },
    { isolation: 'repeatable read' },
  );
}

async function recompute(
  tx: Tx,
  orgId: string,
  branchId: string,
): Promise<{ days: Map<string, DayFigures>; orders: number; damaged: string[] }> {
  const days = new Map<string, DayFigures>();
  const damaged: string[] = [];
  let orders = 0;
  let after = 0;
  for (;;) {
    const { rows } = await sql<{ id: string; seq: number; body: unknown }>`
      select id, seq, body from entity
      where org_id = ${orgId} and scope = ${branchId} and kind = 'order' and seq > ${after}::int8
      order by seq limit ${sql.lit(PAGE)}`.execute(tx);
    for (const row of rows) {
      const order = parseEntity('order', row.body);
      if (!order.success) {
        damaged.push(row.id);
        continue;
      }
      orders += 1;
      for (const fact of dayFacts(order.data)) add(days, fact.day, fact);
    }
    const last = rows.at(-1);
    if (last === undefined) return { days, orders, damaged };
    after = last.seq;
  }
}

function add(days: Map<string, DayFigures>, day: string, more: DayFigures): void {
  const sum = days.get(day) ?? { ...NOTHING };
  sum.salesMinor += more.salesMinor;
  sum.cashMinor += more.cashMinor;
  sum.momoMinor += more.momoMinor;
  sum.cardMinor += more.cardMinor;
  sum.orders += more.orders;
  days.set(day, sum);
}

type KeptRow = DayFigures & { day: string };

async function keptRollups(tx: Tx, orgId: string, branchId: string): Promise<Map<string, DayFigures>> {
  const { rows } = await sql<KeptRow>`
    select day, sales_minor as "salesMinor", cash_minor as "cashMinor", momo_minor as "momoMinor",
      card_minor as "cardMinor", orders
    from day_rollup where org_id = ${orgId} and branch_id = ${branchId}`.execute(tx);
  return byDay(rows);
}

async function keptOrderDays(tx: Tx, orgId: string, branchId: string): Promise<Map<string, DayFigures>> {
  const { rows } = await sql<KeptRow>`
    select day, sum(sales_minor)::int8 as "salesMinor", sum(cash_minor)::int8 as "cashMinor",
      sum(momo_minor)::int8 as "momoMinor", sum(card_minor)::int8 as "cardMinor", sum(orders)::int8 as orders
    from order_day where org_id = ${orgId} and branch_id = ${branchId} group by day`.execute(tx);
  return byDay(rows);
}

function byDay(rows: readonly KeptRow[]): Map<string, DayFigures> {
  return new Map(rows.map(({ day, ...figures }) => [day, figures]));
}

function isSame(a: DayFigures, b: DayFigures): boolean {
  return (
    a.salesMinor === b.salesMinor &&
    a.cashMinor === b.cashMinor &&
    a.momoMinor === b.momoMinor &&
    a.cardMinor === b.cardMinor &&
    a.orders === b.orders
  );
}

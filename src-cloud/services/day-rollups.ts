import { sql } from 'kysely';
import { addDays, type BusinessDay } from '#shared/kernel/business-day.ts';
import { lockCounters } from '../store/entity-store.ts';
import type { Tx } from '../store/with-org.ts';

/** What a business day of a branch brought, in minor units of the organisation's currency. */
export interface DayFigures {
  salesMinor: number;
  cashMinor: number;
  momoMinor: number;
  cardMinor: number;
  orders: number;
}

/** The first day of the month that `day` is in. */
export function monthStart(day: string): BusinessDay {
  return `${day.slice(0, 8)}01` as BusinessDay;
}

/** The days from `from` up to and without `to`. */
export function daysBetween(from: string, to: string): BusinessDay[] {
  const days: BusinessDay[] = [];
  for (let day = from as BusinessDay; day < to; day = addDays(day, 1)) days.push(day);
  return days;
}

/**
 * Stores the rollups of closed `days` that are missing (never made, or dropped by a late sale), days without a sale
 * included. Takes the branch counter's lock and keeps it to the end of `tx`: writers of these days hold it too, so no
 * rollup can be stored that misses what somebody is about to commit.
 */
export async function storeMissingRollups(
  tx: Tx,
  orgId: string,
  branchId: string,
  days: readonly string[],
): Promise<void> {
  await lockCounters(tx, orgId, branchId, { withOrg: false });
  await sql`
    insert into day_rollup (org_id, branch_id, day, sales_minor, cash_minor, momo_minor, card_minor, orders)
    select ${orgId}, ${branchId}, d.day, coalesce(sum(o.sales_minor), 0), coalesce(sum(o.cash_minor), 0),
      coalesce(sum(o.momo_minor), 0), coalesce(sum(o.card_minor), 0), coalesce(sum(o.orders), 0)
    from unnest(${[...days]}::text[]) as d(day)
    left join order_day o on o.org_id = ${orgId} and o.branch_id = ${branchId} and o.day = d.day
    where not exists (select from day_rollup r where r.org_id = ${orgId} and r.branch_id = ${branchId} and r.day = d.day)
    group by d.day
    on conflict (org_id, branch_id, day) do nothing`.execute(tx);
}

import { CompiledQuery } from 'kysely';
import type { Tx } from '../store/with-org.ts';

/** The five counts of a branch as they are at this moment. */
export interface BranchCounts {
  branchId: string;
  day: string;
  openOrders: number;
  tablesOccupied: number;
  onShiftNow: number;
  stockAtRisk: number;
  anomaliesToday: number;
}

/**
 * SQL: counts what is live in branch `b.branch_id` on day `b.day` of organisation `$1`, from the two partial indexes of
 * `entity`: one walk over what is live, one over the day's anomalies. The text is fixed, so that it is planned once.
 */
export const COUNTS_SQL = `
  select
    count(*) filter (where e.kind = 'order') as open_orders,
    count(*) filter (where e.kind = 'session') as tables_occupied,
    count(*) filter (where e.kind = 'shift') as on_shift_now,
    count(*) filter (where e.kind = 'stockItem') as stock_at_risk,
    (select count(*) from entity a where a.org_id = $1 and a.scope = b.branch_id and a.kind = 'anomaly' and a.day = b.day)
      as anomalies_today
  from entity e
  where e.org_id = $1 and e.scope = b.branch_id and e.kind in ('order', 'session', 'shift', 'stockItem')
    and e.state in ('open', 'seated', 'at-risk')`;

const WANTED_SQL = `
  select b.branch_id as "branchId", b.day, c.open_orders as "openOrders", c.tables_occupied as "tablesOccupied",
    c.on_shift_now as "onShiftNow", c.stock_at_risk as "stockAtRisk", c.anomalies_today as "anomaliesToday"
  from unnest($2::text[], $3::text[]) with ordinality as b(branch_id, day, position)
  cross join lateral (${COUNTS_SQL}) c
  order by b.position`;

/** The counts of each of `wanted`, in that order. */
export async function readCounts(
  tx: Tx,
  orgId: string,
  wanted: readonly { branchId: string; day: string }[],
): Promise<BranchCounts[]> {
  const values = [orgId, wanted.map(({ branchId }) => branchId), wanted.map(({ day }) => day)];
  const { rows } = await tx.executeQuery<BranchCounts>(CompiledQuery.raw(WANTED_SQL, values));
  return rows;
}

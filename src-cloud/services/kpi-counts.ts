import { type RawBuilder, sql } from 'kysely';
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

/** Columns that count what is live in branch `b.branch_id` on day `b.day`, each from a partial index of `entity`. */
export function countColumns(orgId: string): RawBuilder<unknown> {
  const live = (kind: string, state: string) =>
    sql`(select count(*) from entity e where e.org_id = ${orgId} and e.scope = b.branch_id
      and e.kind = ${sql.lit(kind)} and e.state = ${sql.lit(state)})`;
  return sql`${live('order', 'open')} as open_orders, ${live('session', 'seated')} as tables_occupied,
      ${live('shift', 'open')} as on_shift_now, ${live('stockItem', 'at-risk')} as stock_at_risk,
      (select count(*) from entity e where e.org_id = ${orgId} and e.scope = b.branch_id and e.kind = 'anomaly'
        and e.day = b.day) as anomalies_today`;
}

/** The counts of each of `wanted`, in that order. */
export async function readCounts(
  tx: Tx,
  orgId: string,
  wanted: readonly { branchId: string; day: string }[],
): Promise<BranchCounts[]> {
  const { rows } = await sql<BranchCounts>`
    select b.branch_id as "branchId", b.day, c.open_orders as "openOrders", c.tables_occupied as "tablesOccupied",
      c.on_shift_now as "onShiftNow", c.stock_at_risk as "stockAtRisk", c.anomalies_today as "anomaliesToday"
    from unnest(${wanted.map(({ branchId }) => branchId)}::text[], ${wanted.map(({ day }) => day)}::text[])
      with ordinality as b(branch_id, day, position)
    cross join lateral (select ${countColumns(orgId)}) c
    order by b.position`.execute(tx);
  return rows;
}

import { CompiledQuery, type Kysely, sql } from 'kysely';
import { type Branch, branchDay } from '#shared/domain/branch.ts';
import type { DayKpis, Kpis } from '#shared/domain/kpi.ts';
import { addDays, type BusinessDay } from '#shared/kernel/business-day.ts';
import type { Schema } from '../store/schema.ts';
import { type Tx, withOrg } from '../store/with-org.ts';
import { COUNTS_SQL } from './kpi-counts.ts';
import { daysBetween, monthStart, storeMissingRollups } from './day-rollups.ts';

/** The figures of one branch at one moment. */
export interface BranchFigures<K extends DayKpis = Kpis> {
  branchId: string;
  day: BusinessDay;
  kpis: K;
  /** Orders closed on that day. */
  orderCount: number;
  /** Where the branch's counter stood. */
  seq: number;
  /** Where the organisation's counter stood: the branches themselves may have changed when it moved. */
  orgSeq: number;
}

interface LiveRow {
  branch_id: string;
  sales_today: number;
  cash: number;
  momo: number;
  orders: number;
  sales_closed: number;
  closed_days: number;
  open_orders: number;
  tables_occupied: number;
  on_shift_now: number;
  stock_at_risk: number;
  anomalies_today: number;
  seq: number | null;
  org_seq: number | null;
}

/**
 * One statement for any number of branches, each with its own business day: closed days of the month from their rollups,
 * today from the covering index of `order_day`, the five counts from the partial indexes of `entity`. The text is fixed:
 * building it anew cost as much as running it.
 */
const LIVE_SQL = `
  select b.branch_id, t.sales as sales_today, t.cash, t.momo, t.orders, m.sales as sales_closed, m.days as closed_days, n.*,
    (select c.seq from counter c where c.org_id = $1 and c.scope = b.branch_id) as seq,
    (select c.seq from counter c where c.org_id = $1 and c.scope = 'org') as org_seq
  from unnest($2::text[], $3::text[], $4::text[]) as b(branch_id, day, month_start)
  cross join lateral (
    select coalesce(sum(o.sales_minor), 0)::int8 as sales, coalesce(sum(o.cash_minor), 0)::int8 as cash,
      coalesce(sum(o.momo_minor), 0)::int8 as momo, coalesce(sum(o.orders), 0)::int8 as orders
    from order_day o where o.org_id = $1 and o.branch_id = b.branch_id and o.day = b.day) t
  cross join lateral (
    select coalesce(sum(r.sales_minor), 0)::int8 as sales, count(*) as days
    from day_rollup r where r.org_id = $1 and r.branch_id = b.branch_id and r.day >= b.month_start and r.day < b.day) m
  cross join lateral (${COUNTS_SQL}) n`;

async function selectLive(tx: Tx, orgId: string, branches: readonly Branch[], nowMs: number): Promise<LiveRow[]> {
  const days = branches.map((branch) => branchDay(branch, nowMs));
  const values = [orgId, branches.map((branch) => branch.id), days, days.map(monthStart)];
  const { rows } = await tx.executeQuery<LiveRow>(CompiledQuery.raw(LIVE_SQL, values));
  return rows;
}

function figuresOf(row: LiveRow, day: BusinessDay): BranchFigures {
  return {
    branchId: row.branch_id,
    day,
    kpis: {
      salesToday: row.sales_today,
      salesMTD: row.sales_closed + row.sales_today,
      paymentsMomo: row.momo,
      paymentsCash: row.cash,
      openOrders: row.open_orders,
      tablesOccupied: row.tables_occupied,
      onShiftNow: row.on_shift_now,
      stockAtRisk: row.stock_at_risk,
      anomaliesToday: row.anomalies_today,
    },
    orderCount: row.orders,
    seq: row.seq ?? 0,
    orgSeq: row.org_seq ?? 0,
  };
}

/**
 * The nine figures of each of `branches` now, "today" being the branch's business day at `nowMs`. One round trip, unless
 * rollups of this month are missing: those are computed and stored first.
 */
export async function readLiveFigures(
  db: Kysely<Schema>,
  orgId: string,
  branches: readonly Branch[],
  nowMs: number,
): Promise<BranchFigures[]> {
  if (branches.length === 0) return [];
  const rows = await withOrg(db, orgId, (tx) => selectLive(tx, orgId, branches, nowMs));
  const byBranch = new Map(rows.map((row) => [row.branch_id, row]));
  const figures: BranchFigures[] = [];
  for (const branch of branches) {
    const day = branchDay(branch, nowMs);
    const closedDays = daysBetween(monthStart(day), day);
    let row = byBranch.get(branch.id);
    if (row !== undefined && row.closed_days < closedDays.length) {
      // Under the lock that the repair holds, no late sale can drop a rollup before it is read here.
      [row] = await withOrg(db, orgId, async (tx) => {
        await storeMissingRollups(tx, orgId, branch.id, closedDays);
        return selectLive(tx, orgId, [branch], nowMs);
      });
    }
    if (row === undefined) throw new Error(`no figures of branch ${branch.id}`);
    figures.push(figuresOf(row, day));
  }
  return figures;
}

interface PastRow {
  sales: number | null;
  cash: number | null;
  momo: number | null;
  orders: number | null;
  sales_month: number;
  days: number;
  open_orders: number | null;
  tables_occupied: number | null;
  on_shift_now: number | null;
  stock_at_risk: number | null;
  anomalies_today: number | null;
  seq: number | null;
  org_seq: number | null;
}

async function selectPast(tx: Tx, orgId: string, branchId: string, day: BusinessDay): Promise<PastRow | undefined> {
  const { rows } = await sql<PastRow>`
    select r.sales_minor as sales, r.cash_minor as cash, r.momo_minor as momo, r.orders, m.sales as sales_month, m.days,
      s.open_orders, s.tables_occupied, s.on_shift_now, s.stock_at_risk, s.anomalies_today,
      (select c.seq from counter c where c.org_id = ${orgId} and c.scope = ${branchId}) as seq,
      (select c.seq from counter c where c.org_id = ${orgId} and c.scope = 'org') as org_seq
    from (select coalesce(sum(sales_minor), 0)::int8 as sales, count(*) as days from day_rollup
      where org_id = ${orgId} and branch_id = ${branchId} and day >= ${monthStart(day)} and day <= ${day}) m
    left join day_rollup r on r.org_id = ${orgId} and r.branch_id = ${branchId} and r.day = ${day}
    left join kpi_sample s on s.org_id = ${orgId} and s.branch_id = ${branchId} and s.day = ${day} and s.hour = 24`.execute(
    tx,
  );
  return rows[0];
}

/**
 * The figures of a closed business day, as of its end: money from the rollups (missing ones are computed and stored), the
 * five counts from the sample at its end, `null` where there is none.
 */
export async function readPastFigures(
  db: Kysely<Schema>,
  orgId: string,
  branch: Branch,
  day: BusinessDay,
): Promise<BranchFigures<DayKpis>> {
  const days = daysBetween(monthStart(day), addDays(day, 1));
  let row = await withOrg(db, orgId, (tx) => selectPast(tx, orgId, branch.id, day));
  if (row === undefined || row.days < days.length) {
    row = await withOrg(db, orgId, async (tx) => {
      await storeMissingRollups(tx, orgId, branch.id, days);
      return selectPast(tx, orgId, branch.id, day);
    });
  }
  if (row === undefined) throw new Error(`no figures of branch ${branch.id}`);
  return {
    branchId: branch.id,
    day,
    kpis: {
      salesToday: row.sales ?? 0,
      salesMTD: row.sales_month,
      paymentsMomo: row.momo ?? 0,
      paymentsCash: row.cash ?? 0,
      openOrders: row.open_orders,
      tablesOccupied: row.tables_occupied,
      onShiftNow: row.on_shift_now,
      stockAtRisk: row.stock_at_risk,
      anomaliesToday: row.anomalies_today,
    },
    orderCount: row.orders ?? 0,
    seq: row.seq ?? 0,
    orgSeq: row.org_seq ?? 0,
  };
}

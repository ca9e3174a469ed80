import { type Branch, branchDay } from '#shared/domain/branch.ts';
import { localTime } from '#shared/kernel/business-day.ts';
import { withDirectory, withOrg } from '../store/with-org.ts';
import type { CloudContext } from '../context.ts';
import { listBranches } from '../services/branch-list.ts';
import { readCounts } from '../services/kpi-counts.ts';

const MINUTE_MS = 60_000;
/** A count that is taken later than this after its hour is not the count of that hour: no sample is honest then. */
const LATE_MS = 5 * MINUTE_MS;
/** The sample at the end of a business day. */
const DAY_END = 24;

/** A place in the samples that is due. */
interface DueSample {
  day: string;
  hour: number;
}

/** The samples of a branch that are due at `nowMs`: the full hour, and the end of the last business day where one starts. */
export function dueSamples(branch: Branch, nowMs: number): DueSample[] {
  const { hour, minute } = localTime(nowMs, branch.zone);
  if (minute * MINUTE_MS + (nowMs % MINUTE_MS) > LATE_MS) return [];
  const day = branchDay(branch, nowMs);
  const due: DueSample[] = [{ day, hour }];
  if (hour === branch.dayStartHour) due.unshift({ day: branchDay(branch, nowMs - LATE_MS - MINUTE_MS), hour: DAY_END });
  return due;
}

/**
 * Takes the samples of the five counts that are due now, for every branch of every organisation (SPEC A5). A sample that
 * exists stays as it is, so several instances and repeated runs change nothing. Returns how many were taken.
 */
export async function takeSamples(ctx: CloudContext): Promise<number> {
  const nowMs = ctx.clock.now();
  const orgs = await withDirectory(ctx.database.db, (tx) =>
    tx.selectFrom('account_directory').select('org_id').distinct().orderBy('org_id').execute(),
  );
  let taken = 0;
  for (const { org_id: orgId } of orgs) taken += await sampleOrg(ctx, orgId, nowMs);
  return taken;
}

async function sampleOrg(ctx: CloudContext, orgId: string, nowMs: number): Promise<number> {
  return withOrg(ctx.database.db, orgId, async (tx) => {
    const { branches } = await listBranches(tx, orgId);
    const due = branches.flatMap((branch) =>
      dueSamples(branch, nowMs).map(({ day, hour }) => ({ branchId: branch.id, day, hour })),
    );
    if (due.length === 0) return 0;
    const counts = await readCounts(tx, orgId, due);
    const rows = await tx
      .insertInto('kpi_sample')
      .values(
        counts.map((count, index) => ({
          org_id: orgId,
          branch_id: count.branchId,
          day: count.day,
          hour: due[index]?.hour ?? DAY_END,
          open_orders: count.openOrders,
          tables_occupied: count.tablesOccupied,
          on_shift_now: count.onShiftNow,
          stock_at_risk: count.stockAtRisk,
          anomalies_today: count.anomaliesToday,
        })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .returning('hour')
      .execute();
    return rows.length;
  });
}

/** Takes samples every minute until it is stopped; a failed run is logged and the next one tries again. */
export function startKpiSampling(ctx: CloudContext): { stop(): Promise<void> } {
  let isStopped = false;
  let running: Promise<unknown> = Promise.resolve();
  let cancel = (): void => undefined;
  const run = (): void => {
    running = takeSamples(ctx)
      .catch((error: unknown) => {
        ctx.log.warn({ event: 'kpi-sampling-failed', err: error }, 'samples could not be taken');
      })
      .then(() => {
        // On the minute, so that a sample is taken right after its hour.
        if (!isStopped) cancel = ctx.clock.after(MINUTE_MS - (ctx.clock.now() % MINUTE_MS), run);
      });
  };
  run();
  return {
    async stop() {
      isStopped = true;
      cancel();
      await running;
    },
  };
}

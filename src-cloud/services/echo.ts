import type { EchoAnswer } from '#shared/contract/sync-wire.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import type { CloudContext, DeviceCaller } from '../context.ts';
import { EntityRows, lockCounters } from '../store/entity-store.ts';
import { saveRows } from '../store/save-rows.ts';
import { withOrg } from '../store/with-org.ts';
import { newToken } from './change-token.ts';

/**
 * The cloud's half of "test the whole path": one real transaction that moves the branch's counter and changes nothing else, and the wake-up
 * that follows every commit. The terminal then waits for the place `visible` on its stream.
 */
export async function echo(ctx: CloudContext, { orgId, branchId }: DeviceCaller): Promise<EchoAnswer> {
  const startedMs = performance.now();
  const nowMs = ctx.clock.now();
  const saved = await withOrg(ctx.database.db, orgId, async (tx) => {
    const counters = await lockCounters(tx, orgId, branchId, { withOrg: false });
    const before = new EntityRows(tx, orgId, () => undefined).find;
    return saveRows(tx, [], { orgId, branchId, counters, before, nowMs, token: newToken(), movesBranch: true });
  });
  const databaseMs = Math.round((performance.now() - startedMs) * 10) / 10;
  ctx.wakeups.publish({ orgId, scopes: saved.scopes, days: [] });
  return { visible: saved.visible, serverAt: isoAt(ctx.clock.now()), databaseMs };
}

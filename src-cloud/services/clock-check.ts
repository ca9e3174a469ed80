import type { PushRequest } from '#shared/contract/sync-wire.ts';
import type { Anomaly } from '#shared/domain/anomaly.ts';
import { branchDay } from '#shared/domain/branch.ts';
import { put } from '#shared/domain/entity.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import type { CloudContext, DeviceCaller } from '../context.ts';
import { EntityRows, lockCounters } from '../store/entity-store.ts';
import { saveRows } from '../store/save-rows.ts';
import { withOrg } from '../store/with-org.ts';
import { newToken } from './change-token.ts';
import type { ReadEntry } from './push-entry.ts';

const TOLERATED_MS = 3_600_000;

/**
 * Flags a terminal whose clock is more than an hour off, once per terminal and business day (of the cloud's clock). The clocks are compared at
 * the push; the age of a command says nothing. What the terminal sent is taken all the same.
 */
export async function flagClock(
  ctx: CloudContext,
  device: DeviceCaller,
  request: PushRequest,
  entries: readonly ReadEntry[],
): Promise<void> {
  const nowMs = ctx.clock.now();
  const offMs = request.clockMs - nowMs;
  const envelope = entries.find((entry) => entry.envelope !== undefined)?.envelope;
  if (Math.abs(offMs) <= TOLERATED_MS || envelope === undefined) return;
  const { orgId, branchId, deviceId } = device;
  const saved = await withOrg(ctx.database.db, orgId, async (tx) => {
    const rows = new EntityRows(tx, orgId, () => undefined);
    const counters = await lockCounters(tx, orgId, branchId, { withOrg: false });
    await rows.load([{ kind: 'branch', id: branchId }]);
    const branch = rows.find('branch', branchId);
    if (branch === undefined) return undefined;
    const day = branchDay(branch, nowMs);
    const id = `clock-off.${deviceId}.${day}`;
    await rows.load([{ kind: 'anomaly', id }]);
    if (rows.find('anomaly', id) !== undefined) return undefined;
    const anomaly: Anomaly = {
      id,
      branchId,
      code: 'clock-off',
      day,
      at: isoAt(nowMs),
      deviceId,
      actorId: envelope.actorId,
      commandId: envelope.id,
      detail: `The clock of this terminal is ${inWords(offMs)}.`,
    };
    return saveRows(tx, [put('anomaly', anomaly)], {
      orgId,
      branchId,
      counters,
      before: rows.find,
      nowMs,
      token: newToken(),
      movesBranch: true,
    });
  });
  if (saved !== undefined) ctx.wakeups.publish({ orgId, scopes: saved.scopes, days: saved.days });
}

function inWords(offMs: number): string {
  const hours = Math.round(Math.abs(offMs) / TOLERATED_MS);
  return `${hours} h ${offMs > 0 ? 'ahead' : 'behind'}`;
}

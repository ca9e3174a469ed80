import { type Branch, branchDay } from '#shared/domain/branch.ts';
import type { KpiStatus } from '#shared/contract/cloud-wire.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import type { DeviceId } from '#shared/kernel/ids.ts';
import type { Tx } from '../store/with-org.ts';

/** A terminal whose word is older than this is not known to be there. */
const ONLINE_MS = 45_000;
/** Figures are incomplete when a terminal of today, or a sale that waits on it, is older than this. */
const COMPLETE_MS = 60_000;

/** What the cloud knows of a terminal. */
export interface TerminalRow {
  deviceId: DeviceId;
  name: string;
  branchId: Branch['id'];
  lastHeardAt: string | null;
  pendingCount: number;
  oldestPendingAt: string | null;
  clockOffsetMs: number;
  /** It says itself that it is there: a stream that is open does not say it for it. */
  beats: boolean;
}

/** The active terminals of these branches. */
export async function listTerminals(tx: Tx, orgId: string, branchIds: readonly string[]): Promise<TerminalRow[]> {
  if (branchIds.length === 0) return [];
  const rows = await tx
    .selectFrom('device')
    .select([
      'id',
      'name',
      'branch_id',
      'last_heard_at',
      'pending_count',
      'oldest_pending_at',
      'clock_offset_ms',
      'beats',
    ])
    .where('org_id', '=', orgId)
    .where('branch_id', 'in', [...branchIds])
    .where('status', '=', 'active')
    .orderBy('branch_id')
    .orderBy('code')
    .execute();
  return rows.map((row) => ({
    deviceId: row.id as DeviceId,
    name: row.name,
    branchId: row.branch_id as Branch['id'],
    lastHeardAt: row.last_heard_at,
    pendingCount: row.pending_count,
    oldestPendingAt: row.oldest_pending_at,
    clockOffsetMs: row.clock_offset_ms,
    beats: row.beats,
  }));
}

export interface StatusInput {
  scope: 'org' | 'branch';
  branchId: Branch['id'] | null;
  branches: readonly Branch[];
  terminals: readonly TerminalRow[];
  seq: number;
  asOfMs: number;
  /** Whether this terminal holds a stream open here. */
  isListening: (deviceId: string) => boolean;
}

/**
 * How far the figures can be trusted. A terminal that sold nothing today and is switched off takes nothing away from
 * them; one that was heard today and is silent now may hold sales.
 */
export function kpiStatus(input: StatusInput): KpiStatus {
  const { asOfMs } = input;
  let isComplete = true;
  let oldestUnsyncedAt: string | null = null;
  const terminals = input.terminals.map((row) => {
    const heardMs = row.lastHeardAt === null ? undefined : Date.parse(row.lastHeardAt);
    const isListening = !row.beats && input.isListening(row.deviceId);
    const isOnline = isListening || (heardMs !== undefined && asOfMs - heardMs < ONLINE_MS);
    const branch = input.branches.find((each) => each.id === row.branchId);
    const wasActiveToday =
      heardMs !== undefined && branch !== undefined && branchDay(branch, heardMs) === branchDay(branch, asOfMs);
    const isSilent = !isOnline && wasActiveToday && asOfMs - heardMs > COMPLETE_MS;
    const isBehind = row.oldestPendingAt !== null && asOfMs - Date.parse(row.oldestPendingAt) > COMPLETE_MS;
    if (isSilent || (row.pendingCount > 0 && isBehind)) isComplete = false;
    if (row.pendingCount > 0 && row.oldestPendingAt !== null) {
      if (oldestUnsyncedAt === null || row.oldestPendingAt < oldestUnsyncedAt) oldestUnsyncedAt = row.oldestPendingAt;
    }
    const { beats: _beats, ...seen } = row;
    return { ...seen, isOnline };
  });
  const { scope, branchId, seq } = input;
  return { scope, branchId, asOf: isoAt(asOfMs), seq, isComplete, terminals, oldestUnsyncedAt };
}

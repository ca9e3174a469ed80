import type { EntryOutcome, PushAnswer, PushRequest } from '#shared/contract/sync-wire.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { AppError, ERRORS, toWireError, type WireError } from '#shared/kernel/errors.ts';
import type { CloudContext, DeviceCaller } from '../context.ts';
import { NeedsOrgCounter } from '../store/entity-store.ts';
import { sqlState, withOrg } from '../store/with-org.ts';
import { flagClock } from './clock-check.ts';
import { type BatchOptions, runPushBatch } from './push-batch.ts';
import { type ReadEntry, readEntry, UNKNOWN_COMMAND } from './push-entry.ts';

/** 409 `sync/gap`: entries before the first one are missing. */
export class GapError extends AppError {
  readonly expectedSeq: number;
  constructor(expectedSeq: number) {
    super('sync/gap', `${ERRORS['sync/gap'].text} Expected: ${expectedSeq}.`, { path: 'entries' });
    this.expectedSeq = expectedSeq;
  }
}

/** A batch holds the lock of the branch: it is cut so that it takes about this long, but not so small that its own cost is the larger part. */
const TARGET_BATCH_MS = 80;
const FIRST_BATCH = 400;
const SMALLEST_BATCH = 100;
const LARGEST_BATCH = 1_000;
/** The size that fitted last, for the next push: in the middle of a drain nobody begins small again. */
const fittingSizes = new WeakMap<CloudContext, number>();

/**
 * Takes what a terminal has done (DESIGN §5): its entries run strictly in `seq` order, each to one of three outcomes, in batches that are each
 * one transaction. Sent again, an entry gets its stored outcome. Throws GapError when the first entry is not the next one, `server/busy` when
 * not even one batch could be run; what was done before stays done.
 */
export async function push(ctx: CloudContext, device: DeviceCaller, request: PushRequest): Promise<PushAnswer> {
  const nowMs = ctx.clock.now();
  const { incarnation } = request;
  const entries: ReadEntry[] = [];
  const outcomes: EntryOutcome[] = [];
  for (const raw of request.entries) {
    const entry = readEntry(raw, device, incarnation, device.rightsKnownAtMs);
    if ('error' in entry) outcomes.push({ seq: 0, id: entry.id, status: 'rejected', flags: [], error: entry.error });
    else entries.push(entry);
  }
  entries.sort((a, b) => a.seq - b.seq);

  const run = await runEntries(ctx, device, incarnation, entries, { head: request.head });
  outcomes.push(...run.outcomes);
  if (run.rest !== undefined) {
    const { error, from } = run.rest;
    for (const { seq, id } of entries.slice(from)) outcomes.push({ seq, id, status: 'retry', flags: [], error });
  }
  await flagClock(ctx, device, request, entries);
  const finished = outcomes.filter((outcome) => outcome.status !== 'retry').length;
  const { watermark, lamport } = await noteContact(ctx, device, request, finished, nowMs);
  return { outcomes, watermark, lamport, serverAt: isoAt(ctx.clock.now()) };
}

interface EntriesRun {
  outcomes: EntryOutcome[];
  /** The entries that have to come again, and why. */
  rest?: { from: number; error: WireError };
}

/** Runs entries in batches, each one transaction, until one has to come again. */
export async function runEntries(
  ctx: CloudContext,
  device: DeviceCaller,
  incarnation: string,
  entries: readonly ReadEntry[],
  options: Pick<BatchOptions, 'head' | 'outside'>,
): Promise<EntriesRun> {
  const outcomes: EntryOutcome[] = [];
  let position = 0;
  let size = fittingSizes.get(ctx) ?? FIRST_BATCH;
  let needsOrg = false;
  const stop = (error: WireError): EntriesRun => ({ outcomes, rest: { from: position, error } });
  while (position < entries.length) {
    // Strict order: what comes after a command that this version does not know waits with it. Were it run, the series would have passed
    // the unknown one by. Known entries are answered all the same, so the cut is made where the unknown one stands.
    const unknownAt = entries.findIndex((entry, index) => index >= position && entry.isUnknown === true);
    const end = Math.min(position + size, unknownAt === -1 ? entries.length : unknownAt);
    if (end === position) return stop(UNKNOWN_COMMAND);
    const batch = entries.slice(position, end);
    const startedMs = performance.now();
    try {
      const done = await runPushBatch(ctx, device, incarnation, batch, { ...options, needsOrg });
      outcomes.push(...done.outcomes);
      position += done.outcomes.length;
      if (done.gapAt !== undefined) {
        if (position === 0) throw new GapError(done.gapAt);
        return stop(toWireError(new GapError(done.gapAt)));
      }
      // A few entries say nothing about many.
      if (batch.length >= SMALLEST_BATCH) {
        size = nextSize(batch.length, performance.now() - startedMs);
        fittingSizes.set(ctx, size);
      } else size = Math.max(size, SMALLEST_BATCH);
      needsOrg = false;
    } catch (error) {
      if (error instanceof GapError) throw error;
      if (error instanceof NeedsOrgCounter && !needsOrg) {
        needsOrg = true;
        continue;
      }
      if (!isDeterministic(error)) {
        if (position === 0) throw error;
        ctx.log.warn({ err: error, deviceId: device.deviceId }, 'push stopped half-way');
        return stop(toWireError(new AppError('server/busy')));
      }
      const [only] = batch;
      if (batch.length > 1 || only === undefined) {
        size = Math.ceil(batch.length / 2);
        continue;
      }
      ctx.log.error(
        {
          err: error,
          alarm: 'push-poison',
          orgId: device.orgId,
          deviceId: device.deviceId,
          commandId: only.id,
          seq: only.seq,
        },
        'an entry fails by itself; it is recorded as refused or flagged, and the queue goes on',
      );
      const done = await runPushBatch(ctx, device, incarnation, batch, { ...options, needsOrg, poison: error });
      outcomes.push(...done.outcomes);
      position += 1;
      size = SMALLEST_BATCH;
    }
  }
  return { outcomes };
}

function nextSize(length: number, elapsedMs: number): number {
  const fitting = Math.round((length * TARGET_BATCH_MS) / Math.max(elapsedMs, 1));
  return Math.max(SMALLEST_BATCH, Math.min(LARGEST_BATCH, fitting, length * 2));
}

/**
 * Whether the same batch would fail again in the same way: the database refuses a value (SQLSTATE classes 22 and 23, 54), or code of ours has
 * thrown. Everything else (busy, connection lost, disk full) is over when the terminal comes again.
 */
function isDeterministic(error: unknown): boolean {
  if (error instanceof AppError) return false;
  const state = sqlState(error);
  if (state !== undefined) return /^(22|23|54)/.test(state);
  return error instanceof TypeError || error instanceof RangeError || error instanceof NeedsOrgCounter;
}

/** Keeps when and how the terminal was heard of, and reads back where its series and the branch stand. */
async function noteContact(
  ctx: CloudContext,
  device: DeviceCaller,
  request: PushRequest,
  finished: number,
  nowMs: number,
): Promise<{ watermark: number; lamport: number }> {
  const at = isoAt(nowMs);
  const waiting = Math.max(0, request.pending.count - finished);
  return withOrg(ctx.database.db, device.orgId, async (tx) => {
    await tx
      .updateTable('device')
      .set({
        last_heard_at: at,
        ...(request.entries.length === 0 ? { beats: true } : {}),
        pending_count: waiting,
        oldest_pending_at: waiting === 0 ? null : request.pending.oldestAt,
        clock_offset_ms: Math.round(Math.max(-1e15, Math.min(1e15, request.clockMs - nowMs))),
        // Only a terminal that has nothing left to send can have heard of a change of rights before whatever it does next.
        ...(waiting === 0 ? { rights_known_at: at } : {}),
      })
      .where('org_id', '=', device.orgId)
      .where('id', '=', device.deviceId)
      .execute();
    const rows = await tx
      .selectFrom('watermark')
      .select(['device_id', 'incarnation', 'seq', 'lamport'])
      .where('org_id', '=', device.orgId)
      .where('branch_id', '=', device.branchId)
      .execute();
    const own = rows.find((row) => row.device_id === device.deviceId && row.incarnation === request.incarnation);
    return { watermark: own?.seq ?? 0, lamport: Math.max(0, ...rows.map((row) => row.lamport)) };
  });
}

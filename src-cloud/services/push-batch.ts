import { anomalyOf, type Outcome } from '#shared/commands/engine.ts';
import { contextOf } from '#shared/commands/envelope.ts';
import type { EntryOutcome, OutboxHead } from '#shared/contract/sync-wire.ts';
import type { Flag, FlagCode } from '#shared/domain/anomaly.ts';
import { put } from '#shared/domain/entity.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { AppError, type WireError } from '#shared/kernel/errors.ts';
import type { CloudContext, DeviceCaller } from '../context.ts';
import { type CommandRecord, entryOutcome, findCommands, type StoredOutcome } from '../store/command-log.ts';
import { EntityRows, lockCounters } from '../store/entity-store.ts';
import { lockWatermark, moveWatermark, seriesHash } from '../store/watermarks.ts';
import { withOrg } from '../store/with-org.ts';
import { commandContent, isAudited } from './audit-content.ts';
import { newToken } from './change-token.ts';
import { CommandFold, failedOutcome, type Job, type Ran, writesOrg } from './command-fold.ts';
import { PartWriter } from './part-writer.ts';
import type { ReadEntry } from './push-entry.ts';
import { keepRefusal } from './refusal-row.ts';

export interface BatchOptions {
  /** Lock the organisation's counter although no command says that it writes there. */
  needsOrg: boolean;
  /** The only entry of the batch fails with this: record it as refused, or as applied and flagged, instead of running it. */
  poison?: unknown;
  /** They run outside the series, each with this flag. */
  outside?: FlagCode;
  /** What the terminal says of its outbox. */
  head?: OutboxHead | undefined;
}

export interface BatchDone {
  /** One for each entry, up to the gap. */
  outcomes: EntryOutcome[];
  /** The `seq` that was expected where the batch stopped. */
  gapAt?: number;
}

/** An entry that runs in this transaction. */
interface Fresh {
  entry: ReadEntry;
  isFork: boolean;
}

/**
 * Runs entries of one terminal, ascending by `seq`, as one transaction: watermark and counters are locked before anything is read, so that two
 * batches never fold the same order from the same base. Throws what the database throws; nothing was written then.
 */
export async function runPushBatch(
  ctx: CloudContext,
  device: DeviceCaller,
  incarnation: string,
  entries: readonly ReadEntry[],
  options: BatchOptions,
): Promise<BatchDone> {
  const { orgId, branchId } = device;
  const nowMs = ctx.clock.now();
  const receivedAt = isoAt(nowMs);
  const series = { orgId, branchId, deviceId: device.deviceId, incarnation };
  const done = await withOrg(ctx.database.db, orgId, async (tx) => {
    const watermark = await lockWatermark(tx, series);
    const withOrgCounter = options.needsOrg || entries.some(({ job }) => job !== undefined && writesOrg(job));
    const counters = await lockCounters(tx, orgId, branchId, { withOrg: withOrgCounter });
    const known = await findCommands(
      tx,
      orgId,
      entries.map(({ recordId }) => recordId),
    );

    const outcomes: (EntryOutcome | ReadEntry)[] = [];
    const fresh: Fresh[] = [];
    const taken = new Set<string>();
    let { seq, head } = watermark;
    let gapAt: number | undefined;
    for (const entry of entries) {
      const isKnown = known.has(entry.recordId) || taken.has(entry.recordId);
      const isOutside = options.outside !== undefined;
      if (!isOutside && entry.seq > seq + 1) {
        gapAt = seq + 1;
        break;
      }
      // A known id has its outcome already, whichever way it came; a known seq with another id is a series that was restored and went on.
      if (!isKnown) {
        fresh.push({ entry, isFork: isOutside || entry.seq <= seq });
        taken.add(entry.recordId);
      }
      if (!isOutside && entry.seq > seq) {
        seq = entry.seq;
        head = head === null ? null : seriesHash(head, entry.body);
      }
      outcomes.push(entry);
    }

    const rows = new EntityRows(tx, orgId, (damaged) => {
      ctx.log.error({ alarm: 'row-damaged', orgId, branchId, ...damaged }, 'a stored row does not fit its schema');
    });
    const fold = new CommandFold(rows);
    if (options.poison === undefined) await fold.load(fresh.flatMap(({ entry }) => entry.job ?? []));
    const writer = new PartWriter(
      tx,
      fold,
      { orgId, branchId, counters, before: fold.stored, nowMs, token: newToken(), movesBranch: true },
      series,
    );
    const ran: Outcome[] = [];
    for (const each of fresh) {
      const { outcome, changes } = await runFresh(fold, each, device, options);
      if (each.entry.job !== undefined) ran.push(outcome);
      if (outcome.status === 'rejected' && outcome.error.code === 'internal') {
        ctx.log.error(
          { alarm: 'command-failed', orgId, commandId: each.entry.id, name: each.entry.envelope?.name },
          'a command failed inside',
        );
      }
      if (outcome.status === 'rejected') await keepRefusal(fold, each.entry, outcome, device, nowMs);
      const record = recordOf(each, outcome);
      const { command, job, envelope } = each.entry;
      if (!isAudited(command) || envelope === undefined) writer.add(record);
      else {
        const line = { record, ctx: device, incarnation, input: job?.input, outcome, changes, receivedAt };
        const scope = job !== undefined && writesOrg(job) ? 'org' : 'branch';
        writer.add(record, { scope, content: commandContent(line) });
      }
    }
    const letGo = ctx.poisonBrake.check(ran);
    const saved = await writer.finish();
    const lamport =
      options.outside !== undefined
        ? watermark.lamport
        : Math.max(watermark.lamport, ...entries.slice(0, outcomes.length).map((entry) => entry.lamport));
    const told = options.head?.seq === seq ? options.head : undefined;
    if (seq > watermark.seq || lamport > watermark.lamport) {
      await moveWatermark(tx, series, { seq, lamport, head }, told);
    }
    if (told !== undefined && head !== null && told.hash !== head) {
      ctx.log.error(
        { alarm: 'outbox-differs', orgId, deviceId: device.deviceId, incarnation, seq },
        'the outbox of a terminal is not what it once sent',
      );
    }

    return {
      saved,
      letGo,
      gapAt,
      outcomes: entries.slice(0, outcomes.length).map((entry) => {
        const former = known.get(entry.recordId);
        if (former !== undefined) return entryOutcome(entry, former.status, former.outcome, former.visible);
        const recorded = writer.recorded.get(entry.recordId);
        if (recorded === undefined) throw new TypeError(`no outcome for ${entry.recordId}`);
        return entryOutcome(entry, recorded.record.status, recorded.record.outcome, recorded.visible);
      }),
    };
  });
  done.letGo();
  if (done.saved.scopes.length > 0) ctx.wakeups.publish({ orgId, scopes: done.saved.scopes, days: done.saved.days });
  return { outcomes: done.outcomes, ...(done.gapAt === undefined ? {} : { gapAt: done.gapAt }) };
}

async function runFresh(
  fold: CommandFold,
  { entry, isFork }: Fresh,
  device: DeviceCaller,
  { poison, outside = 'forked-series' }: BatchOptions,
): Promise<Ran> {
  const { outcome, changes } = await outcomeOf(fold, entry, device, poison);
  if (!isFork || entry.envelope === undefined) return { outcome, changes };
  const flag: Flag = { code: outside, subjectId: String(entry.seq) };
  fold.keep([put('anomaly', anomalyOf(flag, contextOfEntry(entry.envelope, device)))]);
  return { outcome: { ...outcome, flags: [...outcome.flags, flag] }, changes };
}

async function outcomeOf(fold: CommandFold, entry: ReadEntry, device: DeviceCaller, poison: unknown): Promise<Ran> {
  const job: Job | undefined = entry.job;
  if (job !== undefined && poison === undefined) return fold.run(job);
  const refusal = entry.refusal ?? { code: 'internal', message: '' };
  const error =
    poison ?? new AppError(refusal.code, refusal.message, refusal.path === undefined ? {} : { path: refusal.path });
  // Another branch's command is refused whatever it is; what cannot be read as a command cannot be known to have happened.
  if (entry.envelope === undefined || refusal.code === 'auth/other-branch')
    return { outcome: rejected(refusal), changes: [] };
  const outcome = failedOutcome(entry.command, contextOfEntry(entry.envelope, device), error);
  fold.keep(outcome.puts);
  return { outcome, changes: [] };
}

function rejected(error: WireError): Outcome {
  return { status: 'rejected', error, flags: [], puts: [] };
}

function contextOfEntry(
  envelope: NonNullable<ReadEntry['envelope']>,
  device: DeviceCaller,
): ReturnType<typeof contextOf> {
  return contextOf(envelope, { orgId: device.orgId, deviceId: device.deviceId, isRecorded: true });
}

function recordOf({ entry, isFork }: Fresh, outcome: Outcome): CommandRecord {
  const stored: StoredOutcome = { flags: outcome.flags.map((flag) => flag.code) };
  if (outcome.status === 'rejected') stored.error = outcome.error;
  return {
    id: entry.recordId,
    // The place in the series is taken already by what the fork departs from.
    seq: isFork ? null : entry.seq,
    lamport: entry.lamport,
    // Only of a command that is known: of anything else the body alone says what it was.
    name: entry.command?.name ?? '',
    version: entry.command?.version ?? 0,
    actorId: entry.envelope?.actorId ?? '',
    approvedBy: entry.envelope?.approvedBy ?? null,
    deviceAt: entry.job === undefined ? null : (entry.envelope?.at ?? null),
    status: outcome.status,
    outcome: stored,
    body: entry.envelope === undefined ? JSON.stringify(entry.body) : entry.body,
  };
}

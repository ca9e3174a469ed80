import type {
  DeviceOutcome,
  EntryOutcome,
  OutboxHead,
  PushEntry,
  SignedHead,
  Watermark,
  WireRow,
} from '#shared/contract/sync-wire.ts';
import { Kind, type Ref } from '#shared/domain/entity.ts';
import { dayFacts } from '#shared/domain/kpi.ts';
import type { Order } from '#shared/domain/order.ts';
import { entityIndex, parseEntity, put } from '#shared/domain/entity.ts';
import type { Clock } from '#shared/kernel/clock.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { AppError, type WireError } from '#shared/kernel/errors.ts';
import type { DeviceId, OrgId } from '#shared/kernel/ids.ts';
import { type Cursor, hasArrived, parseCursor, type Visible } from '#shared/sync/cursor.ts';
import type { Log } from '#shared/kernel/log.ts';
import { newIncarnationId } from './put-back.ts';
import { findLost, listSeriesParts, type SeriesPart } from './own-series.ts';
import { auditHeadKeeper } from './audit-head-keeper.ts';
import { reconciler } from './reconcile.ts';
import type { Store } from './store.ts';

export interface SyncRowsOptions {
  store: Store;
  clock: Clock;
  log: Log;
  orgId: OrgId;
  deviceId: DeviceId;
  /** Entities of the view that a commit has changed. */
  onChanged(refs: readonly Ref[]): void;
  onLamport(lamport: number): void;
}

interface StageEnd {
  cursor: string;
  isReset: boolean;
  outcomes: readonly DeviceOutcome[];
  watermarks: readonly Watermark[] | undefined;
  ackedPosBefore: number;
  lamport: number;
  auditHeads?: readonly SignedHead[] | undefined;
}

/** As many as the cloud takes at once. */
const HEADS_TOLD = 500;
const NOWHERE: Visible = { org: 0, branch: 0 };

/**
 * What sync does to the store (the shape is declared in src-main/sync/sync-store.ts). Invariants: an acknowledged command
 * stays pending until its rows have arrived; bases, cursor, settled commands and views change in one transaction.
 */
export function syncRows(options: SyncRowsOptions) {
  const { store, clock, log, deviceId } = options;
  const { db, outbox, touches, meta } = store;
  const keepHeads = auditHeadKeeper(options);
  const reconcile = reconciler(store, options.orgId, log);
  const statements = stageStatements(db);
  const tempBegin = db.prepare('BEGIN');
  const tempCommit = db.prepare('COMMIT');
  const tempRollback = db.prepare('ROLLBACK');

  const seeLamport = (lamport: number): void => {
    if (lamport <= Number(meta.find('lamport') ?? 0)) return;
    meta.save('lamport', String(lamport));
    options.onLamport(lamport);
  };

  /**
   * Takes in one outcome. Acknowledgements come in order: one that is known already (it came by the stream) or out of order
   * changes nothing.
   */
  const acknowledge = (
    incarnationId: string,
    outcome: EntryOutcome,
    dirty: Ref[],
  ): 'taken' | 'known' | 'retry' | 'passed' => {
    const incarnation = outbox.findIncarnation(incarnationId);
    if (incarnation === undefined) return 'passed';
    const pos = outbox.posOf(incarnation, outcome.seq);
    if (pos <= outbox.ackedPos() && outcome.status !== 'retry')
      return outbox.idAt(pos) === outcome.id ? 'known' : 'passed';
    if (pos !== outbox.ackedPos() + 1 || pos > outbox.lastPos() || outbox.idAt(pos) !== outcome.id) return 'passed';
    if (outcome.status === 'retry') return 'retry';
    const at = isoAt(clock.now());
    const flags = outcome.flags.map(String);
    if (outcome.status === 'applied') {
      outbox.markApplied(pos, flags, outcome.visible ?? NOWHERE, at);
      return 'taken';
    }
    const error: WireError =
      outcome.error === undefined ? { code: 'internal', message: 'It was refused.' } : wireError(outcome.error);
    // Before the outbox row forgets what it touched.
    dirty.push(...touches.removeAll(pos));
    outbox.markRejected(pos, error, flags, at);
    return 'taken';
  };

  /** Ends what has arrived: those commands' effects are in the cloud's rows now. */
  const settleArrived = (at: Cursor, covered: readonly SeriesPart[], dirty: Ref[]): void => {
    // The answer to a push was lost, but the rows that came contain its commands: running them again would count twice.
    for (const { firstPos, lastPos, cloudPos } of covered) {
      for (let pos = Math.max(firstPos, outbox.ackedPos() + 1); pos <= Math.min(cloudPos, lastPos); pos += 1) {
        dirty.push(...touches.removeAll(pos));
        outbox.forgetTouches(pos);
      }
    }
    const isCovered = (pos: number): boolean =>
      covered.some(({ firstPos, lastPos, cloudPos }) => pos >= firstPos && pos <= Math.min(cloudPos, lastPos));
    for (const { pos, visible } of outbox.listAcknowledgedUnsettled()) {
      if (!hasArrived(visible, at) && !isCovered(pos)) continue;
      dirty.push(...touches.removeAll(pos));
      outbox.markSettled(pos);
    }
  };

  /** What the cloud has forgotten since (restored from a backup) waits again: of every series, with all that came after it. */
  const reopenLost = (end: StageEnd, parts: readonly SeriesPart[], dirty: Ref[]): void => {
    const lost = findLost(store, parts, end.ackedPosBefore);
    if (lost === undefined) return;
    const reopened = outbox.reopenFrom(lost);
    log(`sync: the cloud has lost acknowledged commands; ${reopened.length} are sent again`);
    dirty.push(...reconcile.retouch(reopened));
  };

  const commitStage = (end: StageEnd): void => {
    const at = parseCursor(end.cursor);
    if (at === undefined) throw new AppError('internal', 'The cloud sent a cursor that cannot be read.');
    const began = performance.now();
    const changed = store.write(() => {
      const dirty: Ref[] = [];
      if (end.isReset) statements.forgetBases();
      // In the order of `seq`, since an outcome counts only after the one before it.
      const own = end.outcomes.filter((outcome) => outcome.deviceId === deviceId).sort((a, b) => a.seq - b.seq);
      for (const outcome of own) acknowledge(outcome.incarnation, outcome, dirty);
      const refs = statements.takeIn();
      store.entities.forget(refs);
      // A page that reaches the head contains everything up to the cloud's watermarks, whatever its counters count from.
      const parts = end.watermarks === undefined ? [] : listSeriesParts(store, end.watermarks);
      reopenLost(end, parts, dirty);
      settleArrived(at, parts, dirty);
      dirty.push(...statements.pendingRefs());
      // The first rows at all, after a restore without a backup: only now there are people whose commands can run.
      if (meta.find('cursor') === undefined) dirty.push(...touches.listAll());
      meta.save('cursor', end.cursor);
      seeLamport(end.lamport);
      outbox.saveMarks();
      keepHeads(end.auditHeads);
      if (end.isReset) {
        meta.save('mustTellHeads', '1');
        meta.save('cloudLacksAt', isoAt(clock.now()));
      }
      const rebased = reconcile.run(dirty);
      return [...refs, ...rebased];
    });
    statements.clear();
    const tookMs = performance.now() - began;
    if (tookMs > 50) log(`sync: a commit of ${changed.length} rows took ${Math.round(tookMs)} ms`);
    if (changed.length > 0) options.onChanged(changed);
  };

  const ackedSeq = (): number => Math.max(0, outbox.ackedPos() - outbox.incarnation().firstPos + 1);
  let sent: { incarnation: string; head: OutboxHead | undefined } | undefined;

  return {
    deviceId,
    incarnation: () => outbox.incarnation().id,
    cursor: () => meta.find('cursor'),
    ackedPos: () => outbox.ackedPos(),
    waiting: () => {
      const { waiting, oldestWaitingAt } = outbox.counts();
      return { count: waiting, oldestAt: oldestWaitingAt };
    },
    unarrived: () => {
      const { waiting, unsettled } = outbox.counts();
      return unsettled - waiting;
    },
    hasUnarrived: () => {
      const { waiting, unsettled } = outbox.counts();
      return unsettled > waiting;
    },
    takeBatch: (
      maxEntries: number,
      maxBytes: number,
    ): { incarnation: string; entries: PushEntry[]; head: OutboxHead | undefined } | undefined => {
      const batch = outbox.listWaiting(maxEntries, maxBytes);
      if (batch === undefined) return undefined;
      store.write(() => outbox.markReplaying(batch.firstPos, batch.firstPos + batch.entries.length - 1));
      const { incarnation, firstPos, entries } = batch;
      sent = { incarnation, head: store.outboxHeads.of(incarnation, firstPos, entries) };
      return { ...sent, entries };
    },
    releaseBatch: (error: WireError | undefined) => store.write(() => outbox.markWaiting(error)),
    applyOutcomes: (incarnation: string, outcomes: readonly EntryOutcome[], lamport: number) => {
      let retry: WireError | undefined;
      let applied = 0;
      const changed = store.write(() => {
        const dirty: Ref[] = [];
        for (const outcome of [...outcomes].sort((a, b) => a.seq - b.seq)) {
          const what = acknowledge(incarnation, outcome, dirty);
          if (what === 'taken' || what === 'known') applied += 1;
          if (what !== 'retry') continue;
          retry = outcome.error === undefined ? { code: 'server/busy', message: '' } : wireError(outcome.error);
          break;
        }
        outbox.markWaiting(retry);
        if (sent?.incarnation === incarnation && sent.head?.seq === ackedSeq())
          store.outboxHeads.keep(incarnation, sent.head);
        seeLamport(lamport);
        // Nothing is settled here: `visible` counts in the cloud's history of now, and the cursor may be of the one before it was
        // put back. The rows themselves bring the outcome along, and a pull the watermark.
        outbox.saveMarks();
        return reconcile.run(dirty);
      });
      if (changed.length > 0) options.onChanged(changed);
      return { retry, applied };
    },
    expectFrom: (incarnationId: string, seq: number): 'next' | 'lost' | 'gone' => {
      const incarnation = outbox.findIncarnation(incarnationId);
      if (incarnation === undefined) return 'gone';
      const pos = outbox.posOf(incarnation, seq);
      if (pos > outbox.ackedPos() || pos > outbox.lastPos()) return pos === outbox.ackedPos() + 1 ? 'next' : 'gone';
      // Not made pending here: the bases are of before the loss and hold its effect already. The next pull brings both.
      return outbox.idAt(pos) === undefined ? 'gone' : 'lost';
    },
    isBehind: (watermarks: readonly Watermark[]): boolean => {
      const { id, firstPos } = outbox.incarnation();
      const lastSeq = outbox.lastPos() - firstPos + 1;
      return watermarks.some((mark) => mark.deviceId === deviceId && mark.incarnation === id && mark.seq > lastSeq);
    },
    startIncarnation: () => {
      const id = newIncarnationId();
      log(`sync: going on under a new series (${id})`);
      store.write(() => {
        outbox.markWaiting(undefined);
        outbox.startIncarnation(id, outbox.ackedPos() + 1, isoAt(clock.now()));
      });
    },
    clearStage: () => statements.clear(),
    stage: (rows: readonly WireRow[]) => {
      // Temporary tables only: no disk is waited for.
      tempBegin.run();
      try {
        for (const row of rows) stageRow(row, statements, log);
        tempCommit.run();
      } catch (error) {
        tempRollback.run();
        throw error;
      }
    },
    commitStage,
    headsToTell: () => (meta.find('mustTellHeads') === '1' ? store.auditHeads.list(HEADS_TOLD) : undefined),
    headsTold: () => store.write(() => meta.save('mustTellHeads', '0')),
  };
}

function wireError(error: NonNullable<EntryOutcome['error']>): WireError {
  const { code, message, path } = error;
  return path === undefined ? { code, message } : { code, message, path };
}

type StageStatements = ReturnType<typeof stageStatements>;

/** A row that does not fit is left out and said: a newer cloud's kind must not stop the till. */
function stageRow(row: WireRow, statements: StageStatements, log: Log): void {
  const kind = Kind.safeParse(row.kind);
  if (!kind.success) return log(`sync: rows of kind ${row.kind} are not known to this version`);
  if (row.body === null) return statements.addTombstone(kind.data, row.id, row.seq);
  const parsed = parseEntity(kind.data, row.body);
  if (!parsed.success)
    return log(`sync: the row ${row.kind} ${row.id} does not fit: ${parsed.error.issues[0]?.message ?? ''}`);
  const { state, day } = entityIndex(put(kind.data, parsed.data));
  // As it came, not as it was parsed: fields that this version does not know are kept.
  statements.add(kind.data, row.id, row.seq, JSON.stringify(row.body), state, day);
  if (kind.data === 'order') statements.addDays(row.id, parsed.data as Order);
}

/** CROSS JOIN: SQLite keeps the order of the tables. Left to itself it reads all entities and looks each up among the few that are staged. */
function stageStatements(db: Store['db']) {
  const add = db.prepare(
    'INSERT OR REPLACE INTO temp.stage (kind, id, seq, body, state, day) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const removeDays = db.prepare('DELETE FROM temp.stage_day WHERE order_id = ?');
  const addDay = db.prepare('INSERT INTO temp.stage_day VALUES (?, ?, ?, ?, ?, ?, ?)');
  const clear = db.prepare('DELETE FROM temp.stage');
  const clearDays = db.prepare('DELETE FROM temp.stage_day');
  const refs = db.prepare<[], Ref>('SELECT kind, id FROM temp.stage');
  const upsert = db.prepare(
    `INSERT INTO entity (kind, id, body, base_seq, state, day)
     SELECT kind, id, body, seq, state, day FROM temp.stage WHERE body IS NOT NULL
     ON CONFLICT (kind, id) DO UPDATE SET
       body = CASE WHEN pending = 1 THEN entity.body ELSE excluded.body END,
       base = CASE WHEN pending = 1 THEN excluded.body END,
       base_seq = excluded.base_seq,
       state = CASE WHEN pending = 1 THEN entity.state ELSE excluded.state END,
       day = CASE WHEN pending = 1 THEN entity.day ELSE excluded.day END
     WHERE excluded.base_seq >= entity.base_seq`,
  );
  const bury = db.prepare(
    `UPDATE entity SET base = NULL, base_seq = s.seq FROM temp.stage s
     WHERE s.body IS NULL AND s.kind = entity.kind AND s.id = entity.id AND pending = 1`,
  );
  const drop = db.prepare(
    `DELETE FROM entity WHERE pending = 0 AND EXISTS (SELECT 1 FROM temp.stage s WHERE s.body IS NULL AND s.kind = entity.kind AND s.id = entity.id)`,
  );
  const hasTombstones = db.prepare('SELECT 1 FROM temp.stage WHERE body IS NULL LIMIT 1').pluck();
  const dropDays = db.prepare(
    `DELETE FROM order_day WHERE order_id IN (
       SELECT s.id FROM temp.stage s CROSS JOIN entity e ON e.kind = s.kind AND e.id = s.id WHERE s.kind = 'order' AND e.pending = 0)`,
  );
  const takeDays = db.prepare(
    `INSERT INTO order_day SELECT d.* FROM temp.stage_day d CROSS JOIN entity e ON e.kind = 'order' AND e.id = d.order_id WHERE e.pending = 0`,
  );
  // Not by `pending` alone: a row that was not here could not say that a command waits for it.
  const pending = db.prepare<[], Ref>(
    `SELECT e.kind, e.id FROM temp.stage s CROSS JOIN entity e ON e.kind = s.kind AND e.id = s.id
     WHERE e.pending = 1 OR EXISTS (SELECT 1 FROM touch t WHERE t.kind = s.kind AND t.id = s.id)`,
  );
  const forgetPending = db.prepare('UPDATE entity SET base = NULL WHERE pending = 1');
  const forgetAll = db.prepare('UPDATE entity SET base_seq = 0 WHERE base_seq > 0');
  return {
    add: (kind: Kind, id: string, seq: number, body: string, state: string | null, day: string | null): void => {
      add.run(kind, id, seq, body, state, day);
    },
    addTombstone: (kind: Kind, id: string, seq: number): void => {
      add.run(kind, id, seq, null, null, null);
    },
    addDays: (id: string, order: Order): void => {
      removeDays.run(id);
      for (const fact of dayFacts(order)) {
        addDay.run(id, fact.day, fact.salesMinor, fact.cashMinor, fact.momoMinor, fact.cardMinor, fact.orders);
      }
    },
    clear: (): void => {
      clear.run();
      clearDays.run();
    },
    /** The staged rows become the cloud's word; returns their refs. */
    takeIn: (): Ref[] => {
      upsert.run();
      if (hasTombstones.get() !== undefined) {
        bury.run();
        drop.run();
      }
      dropDays.run();
      takeDays.run();
      return refs.all();
    },
    pendingRefs: (): Ref[] => pending.all(),
    forgetBases: (): void => {
      forgetPending.run();
      forgetAll.run();
    },
  };
}

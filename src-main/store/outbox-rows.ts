import { crc32 } from 'node:zlib';
import type Database from 'better-sqlite3';
import { Envelope } from '#shared/commands/envelope.ts';
import { AppError, type WireError } from '#shared/kernel/errors.ts';
import type { Visible } from '#shared/sync/cursor.ts';
import { outboxLists, type OutboxLists } from './outbox-lists.ts';

export interface OutboxEntry {
  seq: number;
  lamport: number;
  id: string;
  endpoint: string;
  method: string;
  idempotencyKey: string;
  createdAt: string;
  body: string;
}
export interface NewOutboxEntry extends Omit<OutboxEntry, 'seq'> {
  deviceId: string;
  /** See touch-rows.ts. */
  touches: string;
}
export interface Incarnation {
  id: string;
  firstPos: number;
  nextReceipt: number;
}
export interface OutboxBatch {
  incarnation: string;
  firstPos: number;
  entries: OutboxEntry[];
}
export interface UnsettledCommand {
  pos: number;
  seq: number;
  lamport: number;
  deviceId: string;
  envelope: Envelope;
}

/**
 * The commands of this terminal in the order they were given. Acknowledgements come in that order too, so what
 * waits is always the tail after `ackedPos`. Positions run on over incarnations; `seq` counts within one.
 */
export interface OutboxRows {
  lastPos(): number;
  ackedPos(): number;
  maxLamport(): number;
  incarnation(): Incarnation;
  findIncarnation(id: string): Incarnation | undefined;
  /** Where a `seq` of an incarnation lies. */
  posOf(incarnation: Incarnation, seq: number): number;
  append(entry: NewOutboxEntry): number;
  /** The receipt number that the next order of this incarnation gets. */
  nextReceipt(): number;
  saveNextReceipt(next: number): void;
  /** The oldest waiting entries of one incarnation, without changing anything. */
  listWaiting(maxEntries: number, maxBytes: number): OutboxBatch | undefined;
  markReplaying(firstPos: number, lastPos: number): void;
  /** Back from REPLAYING to PENDING. */
  markWaiting(lastError: WireError | undefined): void;
  markApplied(pos: number, flags: readonly string[], visible: Visible, ackedAt: string): void;
  markRejected(pos: number, error: WireError, flags: readonly string[], ackedAt: string): void;
  markSettled(pos: number): void;
  /** The command waits still, but its effects are in the cloud's rows. */
  forgetTouches(pos: number): void;
  /** Acknowledged commands whose rows have not arrived. */
  listAcknowledgedUnsettled(): { pos: number; visible: Visible }[];
  /** Notes where looking may begin after a restart. */
  saveMarks(): void;
  /** Everything from `pos` on is waiting again: the cloud has lost it. Returns the positions. */
  reopenFrom(pos: number): number[];
  /** Starts a new series; what waits moves into it. `id` is random. */
  startIncarnation(id: string, atPos: number, startedAt: string): void;
  getCommand(pos: number): UnsettledCommand;
  counts(): { waiting: number; unsettled: number; refused: number; oldestWaitingAt: string | null };
  list(filter: 'waiting' | 'recent', limit: number): ReturnType<OutboxLists['list']>;
  /** Refused entries that nobody has decided about, the latest first. */
  listRefused: OutboxLists['listRefused'];
  /** The command id of an entry. */
  idAt(pos: number): string | undefined;
  /** A transaction was undone: what is held in memory is read again. */
  reload(): void;
}

interface Summed {
  pos: number;
  body: string;
  /** CRC-32 of the body; null when it was written by an older version. */
  bodySum: number | null;
}

interface Marks {
  acked: number;
  settled: number;
}

/** An entry whose body is not the one that was given: the disk has changed it. */
export class DamagedEntry extends AppError {
  constructor(pos: number) {
    super('store/damaged', `Entry ${pos} of the outbox is damaged. It is put back from its mirror.`);
  }
}

const ENTRY = `seq, lamport, id, endpoint, method, idempotency_key AS idempotencyKey, created_at AS createdAt, body`;

/** `onDamage` hears of an entry that is not what was written; it is thrown too. */
export function outboxRows(db: Database.Database, onDamage: (error: DamagedEntry) => void): OutboxRows {
  // Not `?? 0` in SQL: pluck gives null for max() of nothing.
  const number = (sql: string): number => (db.prepare(sql).pluck().get() as number | null | undefined) ?? 0;
  const firstWaitingAfter = db
    .prepare<[number], number>(
      `SELECT pos FROM outbox WHERE pos > ? AND status IN ('PENDING', 'REPLAYING') ORDER BY pos LIMIT 1`,
    )
    .pluck();
  const firstUnsettledAfter = db
    .prepare<[number], number>('SELECT pos FROM outbox WHERE pos > ? AND settled = 0 ORDER BY pos LIMIT 1')
    .pluck();
  const countUnsettled = db
    .prepare<[number, number], number>('SELECT count(*) FROM outbox WHERE pos > ? AND pos <= ? AND settled = 0')
    .pluck();
  const readMarks = db.prepare<[], Marks>('SELECT acked_pos AS acked, settled_pos AS settled FROM outbox_mark');
  const writeMarks = db.prepare('UPDATE outbox_mark SET acked_pos = ?, settled_pos = ?');
  const readIncarnation = db.prepare<[], Incarnation>(
    'SELECT id, first_pos AS firstPos, next_receipt AS nextReceipt FROM incarnation ORDER BY first_pos DESC LIMIT 1',
  );
  const incarnationById = db.prepare<[string], Incarnation>(
    'SELECT id, first_pos AS firstPos, next_receipt AS nextReceipt FROM incarnation WHERE id = ?',
  );
  const insert = db.prepare(
    `INSERT INTO outbox (pos, incarnation, seq, lamport, device_id, id, endpoint, method, body, idempotency_key, created_at, touches, body_sum, status)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'PENDING')`,
  );
  const saveReceipts = db.prepare('UPDATE incarnation SET next_receipt = ? WHERE id = ?');
  const waitingRows = db.prepare<[number, number], OutboxEntry & Summed & { incarnation: string }>(
    `SELECT pos, incarnation, body_sum AS bodySum, ${ENTRY} FROM outbox WHERE pos > ? ORDER BY pos LIMIT ?`,
  );
  const replaying = db.prepare(
    `UPDATE outbox SET status = 'REPLAYING', attempts = attempts + 1 WHERE pos BETWEEN ? AND ?`,
  );
  const waitAgain = db.prepare(
    `UPDATE outbox SET status = 'PENDING', last_error = coalesce(?, last_error) WHERE pos > ? AND pos <= ? AND status = 'REPLAYING'`,
  );
  const applied = db.prepare(
    `UPDATE outbox SET status = 'SUCCESS', flags = ?, visible_org = ?, visible_branch = ?, acked_at = ?, last_error = NULL WHERE pos = ?`,
  );
  const rejected = db.prepare(
    `UPDATE outbox SET status = 'FAILED', last_error = ?, flags = ?, acked_at = ?, settled = 1, touches = NULL WHERE pos = ?`,
  );
  const settled = db.prepare('UPDATE outbox SET settled = 1, touches = NULL WHERE pos = ?');
  const ackedUnsettled = db.prepare<[number, number], { pos: number; org: number | null; branch: number | null }>(
    `SELECT pos, visible_org AS org, visible_branch AS branch FROM outbox 
     WHERE pos > ? AND pos <= ? AND settled = 0 AND status = 'SUCCESS' ORDER BY pos`,
  );
  const reopen = db
    .prepare<[number], number>(
      `UPDATE outbox SET status = 'PENDING', settled = 0, visible_org = NULL, visible_branch = NULL, acked_at = NULL, flags = NULL
     WHERE pos >= ? AND status IN ('SUCCESS', 'FAILED') RETURNING pos`,
    )
    .pluck();
  const forgetTouches = db.prepare('UPDATE outbox SET touches = NULL WHERE pos = ?');
  const idAt = db.prepare<[number], string>('SELECT id FROM outbox WHERE pos = ?').pluck();
  const insertIncarnation = db.prepare('INSERT INTO incarnation (first_pos, id, started_at) VALUES (?, ?, ?)');
  const removeEmptyIncarnation = db.prepare('DELETE FROM incarnation WHERE first_pos >= ?');
  const move = db.prepare('UPDATE outbox SET incarnation = ?, seq = pos - ? + 1 WHERE pos >= ?');
  const command = db.prepare<[number], Omit<UnsettledCommand, 'envelope'> & Summed>(
    'SELECT pos, seq, lamport, device_id AS deviceId, body, body_sum AS bodySum FROM outbox WHERE pos = ?',
  );
  const expectWhole = ({ pos, body, bodySum }: Summed): void => {
    if (bodySum === null || bodySum === crc32(body)) return;
    const error = new DamagedEntry(pos);
    onDamage(error);
    throw error;
  };

  const lists = outboxLists(db);

  const lastPosition = (): number =>
    Math.max(number('SELECT max(pos) FROM outbox'), number('SELECT max(first_pos) - 1 FROM incarnation'));
  let lastPos = lastPosition();
  // The newest entries have the highest numbers, but for those that were put back; not all of 90 days are read for it.
  const lastLamportNumber = (): number =>
    number('SELECT max(lamport) FROM (SELECT lamport FROM outbox ORDER BY pos DESC LIMIT 1000)');
  let lastLamport = lastLamportNumber();
  let current: Incarnation | undefined;
  // Lower bounds until they are looked up again.
  let marks: Marks = readMarks.get() ?? { acked: 0, settled: 0 };
  const isKnown = { acked: false, settled: false };
  let lastReplaying = lastPos;

  const ackedPos = (): number => {
    if (!isKnown.acked) marks.acked = (firstWaitingAfter.get(marks.acked) ?? lastPos + 1) - 1;
    isKnown.acked = true;
    return marks.acked;
  };
  const settledPos = (): number => {
    if (!isKnown.settled)
      marks.settled = Math.min(ackedPos(), (firstUnsettledAfter.get(marks.settled) ?? lastPos + 1) - 1);
    isKnown.settled = true;
    return marks.settled;
  };
  /** An entry is not waiting any more. */
  const acked = (pos: number): void => {
    if (pos === ackedPos() + 1) marks.acked = pos;
    else isKnown.acked = false;
    isKnown.settled = false;
  };
  /** Everything from `pos` on may have changed. */
  const lowerMarks = (pos: number): void => {
    marks = { acked: Math.min(marks.acked, pos - 1), settled: Math.min(marks.settled, pos - 1) };
    isKnown.acked = false;
    isKnown.settled = false;
    writeMarks.run(marks.acked, marks.settled);
  };
  const incarnation = (): Incarnation => {
    current ??= readIncarnation.get();
    if (current === undefined) throw new AppError('device/unknown');
    return current;
  };

  return {
    lastPos: () => lastPos,
    ackedPos,
    maxLamport: () => lastLamport,
    incarnation,
    findIncarnation: (id) => (current?.id === id ? current : incarnationById.get(id)),
    posOf: ({ firstPos }, seq) => firstPos + seq - 1,
    append: (entry) => {
      const { id, firstPos } = incarnation();
      const pos = lastPos + 1;
      insert.run(
        pos,
        id,
        pos - firstPos + 1,
        entry.lamport,
        entry.deviceId,
        entry.id,
        entry.endpoint,
        entry.method,
        entry.body,
        entry.idempotencyKey,
        entry.createdAt,
        entry.touches,
        crc32(entry.body),
      );
      lastPos = pos;
      lastLamport = Math.max(lastLamport, entry.lamport);
      return pos;
    },
    nextReceipt: () => incarnation().nextReceipt,
    saveNextReceipt: (next) => {
      const series = incarnation();
      saveReceipts.run(next, series.id);
      current = { ...series, nextReceipt: next };
    },
    listWaiting: (maxEntries, maxBytes) => {
      const rows = waitingRows.all(ackedPos(), maxEntries);
      const [first] = rows;
      if (first === undefined) return undefined;
      const entries: OutboxEntry[] = [];
      let bytes = 0;
      for (const row of rows) {
        const { pos: _pos, incarnation: series, bodySum: _sum, ...entry } = row;
        // Quotes of the body are escaped on the wire: a little more than its length, and the other fields.
        bytes += Buffer.byteLength(JSON.stringify(entry.body)) + entry.endpoint.length + 300;
        if (series !== first.incarnation || (entries.length > 0 && bytes > maxBytes)) break;
        expectWhole(row);
        entries.push(entry);
      }
      return { incarnation: first.incarnation, firstPos: first.pos, entries };
    },
    markReplaying: (from, to) => {
      replaying.run(from, to);
      lastReplaying = Math.max(lastReplaying, to);
    },
    markWaiting: (lastError) => {
      waitAgain.run(lastError === undefined ? null : JSON.stringify(lastError), ackedPos(), lastReplaying);
      lastReplaying = ackedPos();
    },
    markApplied: (pos, flags, visible, ackedAt) => {
      applied.run(flags.length === 0 ? null : JSON.stringify(flags), visible.org, visible.branch, ackedAt, pos);
      acked(pos);
    },
    markRejected: (pos, error, flags, ackedAt) => {
      rejected.run(JSON.stringify(error), flags.length === 0 ? null : JSON.stringify(flags), ackedAt, pos);
      acked(pos);
    },
    markSettled: (pos) => {
      settled.run(pos);
      isKnown.settled = false;
    },
    forgetTouches: (pos) => {
      forgetTouches.run(pos);
    },
    listAcknowledgedUnsettled: () =>
      ackedUnsettled
        .all(settledPos(), ackedPos())
        .map(({ pos, org, branch }) => ({ pos, visible: { org: org ?? 0, branch: branch ?? 0 } })),
    saveMarks: () => {
      writeMarks.run(ackedPos(), settledPos());
    },
    reopenFrom: (pos) => {
      const positions = reopen.all(pos).sort((a, b) => a - b);
      lowerMarks(pos);
      return positions;
    },
    startIncarnation: (id, atPos, startedAt) => {
      removeEmptyIncarnation.run(atPos);
      insertIncarnation.run(atPos, id, startedAt);
      move.run(id, atPos, atPos);
      current = undefined;
    },
    getCommand: (pos) => {
      const row = command.get(pos);
      if (row === undefined) throw new AppError('store/damaged', `Entry ${pos} of the outbox is missing.`);
      expectWhole(row);
      const { body, bodySum: _sum, ...rest } = row;
      return { ...rest, envelope: parseEnvelope(body) };
    },
    counts: () => {
      const waiting = lastPos - ackedPos();
      const arriving = settledPos() === ackedPos() ? 0 : (countUnsettled.get(settledPos(), ackedPos()) ?? 0);
      const oldest = waiting === 0 ? undefined : waitingRows.get(ackedPos(), 1);
      return {
        waiting,
        unsettled: waiting + arriving,
        refused: lists.countRefused(),
        oldestWaitingAt: oldest?.createdAt ?? null,
      };
    },
    idAt: (pos) => idAt.get(pos),
    reload: () => {
      lastPos = lastPosition();
      lastLamport = lastLamportNumber();
      current = undefined;
      marks = readMarks.get() ?? { acked: 0, settled: 0 };
      isKnown.acked = false;
      isKnown.settled = false;
    },
    list: (filter, limit) => lists.list(filter, ackedPos(), limit),
    listRefused: (limit) => lists.listRefused(limit),
  };
}

function parseEnvelope(body: string): Envelope {
  const parsed = Envelope.safeParse(JSON.parse(body));
  if (!parsed.success) throw new AppError('store/damaged', 'An entry of the outbox cannot be read. Call support.');
  return parsed.data;
}

import { crc32 } from 'node:zlib';
import type Database from 'better-sqlite3';
import type { MirrorEntry, MirrorSeries } from './mirror-record.ts';
import { DamagedEntry } from './outbox-rows.ts';

/** The outbox as its mirror sees it: entries and series whole, to be written elsewhere and to be put back. */
export interface OutboxCopyRows {
  /** Entries above a position, oldest first. Throws DamagedEntry. */
  listAfter(pos: number, limit: number): MirrorEntry[];
  listSeries(): MirrorSeries[];
  /** The ids of all entries that are kept here. */
  listIds(): Set<string>;
  /** The oldest position that is kept here; `undefined` when there is none. */
  findFirstPos(): number | undefined;
  /** Everything up to here is acknowledged and its rows have arrived. */
  settledPos(): number;
  /** Puts an entry back at its own place, waiting. */
  putBack(entry: MirrorEntry): void;
  /** Makes a series known, or raises its next receipt number; never lowers it. */
  raiseSeries(series: MirrorSeries): void;
}

export function outboxCopyRows(db: Database.Database): OutboxCopyRows {
  const after = db.prepare<[number, number], Omit<MirrorEntry, 'what'> & { bodySum: number | null }>(
    `SELECT pos, incarnation AS series, seq, lamport, device_id AS deviceId, id, endpoint, method,
            idempotency_key AS idempotencyKey, created_at AS createdAt, touches, body, body_sum AS bodySum
     FROM outbox WHERE pos > ? ORDER BY pos LIMIT ?`,
  );
  const series = db.prepare<[], MirrorSeries>(
    'SELECT first_pos AS firstPos, id, next_receipt AS nextReceipt, started_at AS startedAt FROM incarnation ORDER BY first_pos',
  );
  const ids = db.prepare<[], string>('SELECT id FROM outbox').pluck();
  const firstPos = db.prepare<[], number | null>('SELECT min(pos) FROM outbox').pluck();
  const settled = db.prepare<[], number>('SELECT settled_pos FROM outbox_mark').pluck();
  const insert = db.prepare(
    `INSERT INTO outbox (pos, incarnation, seq, lamport, device_id, id, endpoint, method, body, idempotency_key, created_at, touches, body_sum, status)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'PENDING')`,
  );
  const raise = db.prepare('UPDATE incarnation SET next_receipt = max(next_receipt, ?) WHERE id = ?');
  const begin = db.prepare('INSERT INTO incarnation (first_pos, id, next_receipt, started_at) VALUES (?, ?, ?, ?)');
  return {
    listAfter: (pos, limit) =>
      after.all(pos, limit).map(({ bodySum, ...row }) => {
        // What is damaged must not become the mirror's word.
        if (bodySum !== null && bodySum !== crc32(row.body)) throw new DamagedEntry(row.pos);
        return { what: 'entry', ...row };
      }),
    listSeries: () => series.all(),
    listIds: () => new Set(ids.all()),
    findFirstPos: () => firstPos.get() ?? undefined,
    settledPos: () => settled.get() ?? 0,
    putBack: (entry) => {
      insert.run(
        entry.pos,
        entry.series,
        entry.seq,
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
    },
    raiseSeries: ({ firstPos: first, id, nextReceipt, startedAt }) => {
      if (raise.run(nextReceipt, id).changes === 0) begin.run(first, id, nextReceipt, startedAt);
    },
  };
}

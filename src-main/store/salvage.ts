import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import Database from 'better-sqlite3';
import { Envelope } from '#shared/commands/envelope.ts';
import type { Log } from '#shared/kernel/log.ts';
import type { MirrorCopy } from './mirror-files.ts';
import { MirrorEntry, MirrorSeries } from './mirror-record.ts';
import { DATABASE_FILE } from './open-database.ts';

/**
 * Reads what can still be read of a damaged database's outbox, from a copy made in `workFolder`; the damaged files stay
 * as they are. Every entry is checked by itself. Never throws: what cannot be read is not there.
 */
export function salvage(dataDir: string, workFolder: string, log: Log): MirrorCopy {
  const copy: MirrorCopy = {
    head: undefined,
    entries: [],
    series: [],
    last: undefined,
    lastMark: undefined,
    damagedLines: 0,
  };
  let db: Database.Database | undefined;
  try {
    mkdirSync(workFolder, { recursive: true, mode: 0o700 });
    for (const end of ['', '-wal']) {
      const from = join(dataDir, DATABASE_FILE + end);
      if (existsSync(from)) copyFileSync(from, join(workFolder, DATABASE_FILE + end));
    }
    db = new Database(join(workFolder, DATABASE_FILE), { fileMustExist: true });
    db.pragma('locking_mode = EXCLUSIVE');
    db.pragma('cell_size_check = ON');
    readHead(db, copy);
    readEntries(db, copy);
  } catch (error) {
    log(`store: the damaged file could be read in parts only: ${String(error)}`);
  }
  try {
    db?.close();
  } catch {
    // A copy of a damaged file; nobody needs it any more.
  }
  return copy;
}

function readHead(db: Database.Database, copy: MirrorCopy): void {
  const enrolment = db.prepare<[], string>("SELECT value FROM meta WHERE key = 'enrolment'").pluck().get() ?? null;
  copy.head = { what: 'head', version: 1, enrolment, series: [], last: null };
  const rows = db
    .prepare('SELECT first_pos AS firstPos, id, next_receipt AS nextReceipt, started_at AS startedAt FROM incarnation')
    .all();
  copy.series = rows.flatMap((row) => MirrorSeries.safeParse(row).data ?? []);
}

function readEntries(db: Database.Database, copy: MirrorCopy): void {
  const isSummed = db.prepare("SELECT 1 FROM pragma_table_info('outbox') WHERE name = 'body_sum'").get() !== undefined;
  const rows = db
    .prepare(
      `SELECT 'entry' AS what, pos, incarnation AS series, seq, lamport, device_id AS deviceId, id, endpoint, method,
              idempotency_key AS idempotencyKey, created_at AS createdAt, touches, body, ${isSummed ? 'body_sum' : 'NULL'} AS bodySum
       FROM outbox WHERE pos > ? ORDER BY pos DESC`,
    )
    .iterate(db.prepare<[], number>('SELECT settled_pos FROM outbox_mark').pluck().get() ?? 0);
  for (const row of rows) {
    const entry = MirrorEntry.safeParse(row).data;
    const sum = (row as { bodySum: number | null }).bodySum;
    if (entry !== undefined && (sum === null || sum === crc32(entry.body)) && isWhole(entry)) copy.entries.push(entry);
  }
}

/** A command whose envelope can be read and bears the id of its entry. */
function isWhole(entry: MirrorEntry): boolean {
  try {
    return Envelope.safeParse(JSON.parse(entry.body)).data?.id === entry.id;
  } catch {
    return false;
  }
}

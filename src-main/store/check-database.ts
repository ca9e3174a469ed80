import { Worker } from 'node:worker_threads';
import type Database from 'better-sqlite3';

/** What a whole check of a database file says. */
export interface DatabaseCheck {
  /** Why it is not to be trusted. */
  problem: string | undefined;
  schema: number;
  lastPos: number;
  hasEnrolment: boolean;
}

/**
 * Opens a closed database file and checks every page and index of it. Never throws. It refers to nothing around it: its text also
 * runs in a thread of its own, where a minute of reading keeps nobody waiting.
 */
export function checkDatabase(
  Sqlite: typeof Database,
  sumOf: (text: string, before?: number) => number,
  path: string,
): DatabaseCheck {
  const check: DatabaseCheck = { problem: undefined, schema: 0, lastPos: 0, hasEnrolment: false };
  let db: Database.Database | undefined;
  try {
    db = new Sqlite(path, { fileMustExist: true });
    // No other process reads it: no memory to share, no files left beside it.
    db.pragma('locking_mode = EXCLUSIVE');
    const found = db.pragma('integrity_check(3)', { simple: true });
    check.schema = Number(db.pragma('user_version', { simple: true }));
    check.lastPos = Number(db.prepare('SELECT coalesce(max(pos), 0) FROM outbox').pluck().get());
    check.hasEnrolment = db.prepare("SELECT 1 FROM meta WHERE key = 'enrolment'").get() !== undefined;
    if (found !== 'ok') check.problem = String(found);
    const isSummed =
      db.prepare("SELECT 1 FROM pragma_table_info('outbox') WHERE name = 'body_sum'").get() !== undefined;
    if (isSummed) {
      const bodies = db.prepare('SELECT pos, body, body_sum FROM outbox WHERE body_sum IS NOT NULL').raw();
      for (const [pos, body, sum] of bodies.iterate() as IterableIterator<[number, string, number]>) {
        if (sumOf(body) !== sum) check.problem = `entry ${pos} of the outbox is not what was written`;
      }
    }
    // As entity-sums.ts has it.
    if (db.prepare("SELECT 1 FROM pragma_table_info('entity') WHERE name = 'sum'").get() !== undefined) {
      type Row = [kind: string, id: string, body: string | null, base: string | null, sum: number | null];
      for (const [kind, id, body, base, sum] of db
        .prepare('SELECT kind, id, body, base, sum FROM entity')
        .raw()
        .iterate() as IterableIterator<Row>) {
        if (sumOf(base ?? '\0', sumOf(body ?? '\0', sumOf(`${kind}\0${id}\0`))) !== sum)
          check.problem = `the row ${kind} ${id} is not what was written`;
      }
    }
  } catch (error) {
    check.problem = error instanceof Error ? error.message : String(error);
  } finally {
    db?.close();
  }
  return check;
}

/** `checkDatabase` in a thread of its own. Rejects only when there is no thread to be had. */
export function checkInBackground(path: string): Promise<DatabaseCheck> {
  // As text: a bundle has no file of its own for a thread to begin with.
  const code = `const { createRequire } = require('node:module');
const { parentPort, workerData } = require('node:worker_threads');
const check = ${checkDatabase.toString()};
const { crc32 } = require('node:zlib');
const Sqlite = createRequire(workerData.from)('better-sqlite3');
parentPort.postMessage(check(Sqlite, crc32, workerData.path));`;
  return new Promise((resolve, reject) => {
    const worker = new Worker(code, { eval: true, workerData: { from: import.meta.url, path } });
    worker.once('message', (check: DatabaseCheck) => resolve(check));
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the check ended without an answer')));
  });
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { AppError } from '#shared/kernel/errors.ts';
import { hasSpoiledRow, registerSums } from './entity-sums.ts';
import { lockInstance } from './instance-lock.ts';
import { migrate, SCHEMA_VERSION } from './migrations.ts';
import { storeError } from './store-errors.ts';

export const DATABASE_FILE = 'terminal.db';

export interface OpenDatabase {
  db: Database.Database;
  /** Closes the file and lets go of the folder. */
  close(): void;
}

/** Takes a data folder for this process alone; made when it is missing. Returns the function that lets go. */
export function lockFolder(dataDir: string): () => void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    return lockInstance(dataDir);
  } catch (error) {
    throw storeError(error);
  }
}

/**
 * Opens the terminal's database for this process alone. Refuses to start unless every setting that durability rests on
 * reads back as asked. `release` lets go of a lock that the caller has taken; it is called with `close` only.
 * Throws `store/in-use`, `store/not-writable`, `store/newer`, `store/damaged`, `store/full`.
 */
export function openDatabase(dataDir: string, release?: () => void): OpenDatabase {
  const unlock = release ?? lockFolder(dataDir);
  let db: Database.Database | undefined;
  try {
    db = new Database(join(dataDir, DATABASE_FILE));
    prepare(db);
  } catch (error) {
    db?.close();
    if (release === undefined) unlock();
    throw storeError(error);
  }
  const opened = db;
  return {
    db: opened,
    close: () => {
      opened.close();
      unlock();
    },
  };
}

function prepare(db: Database.Database): void {
  // This process alone has the folder: without shared memory a transaction needs no file lock of its own.
  // Before anything is read: it counts from the first access on.
  db.pragma('locking_mode = EXCLUSIVE');
  if ((db.pragma('user_version', { simple: true }) as number) > SCHEMA_VERSION) throw newerOrDamaged(db);
  if (db.pragma('quick_check(1)', { simple: true }) !== 'ok') throw new AppError('store/damaged');
  db.pragma('busy_timeout = 5000');
  db.pragma('journal_mode = WAL');
  // The build's default in WAL is NORMAL, which may lose the last commits when the power goes.
  db.pragma('synchronous = FULL');
  db.pragma('foreign_keys = ON');
  // Checkpoints run when the terminal is idle (checkpoint.ts), never inside a tap.
  db.pragma('wal_autocheckpoint = 0');
  db.pragma('journal_size_limit = 67108864');
  db.pragma('cache_size = -32000');
  registerSums(db);
  migrateUndamaged(db);
  if (hasSpoiledRow(db)) throw new AppError('store/damaged');
  db.exec(`
    CREATE TEMP TABLE stage (
      kind TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT, state TEXT, day TEXT, PRIMARY KEY (kind, id)
    ) STRICT;
    CREATE TEMP TABLE stage_day (
      order_id TEXT NOT NULL, day TEXT NOT NULL, sales_minor INTEGER NOT NULL, cash_minor INTEGER NOT NULL,
      momo_minor INTEGER NOT NULL, card_minor INTEGER NOT NULL, orders INTEGER NOT NULL, PRIMARY KEY (order_id, day)
    ) STRICT;
  `);
  db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)').run('schema', String(SCHEMA_VERSION));
  // Only now: on a new file `synchronous` reads FULL until the first write, whatever it is.
  expectPragma(db, 'journal_mode', 'wal');
  expectPragma(db, 'synchronous', 2);
  expectPragma(db, 'foreign_keys', 1);
  expectPragma(db, 'busy_timeout', 5000);
  expectPragma(db, 'wal_autocheckpoint', 0);
}

/** Both numbers of the version were written together: one of them alone is no newer version. */
function newerOrDamaged(db: Database.Database): AppError {
  try {
    const written = db.prepare("SELECT value FROM meta WHERE key = 'schema'").pluck().get();
    const isSame = Number(written) === db.pragma('user_version', { simple: true });
    return new AppError(isSame ? 'store/newer' : 'store/damaged');
  } catch {
    return new AppError('store/damaged');
  }
}

/** Tables that are there already, or are missing, are no state that a migration ever left. */
function migrateUndamaged(db: Database.Database): void {
  try {
    migrate(db);
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code === 'SQLITE_ERROR') throw new AppError('store/damaged');
    throw error;
  }
}

/** Throws `store/not-writable` when a setting did not take: selling on would risk what was sold. */
export function expectPragma(db: Database.Database, name: string, wanted: string | number): void {
  const found = db.pragma(name, { simple: true });
  if (found === wanted) return;
  throw new AppError(
    'store/not-writable',
    `This disk cannot keep sales safe (${name} is ${String(found)}, not ${wanted}). Put the data folder on a local disk.`,
  );
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { AppError } from '#shared/kernel/errors.ts';
import { lockInstance } from './instance-lock.ts';
import { migrate, SCHEMA_VERSION } from './migrations.ts';
import { storeError } from './store-errors.ts';

export const DATABASE_FILE = 'terminal.db';

export interface OpenDatabase {
  db: Database.Database;
  /** Closes the file and lets go of the folder. */
  close(): void;
}

/**
 * Opens the terminal's database for this process alone. Refuses to start unless every setting that durability rests on
 * reads back as asked. Throws `store/in-use`, `store/not-writable`, `store/newer`, `store/damaged`, `store/full`.
 */
export function openDatabase(dataDir: string): OpenDatabase {
  let unlock: (() => void) | undefined;
  let db: Database.Database | undefined;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    unlock = lockInstance(dataDir);
    db = new Database(join(dataDir, DATABASE_FILE));
    prepare(db);
  } catch (error) {
    db?.close();
    unlock?.();
    throw storeError(error);
  }
  const opened = db;
  const release = unlock;
  return {
    db: opened,
    close: () => {
      opened.close();
      release();
    },
  };
}

function prepare(db: Database.Database): void {
  // This process alone has the folder: without shared memory a transaction needs no file lock of its own.
  // Before anything is read: it counts from the first access on.
  db.pragma('locking_mode = EXCLUSIVE');
  if ((db.pragma('user_version', { simple: true }) as number) > SCHEMA_VERSION) throw new AppError('store/newer');
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
  migrate(db);
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

/** Throws `store/not-writable` when a setting did not take: selling on would risk what was sold. */
export function expectPragma(db: Database.Database, name: string, wanted: string | number): void {
  const found = db.pragma(name, { simple: true });
  if (found === wanted) return;
  throw new AppError(
    'store/not-writable',
    `This disk cannot keep sales safe (${name} is ${String(found)}, not ${wanted}). Put the data folder on a local disk.`,
  );
}

import { join } from 'node:path';
import Database from 'better-sqlite3';
import { AppError } from '#shared/kernel/errors.ts';
import { storeError } from './store-errors.ts';

/**
 * Takes the lock of a data folder: an exclusive transaction on a small file of its own, which is an OS lock and dies with
 * the process however that ends. Returns the function that lets go. Throws `store/in-use`.
 */
export function lockInstance(dataDir: string): () => void {
  let db: Database.Database | undefined;
  try {
    db = new Database(join(dataDir, 'terminal.lock'), { timeout: 0 });
    // In memory: a journal file would stay behind after a crash.
    db.pragma('journal_mode = MEMORY');
    db.exec('BEGIN EXCLUSIVE');
    const held = db;
    return () => held.close();
  } catch (error) {
    db?.close();
    const isBusy = error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
    throw isBusy ? new AppError('store/in-use') : storeError(error);
  }
}

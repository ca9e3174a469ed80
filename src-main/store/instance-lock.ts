import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { AppError } from '#shared/kernel/errors.ts';
import { isDamage, storeError } from './store-errors.ts';

/**
 * Takes the lock of a data folder: an exclusive transaction on a small file of its own, which is an OS lock and dies with
 * the process however that ends. Returns the function that lets go. Throws `store/in-use`.
 */
export function lockInstance(dataDir: string): () => void {
  const path = join(dataDir, 'terminal.lock');
  try {
    return hold(path);
  } catch (error) {
    if (isDamage(error)) {
      // It is empty by rights. Nobody can hold what nobody can read; the same file is emptied, not another one made.
      truncateSync(path);
      return lockInstance(dataDir);
    }
    const isBusy = error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
    throw isBusy ? new AppError('store/in-use') : storeError(error);
  }
}

function hold(path: string): () => void {
  const db = new Database(path, { timeout: 0 });
  try {
    // In memory: a journal file would stay behind after a crash.
    db.pragma('journal_mode = MEMORY');
    db.exec('BEGIN EXCLUSIVE');
    return () => db.close();
  } catch (error) {
    db.close();
    throw error;
  }
}

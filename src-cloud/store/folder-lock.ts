import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { AppError } from '#shared/kernel/errors.ts';

const LOCK_FILE = 'cloud.lock';

/**
 * Takes the data folder for this process; the returned function gives it back. The lock is the operating system's (an SQLite file held in
 * an exclusive transaction), so it ends with the process however that ends.
 * Throws `store/in-use` when another process holds it, `store/not-writable` when the folder cannot be made or written.
 */
export function lockFolder(folder: string): () => void {
  let file: Sqlite.Database | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    file = new Sqlite(join(folder, LOCK_FILE), { timeout: 0 });
    // No journal file is left behind: the transaction writes nothing.
    file.pragma('journal_mode = MEMORY');
    file.exec('begin exclusive');
  } catch (error) {
    file?.close();
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
    if (code.startsWith('SQLITE_BUSY')) {
      throw new AppError(
        'store/in-use',
        `ChefCloud's cloud is already running on ${folder}. Stop it first, or choose another folder.`,
      );
    }
    throw new AppError(
      'store/not-writable',
      `The data folder ${folder} cannot be written. Check its rights and the disk.`,
    );
  }
  const held = file;
  return () => {
    held.close();
  };
}

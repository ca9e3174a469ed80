import Database from 'better-sqlite3';
import { AppError } from '#shared/kernel/errors.ts';

/** Turns what SQLite or the file system says into an error for people; anything else comes back as it is. */
export function storeError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  const code = codeOf(error);
  if (code === undefined) return error;
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'EDQUOT') return new AppError('store/full');
  if (isDamage(error)) return new AppError('store/damaged');
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_PERM')) {
    return new AppError('store/not-writable');
  }
  if (code.startsWith('SQLITE_IOERR')) return new AppError('store/not-writable');
  return NOT_WRITABLE.has(code) ? new AppError('store/not-writable') : error;
}

const NOT_WRITABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT', 'EIO', 'EISDIR', 'ELOOP']);

/** Whether SQLite found that the file itself is damaged. */
export function isDamage(error: unknown): boolean {
  const code = error instanceof Database.SqliteError ? error.code : '';
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB';
}

function codeOf(error: unknown): string | undefined {
  if (error instanceof Database.SqliteError) return error.code;
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/** Runs `work`; errors of SQLite and the file system come out as AppError. */
export function withStoreErrors<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storeError(error);
  }
}

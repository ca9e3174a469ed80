import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BACKUPS_KEPT } from './retention.ts';

/** Where backups lie, below the data folder and below the second drive's. */
export const BACKUP_FOLDER = 'backups';

/** A backup: it bears this name only when it has been checked. */
export interface BackupFile {
  path: string;
  madeMs: number;
  /** The last entry of the outbox that is in it. */
  lastPos: number;
}

const FORM = /^terminal-(\d{13})-(\d{12})\.db$/;

export function backupFileName(madeMs: number, lastPos: number): string {
  return `terminal-${String(madeMs).padStart(13, '0')}-${String(lastPos).padStart(12, '0')}.db`;
}

/** The backups of a folder, newest first; none when it cannot be read. */
export function listBackups(folder: string): BackupFile[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .flatMap((name) => {
      const match = FORM.exec(name);
      return match === null ? [] : [{ path: join(folder, name), madeMs: Number(match[1]), lastPos: Number(match[2]) }];
    })
    .sort(newestFirst);
}

/** What the terminal knew counts, not what its clock said. */
export function newestFirst(a: BackupFile, b: BackupFile): number {
  return b.lastPos - a.lastPos || b.madeMs - a.madeMs;
}

/** Which backups may go: beside the newest, one a day is kept, and no more than fits. `bytes` is the size of one. */
export function listSuperfluous(backups: readonly BackupFile[], bytes: number): BackupFile[] {
  const most = Math.max(3, Math.floor(BACKUPS_KEPT.bytes / Math.max(1, bytes)));
  const days = new Set<number>();
  let kept = 0;
  return backups.filter((backup, index) => {
    const day = Math.floor(backup.madeMs / 86_400_000);
    const isFirstOfDay = !days.has(day) && days.size < BACKUPS_KEPT.days;
    if (isFirstOfDay) days.add(day);
    const isKept = kept < most && (index < BACKUPS_KEPT.newest || isFirstOfDay);
    if (isKept) kept += 1;
    return !isKept;
  });
}

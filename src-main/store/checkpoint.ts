import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import type { Log } from '#shared/kernel/log.ts';

// A log this long slows reads down; it is taken in even while taps go on, between two of them.
export const LARGE_LOG_BYTES = 16 * 1024 * 1024;

/** Moves the write-ahead log into the database file: when the terminal is idle, never inside a tap. */
export interface Checkpoints {
  /** Length of the log, bytes. */
  logBytes(): number;
  /** Takes in what there is; never waits. */
  run(): void;
}

export function checkpoints(db: Database.Database, log: Log): Checkpoints {
  const logBytes = (): number => statSync(`${db.name}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  return {
    logBytes,
    run: () => {
      try {
        // The file stays as long as it is: writing over it again costs half the flush of a file that grows.
        db.pragma('wal_checkpoint(PASSIVE)');
      } catch (error) {
        // Nothing is lost: the log stays and is taken in later.
        log(`store: the log could not be taken in: ${String(error)}`);
      }
    },
  };
}

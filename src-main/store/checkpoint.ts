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
  /**
   * Takes in everything and then leaves the database file as it is, so that it can be copied while commits go on into the log.
   * Returns the function that ends this; `undefined` when not everything could be taken in.
   */
  hold(): (() => void) | undefined;
}

export function checkpoints(db: Database.Database, log: Log): Checkpoints {
  let holders = 0;
  const logBytes = (): number => statSync(`${db.name}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  /** Whether everything is in the file. */
  const takeIn = (): boolean => {
    try {
      // The file stays as long as it is: writing over it again costs half the flush of a file that grows.
      const [result] = db.pragma('wal_checkpoint(PASSIVE)') as { log: number; checkpointed: number }[];
      return result !== undefined && result.log === result.checkpointed;
    } catch (error) {
      // Nothing is lost: the log stays and is taken in later.
      log(`store: the log could not be taken in: ${String(error)}`);
      return false;
    }
  };
  return {
    logBytes,
    run: () => {
      if (holders === 0) takeIn();
    },
    hold: () => {
      if (holders === 0 && !takeIn()) return undefined;
      holders += 1;
      let isHeld = true;
      return () => {
        if (isHeld) holders -= 1;
        isHeld = false;
      };
    },
  };
}

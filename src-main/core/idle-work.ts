import type { Clock } from '#shared/kernel/clock.ts';
import type { Log } from '#shared/kernel/log.ts';
import { LARGE_LOG_BYTES } from '../store/checkpoint.ts';
import { removeOld } from '../store/retention.ts';
import type { Store } from '../store/store.ts';

const IDLE_MS = 1_000;
const WORTH_BYTES = 256 * 1024;
const FIRST_CLEANING_MS = 10 * 60_000;
const CLEANING_EVERY_MS = 24 * 3_600_000;

/** What the terminal does for its file while nobody is tapping: checkpoints, and once a day what is too old. */
export interface IdleWork {
  /** Something was committed. */
  noteCommit(): void;
  stop(): void;
}

/** `keptDays`: how long closed orders stay here; the default of the retention when missing. */
export function startIdleWork(store: Store, clock: Clock, log: Log, keptDays?: number): IdleWork {
  let lastCommitMs = 0;
  let cancelCheckpoint: (() => void) | undefined;

  const look = (): void => {
    cancelCheckpoint = undefined;
    const bytes = store.checkpoints.logBytes();
    // Never idle for long: a long log is taken in between two taps all the same.
    const isIdle = clock.now() - lastCommitMs >= IDLE_MS;
    if (bytes > LARGE_LOG_BYTES || (isIdle && bytes > WORTH_BYTES)) store.checkpoints.run();
    if (!isIdle) arm();
  };
  const arm = (): void => {
    cancelCheckpoint ??= clock.after(IDLE_MS, look);
  };

  const clean = (): void => {
    try {
      const removed = removeOld(store, clock.now(), keptDays);
      if (removed > 0) log(`store: ${removed} rows older than the retention were removed`);
    } catch (error) {
      log(`store: old rows could not be removed: ${String(error)}`);
    }
    cancelCleaning = clock.after(CLEANING_EVERY_MS, clean);
  };
  let cancelCleaning = clock.after(FIRST_CLEANING_MS, clean);

  return {
    noteCommit: () => {
      lastCommitMs = clock.now();
      arm();
    },
    stop: () => {
      cancelCheckpoint?.();
      cancelCleaning();
    },
  };
}

import type { Outcome } from '#shared/commands/engine.ts';
import type { Clock } from '#shared/kernel/clock.ts';
import { AppError } from '#shared/kernel/errors.ts';

/** So many commands in a row that fail inside, with none in between that does not, are no fault of the commands. */
const MOST_IN_A_ROW = 20;
/** So long somebody has to mend the cloud. Then they are recorded all the same: nothing blocks a queue for good. */
const HOLD_MS = 15 * 60_000;

/**
 * Keeps a cloud that is broken as a whole (a bad release, a spoiled schema) from writing off what every terminal sends. One bad entry is
 * recorded as refused or flagged, so that it holds nothing up; when everything fails, the terminals keep their entries for a while.
 */
export interface PoisonBrake {
  /**
   * Hears what a batch came to, before it is committed; the function it returns is called after that. Throws `server/busy` while the
   * brake holds: nothing of the batch may be kept then.
   */
  check(outcomes: readonly Outcome[]): () => void;
}

export function createPoisonBrake(clock: Clock, alarm: (inARow: number) => void): PoisonBrake {
  let inARow = 0;
  let sinceMs: number | undefined;
  return {
    check: (outcomes) => {
      let run = inARow;
      for (const outcome of outcomes) {
        run = hasFailedInside(outcome) ? run + 1 : 0;
        if (run > 0) sinceMs ??= clock.now();
        if (run < MOST_IN_A_ROW || clock.now() - (sinceMs ?? 0) >= HOLD_MS) continue;
        alarm(run);
        throw new AppError('server/busy');
      }
      return () => {
        if (outcomes.length === 0) return;
        inARow = run;
        if (run === 0) sinceMs = undefined;
      };
    },
  };
}

function hasFailedInside(outcome: Outcome): boolean {
  if (outcome.status === 'rejected') return outcome.error.code === 'internal';
  return outcome.flags.some((flag) => flag.code === 'failed-inside');
}

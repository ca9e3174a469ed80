import type { Clock } from '#shared/kernel/clock.ts';

/** Runs `work` at once, and for calls that come faster than `everyMs` once more at the end of that time. */
export interface Throttle {
  call(): void;
  stop(): void;
}

export function createThrottle(clock: Clock, everyMs: number, work: () => void): Throttle {
  let lastMs = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | undefined;
  const run = (): void => {
    cancel = undefined;
    lastMs = clock.now();
    work();
  };
  return {
    call: () => {
      if (cancel !== undefined) return;
      const elapsedMs = clock.now() - lastMs;
      // A clock that jumped back must not hold the next call up.
      if (elapsedMs >= everyMs || elapsedMs < 0) run();
      else cancel = clock.after(everyMs - elapsedMs, run);
    },
    stop: () => cancel?.(),
  };
}

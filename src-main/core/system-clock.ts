import type { Clock } from '#shared/kernel/clock.ts';

/** The clock of the machine. The one place of the terminal that asks the system for the time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, fn) => {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/** Waits that grow 1 s, 2 s, 4 s … to 60 s with full jitter, so that a thousand terminals do not come back at once. */
export interface Backoff {
  /** The next wait in ms; not shorter than `atLeastMs` (the cloud's Retry-After). */
  next(atLeastMs?: number): number;
  reset(): void;
}

/** `random` gives numbers in [0, 1). */
export function createBackoff(random: () => number): Backoff {
  let failures = 0;
  return {
    next: (atLeastMs = 0) => {
      const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** failures);
      failures += 1;
      return Math.max(atLeastMs, Math.round(random() * ceiling));
    },
    reset: () => {
      failures = 0;
    },
  };
}

const FIRST_MS = 250;
const LONGEST_MS = 5_000;

/**
 * How long to wait before try number `attempt` (from 0), in ms: doubling up to 5 s, the upper half of it by chance.
 * A screen on the same network may come back quickly. `random`: 0 to 1.
 */
export function nextRetryMs(attempt: number, random: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(full / 2 + (full / 2) * random);
}

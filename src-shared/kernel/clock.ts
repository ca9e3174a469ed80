/** The only source of time. Product code never asks the system itself, so that tests and the simulation own time. */
export interface Clock {
  /** Wall clock in milliseconds since the epoch. May jump; never use it to order events. */
  now(): number;
  /** Runs `fn` once after `ms` milliseconds; the returned function cancels it. */
  after(ms: number, fn: () => void): () => void;
}

/** ISO 8601 in UTC with milliseconds. */
export function isoAt(ms: number): string {
  return new Date(ms).toISOString();
}

import type { Clock } from '#shared/kernel/clock.ts';

/** Time that stands still until a test moves it. */
export class FakeClock implements Clock {
  #nowMs: number;
  readonly #startMs: number;
  #serial = 0;
  readonly #timers = new Map<number, { atMs: number; fn: () => void }>();

  constructor(startsAt = '2026-03-02T12:00:00.000Z') {
    this.#startMs = Date.parse(startsAt);
    this.#nowMs = this.#startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  after(ms: number, fn: () => void): () => void {
    this.#serial += 1;
    const id = this.#serial;
    this.#timers.set(id, { atMs: this.#nowMs + Math.max(0, ms), fn });
    return () => {
      this.#timers.delete(id);
    };
  }

  /** Goes back to where it started; timers that wait keep their time. */
  reset(): void {
    this.#nowMs = this.#startMs;
  }

  /** Timers that wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Lets `ms` pass; timers that come due run in their order, at their own time. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers]
        .filter(([, { atMs }]) => atMs <= endMs)
        .toSorted(([a, x], [b, y]) => x.atMs - y.atMs || a - b);
      if (next === undefined) break;
      const [id, timer] = next;
      this.#timers.delete(id);
      this.#nowMs = Math.max(this.#nowMs, timer.atMs);
      timer.fn();
    }
    this.#nowMs = endMs;
  }
}

import type { Clock } from '#shared/kernel/clock.ts';

/** What a process may do ends with it: timers and messages of the dead are dropped. */
export interface Life {
  isAlive: boolean;
}

interface Event {
  atMs: number;
  serial: number;
  life: Life;
  isCancelled: boolean;
  run(): void;
}

/** The one queue of everything that happens later, in true time. Nothing happens but by `runNext`. */
export class SimTime {
  nowMs: number;
  /** Events that were queued or have run: a world in which this does not move rests. */
  activity = 0;
  #serial = 0;
  readonly #heap: Event[] = [];

  constructor(startsAt: string) {
    this.nowMs = Date.parse(startsAt);
  }

  /** Runs `fn` after `ms`, unless `life` has ended by then. Events of one moment run in the order in which they were asked for. */
  after(ms: number, life: Life, fn: () => void): () => void {
    this.#serial += 1;
    this.activity += 1;
    const event: Event = {
      atMs: this.nowMs + Math.max(0, ms),
      serial: this.#serial,
      life,
      isCancelled: false,
      run: fn,
    };
    this.#push(event);
    return () => {
      event.isCancelled = true;
    };
  }

  /** Lets the next event that is due by `untilMs` happen, at its time; false when there is none. */
  runNext(untilMs: number): boolean {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > untilMs) return false;
      this.#pop();
      if (next.isCancelled || !next.life.isAlive) continue;
      this.nowMs = Math.max(this.nowMs, next.atMs);
      this.activity += 1;
      next.run();
      return true;
    }
  }

  /** Time passes without anything happening (machines that sleep): what was due happens late. */
  skip(ms: number): void {
    this.nowMs += ms;
  }

  /** The clock that a process sees, off by `offset()` ms. */
  clock(life: Life, offset: () => number = () => 0): Clock {
    return {
      now: () => Math.round(this.nowMs + offset()),
      after: (ms, fn) => (life.isAlive ? this.after(ms, life, fn) : () => undefined),
    };
  }

  #isBefore(a: Event, b: Event): boolean {
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.serial < b.serial);
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let place = heap.push(event) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !this.#isBefore(event, above)) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      let least = heap[left];
      if (least === undefined) break;
      let at = left;
      const right = heap[left + 1];
      if (right !== undefined && this.#isBefore(right, least)) [least, at] = [right, left + 1];
      if (!this.#isBefore(least, last)) break;
      heap[place] = least;
      place = at;
    }
    heap[place] = last;
  }
}

import { wallMs } from './determinism.ts';
import { Finding } from './sim-types.ts';

/** What is under way in this process and does not wait for the clock. */
export class Work {
  /** Requests and statements that were begun by the living and have not ended. */
  readonly #busy = new Map<object, number>();
  activity = 0;

  begin(owner: object): void {
    this.activity += 1;
    this.#busy.set(owner, (this.#busy.get(owner) ?? 0) + 1);
  }

  end(owner: object): void {
    this.activity += 1;
    const left = (this.#busy.get(owner) ?? 0) - 1;
    if (left > 0) this.#busy.set(owner, left);
    else this.#busy.delete(owner);
  }

  /** Nothing that it has begun will end. */
  forget(owner: object): void {
    this.#busy.delete(owner);
  }

  /** Resolves when nothing moves any more. `pulse` changes whenever something does. */
  async settle(pulse: () => number): Promise<void> {
    const beganMs = wallMs();
    let calm = 0;
    let seen = -1;
    while (calm < CALM_TURNS) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const now = this.activity + pulse();
      calm = this.#busy.size > 0 || now !== seen ? 0 : calm + 1;
      seen = now;
      if (calm === 0 && wallMs() - beganMs > STUCK_MS)
        throw new Finding('liveness', 'something inside the cloud or a terminal waits for ever');
    }
  }
}

const CALM_TURNS = 4;
const STUCK_MS = 20_000;

import { hash, verify } from '@node-rs/argon2';
import type { Clock } from '#shared/kernel/clock.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { AppError } from '#shared/kernel/errors.ts';
import type { Store } from '../store/store.ts';

const TRIES = 5;
const FIRST_LOCK_MS = 60_000;
// Doubling for ever would lock somebody out of their own restaurant.
const LONGEST_LOCK_MS = 24 * 3_600_000;

/** PINs of this terminal's people: hashed with a secret that lies outside the database, and locked after wrong tries. */
export interface Pins {
  /** An argon2id hash as a PHC text, about 30 ms. */
  hash(pin: string): Promise<string>;
  /** Throws `auth/wrong-pin`, or `auth/locked` with the wait: five wrong → one minute, then two, four … per person. */
  check(staffId: string, pin: string): Promise<void>;
  lockedUntilAt(staffId: string): string | null;
  liftLock(staffId: string): void;
}

export function createPins(store: Store, clock: Clock, pepper: Uint8Array): Pins {
  const { lockouts, entities } = store;
  // The package's defaults are argon2id with OWASP's costs (19 MiB, two passes).
  const secret = { secret: pepper };

  /** Counts a try before it is looked at: tries at the same time on ten screens are ten tries. */
  const countTry = (staffId: string): number | undefined => {
    const nowMs = clock.now();
    const { failures = 0, locks = 0, lockedUntilMs = 0 } = lockouts.find(staffId) ?? {};
    if (lockedUntilMs > nowMs) throw locked(lockedUntilMs - nowMs);
    if (failures + 1 < TRIES) {
      store.write(() => lockouts.save(staffId, { failures: failures + 1, locks, lockedUntilMs: 0 }));
      return undefined;
    }
    const lockMs = Math.min(LONGEST_LOCK_MS, FIRST_LOCK_MS * 2 ** locks);
    store.write(() => lockouts.save(staffId, { failures: 0, locks: locks + 1, lockedUntilMs: nowMs + lockMs }));
    return lockMs;
  };

  return {
    hash: (pin) => hash(pin, secret),
    check: async (staffId, pin) => {
      const lockMs = countTry(staffId);
      const credential = entities.find('pin', staffId);
      const isRight = credential !== undefined && (await verify(credential.pinHash, pin, secret).catch(() => false));
      if (isRight) {
        store.write(() => lockouts.remove(staffId));
        return;
      }
      throw lockMs === undefined ? new AppError('auth/wrong-pin') : locked(lockMs);
    },
    lockedUntilAt: (staffId) => {
      const until = lockouts.find(staffId)?.lockedUntilMs ?? 0;
      return until > clock.now() ? isoAt(until) : null;
    },
    liftLock: (staffId) => store.write(() => lockouts.remove(staffId)),
  };
}

function locked(waitMs: number): AppError {
  const minutes = Math.ceil(waitMs / 60_000);
  const text = `Too many wrong PINs. Wait ${minutes === 1 ? 'a minute' : `${minutes} minutes`}, or ask a supervisor.`;
  return new AppError('auth/locked', text, { retryAfterMs: waitMs });
}

import { Finding, type SimWorld } from '../sim-types.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { CloudState } from './cloud-state.ts';

/** What a law is held against. */
export interface Facts {
  world: SimWorld;
  ledger: Ledger;
  cloud: CloudState;
}

/** Ends the check with a Finding. */
export type Broken = (detail: string) => never;

/** Throws a Finding when it is broken. Its name is the Finding's `invariant`. */
export interface Law {
  name: string;
  holds(facts: Facts): void;
}

export function defineLaw(name: string, check: (facts: Facts, broken: Broken) => void): Law {
  return {
    name,
    holds: (facts) =>
      check(facts, (detail) => {
        throw new Finding(name, detail);
      }),
  };
}

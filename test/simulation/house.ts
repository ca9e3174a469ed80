import type { Checks, LedgerEvents, Workload } from './sim-types.ts';
import type { Post } from './world.ts';

/** A branch of the run: its people and its checks. */
export interface House {
  workload: Workload;
  checks: Checks;
  /** The checks, with the run listening in. */
  ledger: LedgerEvents;
  posts: Post[];
}

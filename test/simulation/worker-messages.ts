import type { SimSettings } from './faults.ts';
import type { RunResult } from './run-seed.ts';

export interface WorkerOrder {
  settings: SimSettings;
  /** Prints every event. */
  isTold: boolean;
}
export type WorkerAnswer = { isReady: true } | { result: RunResult };

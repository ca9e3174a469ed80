import type { Random } from './sim-types.ts';

/** Every kind of fault there is. A full run counts how often each one happened. */
export const FAULTS = [
  // On the way: each message may meet one.
  'requestLost',
  'answerLost',
  'duplicated',
  'delayed',
  'reordered',
  'answerCut',
  'streamCut',
  'status401',
  'status409',
  'status413',
  'status422',
  'status429',
  'status500',
  'status503',
  'partition',
  'offlineDays',
  // Terminals.
  'terminalCrash',
  'terminalRestored',
  'diskFull',
  'poison',
  'clockJump',
  'oldTillNewCloud',
  'newTillOldCloud',
  // The cloud.
  'cloudCrashBeforeCommit',
  'cloudCrashAfterCommit',
  'cloudRestored',
  'cloudRestoredMovedOn',
  // People.
  'rightTakenOffline',
  'twoTerminalsOneOrder',
] as const;
export type Fault = (typeof FAULTS)[number];

export type FaultCounts = Record<Fault, number>;

export function noFaults(): FaultCounts {
  return Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as FaultCounts;
}

/** A full run in which a kind happened less often says nothing about it, and is red. */
export const FEWEST_OF_A_KIND = 100;

/** What a seed is run with. Everything in it may be set smaller by the shrinker. */
export interface SimSettings {
  seed: number;
  steps: number;
  terminals: number;
  /** Terminals of a second branch of the organisation. */
  elsewhere: number;
  faults: readonly Fault[];
}

/** Swarm testing: each seed has its own subset of the faults, so that none hides behind another. */
export function settingsOf(seed: number, random: Random): SimSettings {
  const share = random.pick([0.15, 0.35, 0.35, 0.6, 0.85]);
  return {
    seed,
    steps: random.int(25, 60),
    terminals: random.pick([2, 2, 3, 3, 4, 5]),
    elsewhere: random.chance(0.2) ? random.int(1, 2) : 0,
    faults: FAULTS.filter((fault) => fault === 'twoTerminalsOneOrder' || random.chance(share)),
  };
}

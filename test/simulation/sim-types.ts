import type { Terminal } from '../../src-main/core/terminal.ts';

/** The only source of chance of a run: the same seed gives the same numbers in the same order. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** An integer from `low` to `high`, both included. */
  int(low: number, high: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** A generator of its own, so that one part drawing more does not move the others. */
  fork(name: string): Random;
}

/** A terminal of the simulated branch. It may be down between a crash and its reopening. */
export interface SimTerminal {
  readonly name: string;
  readonly deviceId: string;
  /** Undefined while it is down. Anything it throws that is no AppError is a finding. */
  readonly terminal: Terminal | undefined;
  /** What its own clock says, which may be a day off. */
  nowMs(): number;
  /** Reads this terminal's own database over the connection that it works with. Only while it is up. */
  query<T>(text: string, parameters?: readonly unknown[]): T[];
}

/** The simulated cloud. Reads go to its real database, whether its process is up or not. */
export interface SimCloud {
  readonly isUp: boolean;
  query<T>(text: string, parameters?: readonly unknown[]): Promise<T[]>;
}

/** The people and things that a run begins with. */
export interface SimBranch {
  orgId: string;
  branchId: string;
  /** At least one active person of each level; the first of a level never loses a right, later ones may. */
  staff: readonly { id: string; level: 'L1' | 'L2' | 'L3' | 'L4' | 'L5' }[];
  items: readonly { id: string; priceMinor: number; station: string }[];
  tables: readonly { id: string }[];
  stockItems: readonly { id: string }[];
}

export interface SimWorld {
  readonly seed: number;
  readonly branch: SimBranch;
  readonly terminals: readonly SimTerminal[];
  readonly cloud: SimCloud;
  /** True time of the run, ms. */
  nowMs(): number;
}

/** A command that a terminal confirmed: `execute` returned. Inputs as the terminal recorded them (its outbox row). */
export interface ConfirmedCommand {
  commandId: string;
  deviceId: string;
  incarnation: string;
  seq: number;
  name: string;
  version: number;
  actorId: string;
  approvedBy?: string;
  at: string;
  businessDay: string;
  input: Record<string, unknown>;
}

/** What the world tells the ledger about things that no till can help. */
export interface LedgerEvents {
  confirmed(command: ConfirmedCommand): void;
  /**
   * A terminal's disk was put back to an older state: these commands were confirmed, and are neither in that state, nor in
   * the cloud, nor in what heals (mirror): they are excused, and must not show up half.
   */
  diskLost(deviceId: string, commandIds: readonly string[]): void;
  /** The cloud's database was put back to an older state: until the terminals have sent again, it may lack what it had. */
  cloudRestored(): void;
  /**
   * The `execute` of this command throws wherever it is run again (the cloud, a rebase): its effect is not expected, but it must
   * end refused, or (physical) applied and flagged, and hold nothing back. Told before `confirmed`.
   */
  poisoned(commandId: string): void;
}

/** Thrown out of a terminal's statement when its process dies there: no finding, the world deals with it. */
export class SimCrash extends Error {
  constructor(where: string) {
    super(`the process died: ${where}`);
    this.name = 'SimCrash';
  }
}

/** A broken promise: what was expected, what was seen, and when. Ends the run red. */
export class Finding extends Error {
  readonly invariant: string;
  constructor(invariant: string, detail: string) {
    super(`${invariant}: ${detail}`);
    this.name = 'Finding';
    this.invariant = invariant;
  }
}

/** What the people of a branch do next. Made once a run. */
export interface Workload {
  /**
   * One physical act at a terminal that is up (a tap, or what belongs together in one transaction). Tells the ledger what was
   * confirmed. A refusal by AppError is normal; anything else thrown is a finding. Returns false when there is nothing sensible to do.
   */
  act(terminal: SimTerminal): boolean;
}

/**
 * How the world makes the workload: `ledger` is the checks with the world listening in. When a terminal dies between its
 * COMMIT and the return of `execute`, the world itself calls `confirmed` at its reopening with what the disk holds.
 */
export type CreateWorkload = (world: SimWorld, random: Random, ledger: LedgerEvents) => Workload;

/** The checks of a run; each throws a Finding. */
export interface Checks extends LedgerEvents {
  /** Cheap, after every step of the run, synchronous: what screens show against what was confirmed. */
  afterStep(): void;
  /** After a pause in which nothing moves: rows of the cloud, outcomes, watermarks. */
  atRest(): Promise<void>;
  /** Everything healed and drained: nothing pending anywhere, all equal, KPIs equal a recompute, drawers balance. */
  atEnd(): Promise<void>;
}

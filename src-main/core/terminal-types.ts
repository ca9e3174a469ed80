import type { z } from 'zod';
import type { Kind, EntityOf } from '#shared/domain/entity.ts';
import type {
  CallOutput,
  CommandCall,
  KpiView,
  LiveRow,
  SessionInfo,
  SyncStatus,
  TerminalInfo,
} from '#shared/contract/bridge.ts';
import type { CallName, EventName } from '#shared/contract/bridge-names.ts';
import type { EnrolRequest } from '#shared/contract/cloud-wire.ts';
import type { Clock } from '#shared/kernel/clock.ts';
import type { Log } from '#shared/kernel/log.ts';

export interface TerminalOptions {
  /** The folder of this terminal's database and key file. Made when it is missing. */
  dataDir: string;
  clock: Clock;
  host: TerminalInfo['host'];
  version: string;
  log: Log;
  fetch?: typeof fetch;
  /** Where the cloud is now, when that is not where it was at the enrolment (another port after a restart). */
  cloudUrl?: string;
  /** How many days closed orders stay on this terminal; 90 when missing. */
  keptDays?: number;
  /** A folder on a second drive, for backups and a second mirror of the outbox. It must exist; many terminals may share it. */
  backupsDir?: string;
  /** False: no mirror and no backups are made or used, as for a terminal that lives for a measurement only. */
  isKeptSafe?: boolean;
  /** Seals what the key file holds (Electron's safeStorage). Without it the file holds the text itself, mode 0600. */
  keySeal?: KeySeal;
}

/** Encrypts and decrypts the text of the key file with a secret of the operating system's. */
export interface KeySeal {
  seal(text: string): Buffer;
  /** Throws when the bytes were sealed elsewhere. */
  open(sealed: Buffer): string;
}

export interface EnrolOptions {
  cloudUrl: string;
  code: string;
  deviceName: string;
  /** Only with a code of the organisation: the branch to make, and its first manager. */
  newBranch?: z.input<typeof EnrolRequest>['newBranch'];
}

export interface Enrolled {
  deviceId: string;
  deviceCode: string;
  orgId: string;
  branchId: string;
  /** The manager of the branch that was made, when one was. */
  managerId: string | undefined;
}

export interface ExecuteRequest {
  actorId: string;
  approvedBy?: string;
  /** When it happened, ms; the clock's now when missing. Decides the business day. */
  atMs?: number;
  calls: readonly CommandCall[];
}

export interface ExecuteResult {
  results: { commandId: string; flags: string[] }[];
  /** The changed rows of the terminal's view, whole. Never a `pin`. */
  rows: LiveRow[];
}

/** What the terminal's own store adds up for one business day, minor units. */
export interface DayTotals {
  day: string;
  orders: number;
  salesMinor: number;
  cashMinor: number;
  momoMinor: number;
  cardMinor: number;
}

/** One screen of a terminal: a window, or a browser on the hub. It has a session of its own. */
export interface Screen {
  readonly session: SessionInfo | null;
  close(): void;
}

export interface ScreenOptions {
  onEvent(name: EventName, payload: unknown): void;
}

/** A terminal of a branch: its store, its sync and its bridge. Plain Node; Electron, the hub and the replay tool hold one. */
export interface Terminal {
  readonly isEnrolled: boolean;
  /** Enrols this folder and loads the branch's rows, so that people can sign in. Throws AppError. */
  enrol(options: EnrolOptions): Promise<Enrolled>;
  /** Starts sync. Never waits for the cloud: the till works at once. */
  start(): Promise<void>;
  /** Stops sync, ends screens, closes the store. Nothing that was accepted is lost. */
  close(): Promise<void>;
  /**
   * Runs commands in ONE durable transaction, each a command and an outbox row of its own. Synchronous: when it
   * returns, everything is on disk. Throws AppError and leaves nothing behind when one of them is refused.
   */
  execute(request: ExecuteRequest): ExecuteResult;
  openScreen(options: ScreenOptions): Screen;
  /** Any call of the bridge: input by schema, rights by the screen's session. Rejects with AppError. */
  handleCall<N extends CallName>(screen: Screen, name: N, input: unknown): Promise<CallOutput<N>>;
  status(): SyncStatus;
  /** The queue in numbers: commands that the cloud has not acknowledged, and those whose rows have not arrived (the former included). */
  backlog(): { waiting: number; unsettled: number };
  /** Resolves when no command waits and the rows of all have arrived; rejects when the terminal closes before. */
  whenSettled(): Promise<void>;
  /** Asks the cloud now (network came back, the machine woke up). */
  wake(): void;
  info(): TerminalInfo;
  kpis(): KpiView;
  /** Sums per business day over the terminal's own view, oldest first. */
  dayTotals(): DayTotals[];
  find<K extends Kind>(kind: K, id: string): EntityOf<K> | undefined;
  list<K extends Kind>(kind: K): EntityOf<K>[];
}

import type {
  DeviceOutcome,
  EntryOutcome,
  OutboxHead,
  PushEntry,
  SignedHead,
  Watermark,
  WireRow,
} from '#shared/contract/sync-wire.ts';
import type { WireError } from '#shared/kernel/errors.ts';

/** Entries of one incarnation in the order they were given. */
export interface PushBatch {
  incarnation: string;
  entries: PushEntry[];
  /** The rolling hash of the series up to the last of them. */
  head?: OutboxHead | undefined;
}

/** Where a page's rows stop, and what else the cloud said with them. */
export interface PageEnd {
  cursor: string;
  isReset: boolean;
  outcomes: readonly DeviceOutcome[];
  /** Missing where the page may be older than what this terminal was told since. */
  watermarks: readonly Watermark[] | undefined;
  /** Up to where the outbox was acknowledged when the page was asked for. */
  ackedPosBefore: number;
  lamport: number;
  /** Where the audit chains of the cloud end. */
  auditHeads?: readonly SignedHead[] | undefined;
}

/** What sync needs of the terminal's store. All of it is synchronous, and each writing call is one transaction. */
export interface SyncStore {
  readonly deviceId: string;
  /** The series that is going on. */
  incarnation(): string;
  cursor(): string | undefined;
  /** Up to where the outbox is acknowledged. */
  ackedPos(): number;
  waiting(): { count: number; oldestAt: string | null };
  /** Whether commands were acknowledged whose rows are not here yet. */
  hasUnarrived(): boolean;
  /** How many those are. */
  unarrived(): number;
  /** Takes the oldest waiting entries and marks them REPLAYING. */
  takeBatch(maxEntries: number, maxBytes: number): PushBatch | undefined;
  /** The batch was not answered: it waits again. */
  releaseBatch(error: WireError | undefined): void;
  /** Applies the outcomes up to the first `retry`, which is returned. */
  applyOutcomes(
    incarnation: string,
    outcomes: readonly EntryOutcome[],
    lamport: number,
  ): { retry: WireError | undefined; applied: number };
  /** What this terminal has at the `seq` that the cloud expects: its next entry, one that was acknowledged and is lost there, or nothing any more. */
  expectFrom(incarnation: string, seq: number): 'next' | 'lost' | 'gone';
  /** The cloud has a higher `seq` of the current incarnation than this terminal ever gave out. */
  isBehind(watermarks: readonly Watermark[]): boolean;
  /** Goes on under a new random series; what waits moves into it. */
  startIncarnation(): void;
  clearStage(): void;
  /** Checks rows and puts them aside; nothing is shown yet. */
  stage(rows: readonly WireRow[]): void;
  /** Makes what was staged the cloud's word: bases, cursor, settled commands and views in one transaction. */
  commitStage(end: PageEnd): void;
  /** Heads of the cloud's audit chains that it must be told: it has not known where this terminal stood. */
  headsToTell(): SignedHead[] | undefined;
  headsTold(): void;
}

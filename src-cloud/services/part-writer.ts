import type { CommandOrigin, CommandRecord } from '../store/command-log.ts';
import {
  type AuditEntry,
  moveCounters,
  planRows,
  type Saved,
  type SaveOptions,
  writeRows,
} from '../store/save-rows.ts';
import type { Tx } from '../store/with-org.ts';
import type { CommandFold } from './command-fold.ts';

/** Commands of a part: the database writes one while the next is run. */
const PART = 160;

/** Where a recorded command's rows can be read. */
interface Recorded {
  record: CommandRecord;
  visible: { org: number; branch: number };
}

/**
 * Writes what a batch does, in parts of one statement each, in one transaction: while the database takes in one part, the next is run. The
 * counters are moved at the end, once.
 */
export class PartWriter {
  readonly recorded = new Map<string, Recorded>();
  readonly #tx: Tx;
  readonly #fold: CommandFold;
  readonly #origin: CommandOrigin;
  readonly #options: SaveOptions;
  #counters: SaveOptions['counters'];
  #records: CommandRecord[] = [];
  #audit: AuditEntry[] = [];
  #writing: Promise<void> = Promise.resolve();
  readonly #scopes = new Set<string>();
  readonly #days = new Set<string>();

  constructor(tx: Tx, fold: CommandFold, options: SaveOptions, origin: CommandOrigin) {
    this.#tx = tx;
    this.#fold = fold;
    this.#options = options;
    this.#origin = origin;
    this.#counters = options.counters;
  }

  /** Takes in a command that has run, and what the audit keeps of it. */
  add(record: CommandRecord, line?: AuditEntry): void {
    this.#records.push(record);
    if (line !== undefined) this.#audit.push(line);
    if (this.#records.length >= PART) this.#writePart();
  }

  /** Resolves when everything is written. Throws what the database throws. */
  async finish(): Promise<Pick<Saved, 'scopes' | 'days'>> {
    this.#writePart();
    await this.#writing;
    await moveCounters(this.#tx, this.#options, this.#options.counters, this.#counters);
    return { scopes: [...this.#scopes], days: [...this.#days] };
  }

  #writePart(): void {
    const records = this.#records;
    if (records.length === 0) return;
    const puts = this.#fold.takeChanged();
    const plan = planRows(puts, { ...this.#options, counters: this.#counters, audit: this.#audit });
    this.#fold.noteStored(puts);
    this.#counters = plan.counters;
    this.#records = [];
    this.#audit = [];
    for (const record of records) this.recorded.set(record.id, { record, visible: plan.saved.visible });
    for (const scope of plan.saved.scopes) this.#scopes.add(scope);
    for (const day of plan.saved.days) this.#days.add(day);
    this.#writing = this.#writing.then(() => writeRows(this.#tx, plan, { origin: this.#origin, records }));
    // It is awaited at the end; until then a failure must not count as unhandled.
    this.#writing.catch(() => undefined);
  }
}

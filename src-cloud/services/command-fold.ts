import type { Command } from '#shared/commands/define-command.ts';
import {
  anomalyOf,
  type Find,
  firstRefs,
  Fold,
  type Outcome,
  runCommand,
  scopeOf,
  secondRefs,
} from '#shared/commands/engine.ts';
import type { CommandContext } from '#shared/commands/envelope.ts';
import { type EntityOf, type Kind, type Put, put, type Ref, refKey } from '#shared/domain/entity.ts';
import { ERRORS, toWireError } from '#shared/kernel/errors.ts';
import type { EntityRows } from '../store/entity-store.ts';
import { type AuditChange, changesOf, isAudited } from './audit-content.ts';

/** A command that is ready to run: known, parsed, with its context. */
export interface Job {
  command: Command;
  input: Record<string, unknown>;
  ctx: CommandContext;
  /** The last moment at which the caller could have heard of a change of rights. */
  rightsKnownSinceMs?: number;
}

/** What became of a command, and what the audit keeps of it. */
export interface Ran {
  outcome: Outcome;
  changes: AuditChange[];
}

/** Whether this command writes rows of the organisation: its state then names one (menu, staff). */
export function writesOrg(job: Job): boolean {
  const known = orgWriters.get(job);
  if (known !== undefined) return known;
  const { command, input, ctx } = job;
  const isWriter = Object.values(command.reads(input, ctx)).some(
    (ref) => ref !== undefined && scopeOf(ref.kind) === 'org',
  );
  orgWriters.set(job, isWriter);
  return isWriter;
}

const orgWriters = new WeakMap<Job, boolean>();

/**
 * Runs commands one after the other on rows that are loaded by sets: what is named first for all of them in one query, what that leads to
 * in a second; only what comes to light in between is loaded singly. Nothing is written.
 */
export class CommandFold {
  readonly #rows: EntityRows;
  readonly #fold: Fold;
  readonly #written = new Set<string>();
  /** What was written since it was last taken. */
  #changed = new Map<string, Put>();
  /** As it was taken last: on its way to the database. */
  readonly #taken = new Map<string, Put>();

  constructor(rows: EntityRows) {
    this.#rows = rows;
    this.#fold = new Fold(rows.find);
  }

  async load(jobs: readonly Job[]): Promise<void> {
    const first: Ref[] = [];
    for (const job of jobs) first.push(...refsOf(() => firstRefs(job.command, job.input, job.ctx)));
    await this.#rows.load(first);
    const second: Ref[] = [];
    for (const job of jobs) {
      second.push(...refsOf(() => secondRefs(job.command, job.input, job.ctx, this.#rows.find)));
    }
    await this.#rows.load(second);
  }

  /** Runs one command; its rows are seen by the next. Never throws for what the command itself does. */
  async run(job: Job): Promise<Ran> {
    const { command, input, ctx } = job;
    // An order that an earlier command of this batch made or changed may lead to rows that no query has asked for yet.
    const more = refsOf(() => secondRefs(command, input, ctx, this.#fold.find));
    const unseen = more.filter((ref) => !this.#written.has(refKey(ref)) && !this.#rows.has(ref));
    if (unseen.length > 0) await this.#rows.load(unseen);
    const outcome = runCommand(command, input, ctx, this.#fold.find, {
      withReview: true,
      ...(job.rightsKnownSinceMs === undefined ? {} : { rightsKnownSinceMs: job.rightsKnownSinceMs }),
    });
    const changes = isAudited(command) ? changesOf(outcome.puts, this.#seen) : [];
    this.keep(outcome.puts);
    return { outcome, changes };
  }

  /** As `find`; what was never looked up (a row that a command writes without reading it) is not there. */
  readonly #seen: Find = (kind, id) =>
    this.#written.has(refKey({ kind, id })) || this.#rows.has({ kind, id }) ? this.#fold.find(kind, id) : undefined;

  /** One entity as the commands before have left it, loaded when nobody has named it. */
  async get<K extends Kind>(kind: K, id: string): Promise<EntityOf<K> | undefined> {
    if (!this.#written.has(refKey({ kind, id })) && !this.#rows.has({ kind, id }))
      await this.#rows.load([{ kind, id }]);
    return this.#fold.find(kind, id);
  }

  /** Adds rows that no command made. */
  keep(puts: readonly Put[]): void {
    this.#fold.apply(puts);
    for (const row of puts) {
      const key = refKey(row);
      this.#written.add(key);
      this.#changed.set(key, row);
    }
  }

  /** The rows that were written since they were last taken, each in its last state. `stored` knows them as they are now until then. */
  takeChanged(): Put[] {
    const rows = [...this.#changed.values()];
    this.#changed = new Map();
    return rows;
  }

  /** Rows that were taken are stored from now on. */
  noteStored(rows: readonly Put[]): void {
    for (const row of rows) this.#taken.set(refKey(row), row);
  }

  /** An entity as the database has it, or will have it once everything that is on its way has arrived. */
  readonly stored: Find = <K extends Kind>(kind: K, id: string): EntityOf<K> | undefined => {
    const taken = this.#taken.get(refKey({ kind, id }));
    return taken === undefined ? this.#rows.find(kind, id) : (taken.body as EntityOf<K>);
  };
}

/** A command whose `reads` throws is judged by `runCommand`, which meets the same error; here it only names nothing. */
function refsOf(name: () => Ref<Kind>[]): Ref<Kind>[] {
  try {
    return name();
  } catch {
    return [];
  }
}

/**
 * What becomes of a command that could not be run at all (a body that the database refuses, an input that does not fit): refused with its
 * error, but a physical one is kept and flagged, since it has happened (DESIGN §3).
 */
export function failedOutcome(command: Command | undefined, ctx: CommandContext, error: unknown): Outcome {
  const wire = toWireError(error);
  if (command?.physical !== true) return { status: 'rejected', error: wire, flags: [], puts: [] };
  // A text that the database refused must not be in the flag as well.
  const detail = wire.code === 'internal' ? ERRORS.internal.text : printable(wire.message).slice(0, 300);
  const flag = { code: 'failed-inside', detail } as const;
  return { status: 'applied', puts: [put('anomaly', anomalyOf(flag, ctx))], flags: [flag] };
}

/** Without what no database takes: NULs and halves of surrogate pairs. */
export function printable(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '');
}

import type { Anomaly, Flag } from '../domain/anomaly.ts';
import { type EntityOf, type Kind, KINDS, put, type Put, type Ref, refKey } from '../domain/entity.ts';
import { mayAct, type Staff } from '../domain/staff.ts';
import { AppError, invalidInput, toWireError, type WireError } from '../kernel/errors.ts';
import type { Command } from './define-command.ts';
import type { CommandContext } from './envelope.ts';

/** Finds an entity in the state that a command runs on. */
export type Find = <K extends Kind>(kind: K, id: string) => EntityOf<K> | undefined;

export type Outcome =
  | { status: 'applied'; puts: Put[]; flags: Flag[] }
  | { status: 'rejected'; error: WireError; flags: Flag[]; puts: Put[] };

/** Parses a command's input. Throws `input/invalid` naming the field. */
export function parseInput(command: Command, input: unknown): Record<string, unknown> {
  const parsed = command.input.safeParse(input);
  if (!parsed.success) throw invalidInput(parsed.error.issues);
  return parsed.data;
}

/** The refs that must be loaded before a command can run; the second round needs what the first found. */
export function firstRefs(command: Command, input: unknown, ctx: CommandContext): Ref[] {
  const refs = Object.values(command.reads(input, ctx)).filter((ref) => ref !== undefined);
  return [...refs, ...actorRefs(ctx), ...command.reviewReads(input)];
}

export function secondRefs(command: Command, input: unknown, ctx: CommandContext, find: Find): Ref[] {
  return command.hasMore ? command.readsMore(stateOf(command, input, ctx, find), input) : [];
}

function actorRefs(ctx: CommandContext): Ref[] {
  const refs: Ref[] = [{ kind: 'staff', id: ctx.actorId }];
  if (ctx.approvedBy !== undefined) refs.push({ kind: 'staff', id: ctx.approvedBy });
  return refs;
}

function stateOf(command: Command, input: unknown, ctx: CommandContext, find: Find): Record<string, unknown> {
  const state: Record<string, unknown> = {};
  for (const [name, ref] of Object.entries(command.reads(input, ctx))) {
    state[name] = ref === undefined ? undefined : find(ref.kind, ref.id);
  }
  return state;
}

export interface RunOptions {
  /** The last moment at which the terminal could have heard of a change of rights (DESIGN §5). */
  rightsKnownSinceMs?: number;
  /** The cloud compares with its own menu and rows; a terminal does not. */
  withReview: boolean;
}

/**
 * Runs one command on a state: rights, `execute`, flags. Pure; the caller loads and saves.
 * Applied, perhaps flagged, or rejected: a physical command that was recorded is never rejected for its state or for a
 * right that was lost meanwhile (DESIGN §3, invariant). `input` must come from `parseInput`.
 */
export function runCommand(
  command: Command,
  input: Record<string, unknown>,
  ctx: CommandContext,
  find: Find,
  options: RunOptions,
): Outcome {
  const mustApply = command.physical && ctx.isRecorded;
  const flags: Flag[] = [];
  try {
    const state = stateOf(command, input, ctx, find);
    refuseOtherBranch(Object.values(state), ctx);
    const refusal = forbidden(command, input, ctx, state, find, options.rightsKnownSinceMs);
    if (refusal !== undefined) {
      if (!mustApply) throw refusal;
      flags.push({ code: 'not-permitted', subjectId: ctx.actorId, detail: command.name });
    }
    const applied = command.execute(state, input, ctx, find);
    flags.push(...(applied.flags ?? []));
    if (options.withReview) flags.push(...command.review(find, input, ctx));
    return { status: 'applied', puts: withAnomalies(applied.puts, flags, ctx), flags };
  } catch (error) {
    const isForeign = error instanceof AppError && error.code === 'auth/other-branch';
    if (mustApply && !isForeign) return failedInside(flags, ctx, error);
    return { status: 'rejected', error: toWireError(error), flags: [], puts: [] };
  }
}

/** What a physical command becomes that `execute` could not take: kept, flagged, seen by a person. */
function failedInside(flags: Flag[], ctx: CommandContext, error: unknown): Outcome {
  const all: Flag[] = [...flags, { code: 'failed-inside', detail: toWireError(error).message.slice(0, 300) }];
  return { status: 'applied', puts: withAnomalies([], all, ctx), flags: all };
}

/** Rows of a branch are touched only by commands of that branch. */
function refuseOtherBranch(entities: readonly unknown[], ctx: CommandContext): void {
  for (const entity of entities) {
    if (typeof entity !== 'object' || entity === null || !('branchId' in entity)) continue;
    if (entity.branchId !== ctx.branchId) throw new AppError('auth/other-branch');
  }
}

function forbidden(
  command: Command,
  input: unknown,
  ctx: CommandContext,
  state: Record<string, unknown>,
  find: Find,
  knownSinceMs: number | undefined,
): AppError | undefined {
  const actor = find('staff', ctx.actorId);
  if (actor === undefined) return new AppError('staff/not-found');
  if (!mayAct(actor, 'L1', ctx.branchId, knownSinceMs)) return new AppError('auth/forbidden');
  const approver = ctx.approvedBy === undefined ? undefined : find('staff', ctx.approvedBy);
  const able = [actor, approver].find(
    (person): person is Staff => person !== undefined && mayAct(person, command.level, ctx.branchId, knownSinceMs),
  );
  if (able === undefined)
    return new AppError('auth/forbidden', `This needs level ${command.level}. Ask somebody to approve it.`);
  return command.forbids(able, input, state);
}

function withAnomalies(puts: Put[], flags: readonly Flag[], ctx: CommandContext): Put[] {
  return [...puts, ...flags.map((flag) => put('anomaly', anomalyOf(flag, ctx)))];
}

/** The row of a flag; its id derives from the command, the code and the subject, so that a re-run writes it again. */
export function anomalyOf(flag: Flag, ctx: CommandContext): Anomaly {
  const subject = flag.subjectId === undefined ? '' : `.${flag.subjectId}`;
  return {
    id: `${ctx.commandId}.${flag.code}${subject}`,
    branchId: ctx.branchId,
    code: flag.code,
    day: ctx.businessDay,
    at: ctx.at,
    deviceId: ctx.deviceId,
    actorId: ctx.actorId,
    approvedBy: ctx.approvedBy,
    commandId: ctx.commandId,
    orderId: flag.orderId,
    amountMinor: flag.amountMinor,
    detail: flag.detail?.slice(0, 300),
  };
}

/** Entities in memory that commands fold on: reads fall through to `load`, writes stay here until they are saved. */
export class Fold {
  readonly #rows = new Map<string, Put | undefined>();
  readonly #changed = new Set<string>();
  readonly #load: Find;

  constructor(load: Find) {
    this.#load = load;
  }

  readonly find: Find = <K extends Kind>(kind: K, id: string): EntityOf<K> | undefined => {
    const key = refKey({ kind, id });
    if (this.#rows.has(key)) return this.#rows.get(key)?.body as EntityOf<K> | undefined;
    const body = this.#load(kind, id);
    this.#rows.set(key, body === undefined ? undefined : put(kind, body));
    return body;
  };

  apply(puts: readonly Put[]): void {
    for (const row of puts) {
      const key = refKey(row);
      this.#rows.set(key, row);
      this.#changed.add(key);
    }
  }

  /** Every row that was written, in its last state, in the order of its first write. */
  changed(): Put[] {
    return [...this.#changed].map((key) => this.#rows.get(key)).filter((row) => row !== undefined);
  }
}

/** The counter a row belongs to. */
export function scopeOf(kind: Kind): 'org' | 'branch' {
  return KINDS[kind].scope;
}

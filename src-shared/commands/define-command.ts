import type { z } from 'zod';
import type { EntityOf, Kind, Put, Ref } from '../domain/entity.ts';
import type { Flag } from '../domain/anomaly.ts';
import type { Level } from '../domain/level.ts';
import type { Staff } from '../domain/staff.ts';
import type { AppError } from '../kernel/errors.ts';
import type { CommandContext } from './envelope.ts';

export type Refs = Record<string, Ref | undefined>;
type KindOf<R> = Exclude<R, undefined> extends Ref<infer K> ? K : never;
/** What `execute` sees: for each named ref its entity, or `undefined` when there is none. */
export type StateOf<R extends Refs> = { [N in keyof R]: EntityOf<KindOf<R[N]>> | undefined };

export interface Applied {
  /** The entities as they are afterwards, whole. Nothing else changes. */
  puts: Put[];
  flags?: Flag[];
}

export type HttpMethod = 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Route = `${HttpMethod} /${string}`;

/** What the audit log keeps of a command: what it did to money, to the rights of people and terminals, or nothing. */
export type AuditTopic = 'money' | 'rights' | 'none';

/** A command as it is declared: see DESIGN §3. */
export interface Declaration<S extends z.ZodObject, R extends Refs> {
  name: `${string}.${string}`;
  version: number;
  route: Route;
  level: Level;
  /** It has happened in the world: it is never refused, at most flagged (DESIGN §3, invariant). */
  physical: boolean;
  audit: AuditTopic;
  /** Whether a screen must send somebody's PIN along, whoever is signed in: for what cannot be undone. */
  needsPin?(input: z.output<S>): boolean;
  /** What it does, one sentence for the API documentation. */
  summary: string;
  input: S;
  /** The entities that decide it, from the input alone. */
  reads(input: z.output<S>, ctx: CommandContext): R;
  /** Further entities, named by what `reads` found (an order's tickets). They arrive in the third argument of `execute`. */
  readsMore?(state: StateOf<R>, input: z.output<S>): Ref[];
  /** A right that depends on more than the level, judged with the actor's row. Returns the refusal. */
  forbids?(actor: Staff, input: z.output<S>, state: StateOf<R>): AppError | undefined;
  /** Pure: same input, same output; no clock, no id, no I/O. Throws AppError to refuse. */
  execute(state: StateOf<R>, input: z.output<S>, ctx: CommandContext, more: More): Applied;
  /** The cloud's comparison with its own rows; it flags, never refuses. */
  review?: {
    reads(input: z.output<S>): Ref[];
    flags(rows: More, input: z.output<S>, ctx: CommandContext): Flag[];
  };
}

/** Looks up an entity among those that `readsMore` or `review.reads` named. */
export type More = <K extends Kind>(kind: K, id: string) => EntityOf<K> | undefined;

/** A command without its types, as the registry and the engine handle it. */
export interface Command {
  name: string;
  version: number;
  route: Route;
  method: HttpMethod;
  path: string;
  level: Level;
  physical: boolean;
  audit: AuditTopic;
  needsPin(input: unknown): boolean;
  summary: string;
  input: z.ZodObject;
  reads(input: unknown, ctx: CommandContext): Refs;
  /** Whether `readsMore` names anything at all: most commands need not be asked. */
  hasMore: boolean;
  readsMore(state: Record<string, unknown>, input: unknown): Ref[];
  forbids(actor: Staff, input: unknown, state: Record<string, unknown>): AppError | undefined;
  execute(state: Record<string, unknown>, input: unknown, ctx: CommandContext, more: More): Applied;
  reviewReads(input: unknown): Ref[];
  review(rows: More, input: unknown, ctx: CommandContext): Flag[];
}

/** A declared command that still knows the type of its input. */
export interface TypedCommand<S extends z.ZodObject> extends Command {
  input: S;
}

/**
 * Declares a command once; the REST route, the sync push, the IPC call, the local execution, the rights check and the
 * audit line all come from it. The casts are safe: the engine passes only what `input` has parsed and `reads` named.
 */
export function defineCommand<S extends z.ZodObject, R extends Refs>(declaration: Declaration<S, R>): TypedCommand<S> {
  const [method, path] = declaration.route.split(' ') as [HttpMethod, string];
  return {
    name: declaration.name,
    version: declaration.version,
    route: declaration.route,
    method,
    path,
    level: declaration.level,
    physical: declaration.physical,
    audit: declaration.audit,
    needsPin: (input) => declaration.needsPin?.(input as z.output<S>) ?? false,
    summary: declaration.summary,
    input: declaration.input,
    reads: (input, ctx) => declaration.reads(input as z.output<S>, ctx),
    hasMore: declaration.readsMore !== undefined,
    readsMore: (state, input) => declaration.readsMore?.(state as StateOf<R>, input as z.output<S>) ?? [],
    forbids: (actor, input, state) => declaration.forbids?.(actor, input as z.output<S>, state as StateOf<R>),
    execute: (state, input, ctx, more) => declaration.execute(state as StateOf<R>, input as z.output<S>, ctx, more),
    reviewReads: (input) => declaration.review?.reads(input as z.output<S>) ?? [],
    review: (rows, input, ctx) => declaration.review?.flags(rows, input as z.output<S>, ctx) ?? [],
  };
}

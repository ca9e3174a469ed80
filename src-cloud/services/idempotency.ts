import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { isoAt } from '#shared/kernel/clock.ts';
import { AppError, toWireError } from '#shared/kernel/errors.ts';
import type { CloudContext } from '../context.ts';
import type { Database } from '../store/database.ts';
import type { JsonObject } from '../store/schema.ts';
import { type Tx, withOrg } from '../store/with-org.ts';

export interface Answer {
  status: number;
  body: JsonObject;
}

/** A write that may be asked for twice (SPEC D2). */
export interface KeyedRequest {
  orgId: string;
  /** Keys of two callers have nothing to do with each other. */
  caller: string;
  /** Undefined: the caller takes its chances. */
  key: string | undefined;
  fingerprint: string;
}

export const IDEMPOTENCY_HOURS = 24;
const IN_PROGRESS_RETRY_MS = 1_000;
const KEY_FORM = /^[\x21-\x7e]{1,128}$/;

/** Method, concrete path and the normalised JSON body, `_idempotencyKey` left out. */
export function fingerprintOf(method: string, path: string, body: JsonObject): string {
  const bodyHash = createHash('sha256').update(normalised(body)).digest('hex');
  return `${method} ${path} ${bodyHash}`;
}

/** JSON with the names of every object in order. */
function normalised(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** The key of a request, and its body without it. Throws `input/invalid` for a key that is none, or a body that is no object. */
export function splitKey(
  header: string | string[] | undefined,
  body: unknown,
): { key: string | undefined; body: JsonObject } {
  if (body !== undefined && body !== null && (typeof body !== 'object' || Array.isArray(body))) {
    throw new AppError('input/invalid', 'body: not an object', { path: '' });
  }
  const { _idempotencyKey: inBody, ...rest } = (body ?? {}) as JsonObject;
  const key = header ?? inBody;
  if (key === undefined) return { key: undefined, body: rest };
  if (typeof key !== 'string' || !KEY_FORM.test(key)) {
    const path = header === undefined ? '_idempotencyKey' : 'idempotency-key';
    throw new AppError('input/invalid', `${path}: a key has 1 to 128 printable characters`, { path });
  }
  return { key, body: rest };
}

// Locks never block on PGlite's one session, and even on PostgreSQL this answers sooner.
const runningIn = new WeakMap<Database, Set<string>>();

function runningOf(database: Database): Set<string> {
  const running = runningIn.get(database) ?? new Set();
  runningIn.set(database, running);
  return running;
}

/**
 * Runs a write once: its first answer is kept for 24 h in the same transaction and given again. 2xx and final 4xx are kept; whatever a retry
 * may change (401, 408, 429, 5xx, still running) is not. Throws `idempotency/mismatch` when the key stands for something else,
 * `idempotency/in-progress` while the first try runs. `run` throws AppError to refuse; it has written nothing then.
 */
export async function answerOnce(
  ctx: CloudContext,
  request: KeyedRequest,
  run: (tx: Tx) => Promise<Answer>,
): Promise<Answer> {
  const { orgId, caller, key } = request;
  if (key === undefined) return withOrg(ctx.database.db, orgId, run);
  const name = JSON.stringify([orgId, caller, key]);
  const running = runningOf(ctx.database);
  if (running.has(name)) throw inProgress();
  running.add(name);
  try {
    return await withOrg(ctx.database.db, orgId, async (tx) => {
      const first = await findAnswer(ctx, tx, request, key, name);
      if (first !== undefined) return first;
      const answer = await run(tx);
      await saveAnswer(ctx, tx, request, key, answer);
      return answer;
    });
  } catch (error) {
    if (!(error instanceof AppError) || !isFinalRefusal(error)) throw error;
    // The refused transaction is rolled back, and with it whatever `run` had begun: the refusal is kept in one of its own.
    const refusal: Answer = { status: error.status, body: { ...toWireError(error) } };
    await withOrg(ctx.database.db, orgId, (tx) => saveAnswer(ctx, tx, request, key, refusal));
    throw error;
  } finally {
    running.delete(name);
  }
}

function inProgress(): AppError {
  return new AppError('idempotency/in-progress', undefined, { retryAfterMs: IN_PROGRESS_RETRY_MS });
}

function isFinalRefusal(error: AppError): boolean {
  if (error.code.startsWith('idempotency/')) return false;
  return error.status >= 400 && error.status < 500 && ![401, 408, 429].includes(error.status);
}

async function findAnswer(
  ctx: CloudContext,
  tx: Tx,
  { orgId, caller, fingerprint }: KeyedRequest,
  key: string,
  name: string,
): Promise<Answer | undefined> {
  if (ctx.database.kind === 'postgres') {
    const { rows } = await sql<{ isFree: boolean }>`
      select pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) as "isFree"`.execute(tx);
    if (rows[0]?.isFree !== true) throw inProgress();
  }
  const row = await tx
    .selectFrom('idempotency')
    .select(['fingerprint', 'status', 'body', 'created_at'])
    .where('org_id', '=', orgId)
    .where('caller', '=', caller)
    .where('key', '=', key)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (Date.parse(row.created_at) <= ctx.clock.now() - IDEMPOTENCY_HOURS * 3_600_000) {
    await tx
      .deleteFrom('idempotency')
      .where('org_id', '=', orgId)
      .where('caller', '=', caller)
      .where('key', '=', key)
      .execute();
    return undefined;
  }
  if (row.fingerprint !== fingerprint) throw new AppError('idempotency/mismatch');
  return { status: row.status, body: row.body };
}

async function saveAnswer(
  ctx: CloudContext,
  tx: Tx,
  { orgId, caller, fingerprint }: KeyedRequest,
  key: string,
  answer: Answer,
): Promise<void> {
  await tx
    .insertInto('idempotency')
    .values({
      org_id: orgId,
      caller,
      key,
      fingerprint,
      status: answer.status,
      body: answer.body,
      created_at: isoAt(ctx.clock.now()),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

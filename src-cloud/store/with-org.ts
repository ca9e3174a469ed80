import { type IsolationLevel, type Kysely, sql, type Transaction } from 'kysely';
import { AppError } from '#shared/kernel/errors.ts';
import type { Schema } from './schema.ts';
import { insideTransaction } from './transaction-guard.ts';

export type Tx = Transaction<Schema>;

export interface TransactionOptions {
  isolation?: IsolationLevel;
  /** How long a lock is waited for before the caller is told to come again, ms. */
  lockTimeoutMs?: number;
}

const LOCK_TIMEOUT_MS = 3_000;
const STATEMENT_TIMEOUT_MS = 15_000;

/**
 * Opens a transaction in which only rows of `orgId` exist, for reading too: the role owns nothing and row-level security is on.
 * `fn` works with its `tx` alone. Throws `server/busy` when locks could not be had: nothing was written then, and a retry makes sense.
 */
export async function withOrg<T>(
  db: Kysely<Schema>,
  orgId: string,
  fn: (tx: Tx) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  return inTransaction(db, options, async (tx) => {
    await enterOrg(tx, orgId, options);
    return fn(tx);
  });
}

/** Opens a transaction on the two tables that are asked before the organisation is known. */
export async function withDirectory<T>(db: Kysely<Schema>, fn: (tx: Tx) => Promise<T>): Promise<T> {
  return inTransaction(db, {}, async (tx) => {
    await enter(tx, 'chefcloud_directory', '', {});
    return fn(tx);
  });
}

/** Goes on with a running transaction as a member of `orgId`: for the few writes that span the directory and one organisation. */
export async function enterOrg(tx: Tx, orgId: string, options: TransactionOptions = {}): Promise<void> {
  await enter(tx, 'chefcloud_app', orgId, options);
}

/** Goes on with a running transaction in the directory; the rows of the organisation are out of reach until `enterOrg`. */
export async function enterDirectory(tx: Tx): Promise<void> {
  await enter(tx, 'chefcloud_directory', '', {});
}

async function enter(tx: Tx, role: string, orgId: string, options: TransactionOptions): Promise<void> {
  const lockTimeout = `${options.lockTimeoutMs ?? LOCK_TIMEOUT_MS}ms`;
  await sql`select set_config('role', ${role}, true), set_config('app.org_id', ${orgId}, true),
    set_config('lock_timeout', ${lockTimeout}, true),
    set_config('statement_timeout', ${`${STATEMENT_TIMEOUT_MS}ms`}, true)`.execute(tx);
}

async function inTransaction<T>(
  db: Kysely<Schema>,
  options: TransactionOptions,
  fn: (tx: Tx) => Promise<T>,
): Promise<T> {
  const builder = db.transaction();
  const transaction = options.isolation === undefined ? builder : builder.setIsolationLevel(options.isolation);
  try {
    return await transaction.execute((tx) => insideTransaction(() => fn(tx)));
  } catch (error) {
    throw asBusy(error);
  }
}

// Lock not available, serialisation failure, deadlock, statement timeout, server shutting down or out of connections.
const BUSY_STATES = new Set(['55P03', '40001', '40P01', '57014', '57P01', '57P02', '57P03', '53300']);
const BUSY_RETRY_MS = 1_000;

/** The SQLSTATE of a database error. `instanceof` fails across the two engines. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

/** Turns "come again" of the database into `server/busy`; hands back everything else as it is. */
function asBusy(error: unknown): unknown {
  const state = sqlState(error);
  if (state === undefined || !(BUSY_STATES.has(state) || state.startsWith('08'))) return error;
  return new AppError('server/busy', undefined, { retryAfterMs: BUSY_RETRY_MS });
}

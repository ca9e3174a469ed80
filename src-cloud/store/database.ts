import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { createPgConfig } from '@electric-sql/pglite/node-postgres';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { AppError } from '#shared/kernel/errors.ts';
import { lockFolder } from './folder-lock.ts';
import { withNamedStatements } from './named-statements.ts';
import type { Schema } from './schema.ts';
import { refuseInsideTransaction } from './transaction-guard.ts';

/** The cloud's database, the same on both engines. */
export interface Database {
  kind: 'pglite' | 'postgres';
  /** The root handle, connected as the owner. Rows of an organisation go through `withOrg`. Throws inside a transaction. */
  db: Kysely<Schema>;
  /** Calls `onPayload` for each NOTIFY on `channel`; resolves to the function that ends it. */
  listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>>;
  /** Tells of every statement, for metrics and the log; returns the function that ends it. */
  onQuery(listener: QueryListener): () => void;
  close(): Promise<void>;
}

/** A statement that has run (or failed), without its values. */
export type QueryListener = (query: { sql: string; durationMs: number }) => void;

export interface DatabaseOptions {
  /** PostgreSQL; without it PGlite. */
  databaseUrl?: string | undefined;
  /** PGlite: its files are in `<dataDir>/db`. Without it PGlite lives in memory. */
  dataDir?: string | undefined;
  /** PGlite: a tar of an empty database (`dumpDataDir`), which spares a new folder the seconds of `initdb`. */
  template?: Blob | undefined;
  /** PostgreSQL: connections of the pool. */
  maxConnections?: number;
}

const INT8 = 20;
const TIMESTAMPTZ = 1184;
const parseTimestamp = pg.types.getTypeParser(TIMESTAMPTZ, 'text') as (text: string) => Date;

/** int8 as a number (amounts and counters stay far below 2^53), timestamptz as an ISO text. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8) return Number;
    if (oid === TIMESTAMPTZ) return (text: string) => parseTimestamp(text).toISOString();
    const parser: unknown =
      format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text');
    return parser;
  }) as pg.CustomTypesConfig['getTypeParser'],
};

/**
 * Opens PostgreSQL, or else PGlite.
 * Throws `store/in-use` when another process has the folder, `store/not-writable` when it cannot be written.
 */
export async function openDatabase(options: DatabaseOptions = {}): Promise<Database> {
  return options.databaseUrl === undefined ? openPglite(options) : openPostgres(options.databaseUrl, options);
}

function kyselyOver(pool: pg.Pool): Pick<Database, 'db' | 'onQuery'> {
  const listeners = new Set<QueryListener>();
  const guarded = {
    connect: async () => {
      refuseInsideTransaction();
      return withNamedStatements(await pool.connect());
    },
    end: () => pool.end(),
    options: pool.options,
  };
  const db = new Kysely<Schema>({
    dialect: new PostgresDialect({ pool: guarded }),
    log: ({ query, queryDurationMillis }) => {
      for (const listener of listeners) listener({ sql: query.sql, durationMs: queryDurationMillis });
    },
  });
  return {
    db,
    onQuery: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

async function openPglite({ dataDir, template }: DatabaseOptions): Promise<Database> {
  let unlock = (): void => undefined;
  let folder: string | undefined;
  if (dataDir !== undefined) {
    unlock = lockFolder(dataDir);
    folder = join(dataDir, 'db');
  }
  try {
    if (folder !== undefined) discardUnfinished(folder);
    const lite = await PGlite.create({
      ...(folder === undefined ? {} : { dataDir: folder }),
      ...(template === undefined ? {} : { loadDataDir: template }),
    });
    if (folder !== undefined) writeFileSync(finishedMark(folder), '');
    const over = databaseOver(lite);
    return {
      ...over,
      async close() {
        await over.close();
        await lite.close();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** The cloud's database over an engine that is open; `close` leaves that open. One at a time: it has one session. */
export function databaseOver(lite: PGlite): Database {
  const pool = new pg.Pool(Object.assign(createPgConfig(lite), { types }));
  const { db, onQuery } = kyselyOver(pool);
  return {
    kind: 'pglite',
    db,
    onQuery,
    // Never LISTEN on a pooled client: PGlite has one session, and it would be held for good.
    listen: (channel, onPayload) => lite.listen(channel, onPayload),
    close: () => db.destroy(),
  };
}

function finishedMark(folder: string): string {
  return `${folder}.created`;
}

/** A process that was killed while it made the database left half of one, which would never open. Nobody has written anything to it yet. */
function discardUnfinished(folder: string): void {
  if (!existsSync(finishedMark(folder))) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}

async function openPostgres(connectionString: string, { maxConnections = 10 }: DatabaseOptions): Promise<Database> {
  const pool = new pg.Pool({ connectionString, max: maxConnections, types });
  // An idle connection that the server ends is replaced by the pool; without a listener the process would die of it.
  pool.on('error', () => undefined);
  // Nor of a connection that breaks in the middle of a transaction: whoever asks it next is told.
  pool.on('connect', (client) => client.on('error', () => undefined));
  try {
    (await pool.connect()).release();
  } catch (error) {
    await pool.end();
    throw new AppError(
      'internal',
      `PostgreSQL cannot be reached: ${error instanceof Error ? error.message : 'no answer'}`,
    );
  }
  const { db, onQuery } = kyselyOver(pool);
  const listener = createListener(connectionString);
  return {
    kind: 'postgres',
    db,
    onQuery,
    listen: (channel, onPayload) => listener.listen(channel, onPayload),
    async close() {
      await listener.close();
      await db.destroy();
    },
  };
}

const RECONNECT_MS = 1_000;

/** One connection of its own for LISTEN; when it breaks it comes back by itself. What was notified meanwhile is lost: wake-ups only say "look". */
function createListener(connectionString: string): Pick<Database, 'listen' | 'close'> {
  const callbacks = new Map<string, Set<(payload: string) => void>>();
  let client: Promise<pg.Client> | undefined;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;

  const open = async (onEnd: () => void): Promise<pg.Client> => {
    const fresh = new pg.Client({ connectionString });
    fresh.on('notification', ({ channel, payload }) => {
      for (const callback of callbacks.get(channel) ?? []) callback(payload ?? '');
    });
    fresh.on('error', () => undefined);
    fresh.on('end', onEnd);
    try {
      await fresh.connect();
      for (const channel of callbacks.keys()) await fresh.query(`listen ${pg.escapeIdentifier(channel)}`);
      return fresh;
    } catch (error) {
      await fresh.end().catch(() => undefined);
      throw error;
    }
  };
  const connect = (): Promise<pg.Client> => {
    clearTimeout(timer);
    const mine: Promise<pg.Client> = open(() => lost(mine));
    client = mine;
    mine.catch(() => lost(mine));
    return mine;
  };
  // A connection that cannot be made both fails and ends. There is one attempt after it, not two: attempts that double every
  // second would soon have taken every connection of the server.
  const lost = (which: Promise<pg.Client>): void => {
    if (isClosed || client !== which) return;
    client = undefined;
    timer = setTimeout(() => void connect(), RECONNECT_MS);
  };

  return {
    async listen(channel, onPayload) {
      const known = callbacks.get(channel) ?? new Set();
      callbacks.set(channel, known.add(onPayload));
      await (await (client ?? connect())).query(`listen ${pg.escapeIdentifier(channel)}`);
      return async () => {
        known.delete(onPayload);
      };
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      const open = await client?.catch(() => undefined);
      await open?.end();
    },
  };
}

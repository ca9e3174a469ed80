import { randomBytes } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import pg from 'pg';
import { inject } from 'vitest';
import { type Database, openDatabase } from '../../src-cloud/store/database.ts';

/** A database engine that the cloud's tests run on. */
export interface Engine {
  name: 'pglite' | 'postgres';
  /** An empty database of its own, without migrations. */
  open(): Promise<Database>;
}

/** A fresh database of the real PostgreSQL; its address. */
export async function createPostgresDatabase(): Promise<string> {
  const url = inject('postgresUrl');
  const name = `t_${randomBytes(8).toString('hex')}`;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  return url.replace(/\/postgres$/, `/${name}`);
}

/** Whether this machine has a PostgreSQL (global-setup.ts says loudly when it has not). */
export const hasPostgres = inject('postgresUrl') !== '';

const pglite: Engine = {
  name: 'pglite',
  open: async () => openDatabase({ template: await openAsBlob(inject('pgliteTemplate')) }),
};

const postgres: Engine = {
  name: 'postgres',
  open: async () => openDatabase({ databaseUrl: await createPostgresDatabase() }),
};

/** Both engines, or PGlite alone on a machine without PostgreSQL. Use with `describe.each`. */
export const engines: readonly Engine[] = hasPostgres ? [pglite, postgres] : [pglite];

/** For what one session cannot show: the real PostgreSQL, where this machine has one. */
export const postgresOnly: readonly Engine[] = hasPostgres ? [postgres] : [];

import { type Kysely, sql } from 'kysely';
import { AppError } from '#shared/kernel/errors.ts';
import type { Database } from './database.ts';
import { first } from './migrations/0001-first.ts';
import { audit } from './migrations/0002-audit.ts';
import { syncCentre } from './migrations/0004-sync-centre.ts';
import type { Schema } from './schema.ts';

/** One step of the database, forward only: a shipped one is never changed. */
export interface Migration {
  number: number;
  name: string;
  statements: readonly string[];
}

/** Every migration, in order. */
export const MIGRATIONS: readonly Migration[] = [first, audit, syncCentre];

// Any fixed number: two instances that start together queue up on it.
const MIGRATION_LOCK = 7_204_031;

/**
 * Brings the database to the newest shape, as its owner; each migration is one transaction.
 * Returns the numbers that ran. Throws `store/newer` when a newer version of ChefCloud wrote it, and changes nothing then.
 */
export async function migrate(
  database: Database,
  nowMs: number,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<number[]> {
  return database.db.connection().execute(async (connection) => {
    await sql`select pg_advisory_lock(${MIGRATION_LOCK}::int8)`.execute(connection);
    try {
      return await migrateLocked(connection, nowMs, migrations);
    } finally {
      await sql`select pg_advisory_unlock(${MIGRATION_LOCK}::int8)`.execute(connection);
    }
  });
}

async function migrateLocked(
  connection: Kysely<Schema>,
  nowMs: number,
  migrations: readonly Migration[],
): Promise<number[]> {
  await sql`create table if not exists schema_migration (
    number int4 primary key, name text not null, applied_at timestamptz not null)`.execute(connection);
  const rows = await connection.selectFrom('schema_migration').select('number').execute();
  const done = new Set(rows.map((row) => row.number));
  const newest = migrations.at(-1)?.number ?? 0;
  if (rows.some((row) => row.number > newest)) throw new AppError('store/newer');
  const ran: number[] = [];
  for (const migration of migrations) {
    if (done.has(migration.number)) continue;
    await connection.transaction().execute(async (tx) => {
      for (const statement of migration.statements) await sql.raw(statement).execute(tx);
      await tx
        .insertInto('schema_migration')
        .values({ number: migration.number, name: migration.name, applied_at: new Date(nowMs).toISOString() })
        .execute();
    });
    ran.push(migration.number);
  }
  return ran;
}

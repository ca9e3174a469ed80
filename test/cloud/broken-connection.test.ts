import pg from 'pg';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../src-cloud/store/database.ts';
import { createPostgresDatabase, postgresOnly } from '../helpers/engines.ts';

describe.each(postgresOnly)('a connection that breaks on $name', () => {
  test('in the middle of a transaction is told to whoever asks it next, and to nobody else', async () => {
    const url = await createPostgresDatabase();
    const database = await openDatabase({ databaseUrl: url });
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    // Nothing is being asked when it breaks: without a listener that ends the process.
    const broken = database.db.transaction().execute(async (tx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
      await other.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
      for (let isThere = true; isThere;) {
        const found = await other.query('select from pg_stat_activity where pid = $1', [rows[0]?.pid]);
        isThere = found.rowCount !== 0;
      }
      await sql`select 1`.execute(tx);
    });
    await expect(broken).rejects.toThrow(/terminat|connection error/);
    expect((await sql<{ one: number }>`select 1 as one`.execute(database.db)).rows).toEqual([{ one: 1 }]);
    await other.end();
    await database.close();
  });
});

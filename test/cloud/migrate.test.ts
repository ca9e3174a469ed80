import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../src-cloud/store/database.ts';
import { migrate, type Migration, MIGRATIONS } from '../../src-cloud/store/migrate.ts';
import { createPostgresDatabase, engines, postgresOnly } from '../helpers/engines.ts';

const NOW = Date.parse('2026-03-02T12:00:00.000Z');
const next: Migration = { number: 9001, name: 'next', statements: ['create table next_thing (id text primary key)'] };
const broken: Migration = {
  number: 9002,
  name: 'broken',
  statements: ['create table half (id text)', 'this is no statement'],
};

describe.each(engines)('migrations on $name', (engine) => {
  test('run once, in order, and go on from where they stood', async () => {
    const database = await engine.open();
    expect(await migrate(database, NOW)).toEqual(MIGRATIONS.map(({ number }) => number));
    expect(await migrate(database, NOW)).toEqual([]);
    expect(await migrate(database, NOW, [...MIGRATIONS, next])).toEqual([9001]);
    await database.close();
  });

  test('a database of a newer version is refused and left alone', async () => {
    const database = await engine.open();
    await migrate(database, NOW, [...MIGRATIONS, next]);
    await expect(migrate(database, NOW)).rejects.toMatchObject({ code: 'store/newer' });
    await database.close();
  });

  test('one that fails leaves nothing behind', async () => {
    const database = await engine.open();
    await expect(migrate(database, NOW, [...MIGRATIONS, next, broken])).rejects.toThrow('syntax error');
    const { rows } = await sql<{ number: number }>`select max(number) as number from schema_migration`.execute(
      database.db,
    );
    expect(rows).toEqual([{ number: 9001 }]);
    const { rows: found } = await sql<{ name: string | null }>`select to_regclass('half')::text as name`.execute(
      database.db,
    );
    expect(found).toEqual([{ name: null }]);
    await database.close();
  });
});

describe.each(postgresOnly)('migrations of two instances on $name', () => {
  test('that start together do not collide', async () => {
    const databaseUrl = await createPostgresDatabase();
    const databases = await Promise.all([openDatabase({ databaseUrl }), openDatabase({ databaseUrl })]);
    const ran = await Promise.all(databases.map((database) => migrate(database, NOW)));
    expect(ran.flat()).toEqual(MIGRATIONS.map(({ number }) => number));
    await Promise.all(databases.map((database) => database.close()));
  });
});

import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src-cloud/store/database.ts';
import { texts } from '../../src-cloud/store/text-list.ts';
import { engines } from '../helpers/engines.ts';

describe.each(engines)('a list of texts on $name', (engine) => {
  let database: Database;
  beforeAll(async () => {
    database = await engine.open();
  });
  afterAll(() => database.close());

  const through = async (values: string[]): Promise<string[]> =>
    (await sql<{ list: string[] }>`select ${texts(values)} as list`.execute(database.db)).rows[0]?.list ?? [];

  test.each([
    [[]],
    [['']],
    [['', '']],
    [['a', '', 'b']],
    [['{"a":"b,c"}', "it's", 'NULL', '\\', '"', '{}', 'ünï ☕ 😀\n\t']],
  ])('%j arrives as it was sent', async (values) => {
    expect(await through(values)).toEqual(values);
  });

  test('the character that parts them is taken out of a text, and parts nothing', async () => {
    expect(await through(['a\u001fb', 'c'])).toEqual(['ab', 'c']);
    expect(await through(['\u001f'])).toEqual(['']);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCsv } from '../../../scripts/replay/csv-file.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'csv-file-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const shape = { required: ['id', 'name'], optional: ['quantity'] };

async function read(content: string | Buffer, name = 'some.csv') {
  const path = join(folder, name);
  writeFileSync(path, content);
  const found: {
    line: number;
    id: string;
    name: string;
    quantity: string;
    problem: string | undefined;
    raw: string;
  }[] = [];
  for await (const { line, raw, problem, field } of readCsv(path, shape)) {
    found.push({ line, id: field('id'), name: field('name'), quantity: field('quantity'), problem, raw });
  }
  return found;
}

describe('reads', () => {
  test.each([
    ['LF', 'id,name\n1,a\n2,b\n'],
    ['CRLF', 'id,name\r\n1,a\r\n2,b\r\n'],
    ['no end of line at the end', 'id,name\n1,a\n2,b'],
    ['a byte-order mark', '\uFEFFid,name\r\n1,a\r\n2,b\r\n'],
    ['columns in another order and case', 'other, NAME ,Id\nx,a,1\ny,b,2\n'],
    ['quoted fields', '"id","name"\n"1","a"\n 2 , "b" \n'],
    ['an empty field too many', 'id,name\n1,a,\n2,b,,\n'],
  ])('%s', async (_what, content) => {
    expect((await read(content)).map(({ line, id, name, problem }) => ({ line, id, name, problem }))).toEqual([
      { line: 2, id: '1', name: 'a', problem: undefined },
      { line: 3, id: '2', name: 'b', problem: undefined },
    ]);
  });

  test('blank lines are passed over and counted', async () => {
    expect((await read('\n\nid,name\n\n1,a\n \n2,b\n')).map(({ line }) => line)).toEqual([5, 7]);
  });

  test('commas, doubled quotes and line breaks inside quotes', async () => {
    const [first, second] = await read('id,name\n1,"a, ""b""\r\nc"\n2,d\n');
    expect(first).toMatchObject({ line: 2, id: '1', name: 'a, "b"\nc', problem: undefined });
    expect(second).toMatchObject({ line: 4, id: '2', name: 'd' });
  });

  test('a file longer than any chunk, with letters of several bytes at every place', async () => {
    const lines = Array.from({ length: 20_000 }, (_, n) => `${n},Crème brûlée – 炒飯 ${'é'.repeat(n % 7)}`);
    const found = await read(`id,name\n${lines.join('\n')}\n`);
    expect(found).toHaveLength(20_000);
    expect(found.map(({ raw }) => raw)).toEqual(lines);
    expect(found.at(-1)?.line).toBe(20_001);
  });

  test('as csv-parse does, whatever the fields are', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', ',', '"', ' ', '\n', ';'), maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 6 }), async (rows) => {
        const quoted = rows.map((row) => row.map((field) => `"${field.replaceAll('"', '""')}"`).join(','));
        const content = ['id,name', ...quoted, ''].join('\n');
        const wanted = parse<{ id: string; name: string }>(content, { columns: true }).map(({ id, name }) => [
          id.trim(),
          name.trim(),
        ]);
        expect((await read(content)).map(({ id, name }) => [id, name])).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a record that cannot be read costs itself only', () => {
  test.each([
    ['a quote that is never closed', 'id,name\n1,"a\n2,b\n', 'a quote is opened and not closed'],
    ['text behind a quote', 'id,name\n1,"a"x\n2,b\n', 'text stands behind a closing quote'],
    ['a quote that only a later line closes', 'id,name\n1,"a\n2,"b"\n', 'text stands behind a closing quote'],
    ['a field too many', 'id,name\n1,a,x\n2,b\n', 'has 3 fields, the heading has 2'],
  ])('%s', async (_what, content, problem) => {
    const found = await read(content);
    expect(found[0]).toMatchObject({ line: 2, problem, id: '', name: '' });
    expect(found[1]).toMatchObject({ line: 3, id: '2', name: 'b', problem: undefined });
  });

  test('missing fields are empty', async () => {
    expect(await read('id,name,quantity\n1\n')).toMatchObject([
      { id: '1', name: '', quantity: '', problem: undefined },
    ]);
  });
});

describe('a file that is none is refused by name and line', () => {
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('id,name\n', 'utf16le')]);
  test.each<[string, string | Buffer, string]>([
    ['empty', '', 'some.csv: the file is empty'],
    ['blank', '\r\n\r\n', 'some.csv: the file is empty'],
    ['a column missing', 'id,price\n1,2\n', 'some.csv, line 1: no column "name". The heading has: id, price.'],
    ['a column twice', 'id,name,Name\n', 'some.csv, line 1: the column "name" stands there twice'],
    ['semicolons', 'id;name\n1;a\n', 'The fields must be separated by commas'],
    ['binary', Buffer.from([0x89, 0x50, 0x4e, 0x47, 10, 0, 1]), 'some.csv, line 2: this is not a text file'],
    ['a workbook', Buffer.from('PK\u0003\u0004xx'), 'some.csv, line 1: this is a workbook'],
    ['UTF-16', utf16, 'some.csv, line 1: this is UTF-16 text'],
    ['Latin-1', Buffer.from('id,name\n1,a\n2,Caf\u00e9\n', 'latin1'), 'some.csv, line 3: this is not UTF-8 text'],
    ['one endless line', `id,name\n1,${'a'.repeat(70_000)}`, 'some.csv, line 2: the line is longer than'],
    ['a broken heading', '"id,name\n1,a\n', 'some.csv, line 1: a quote is opened and not closed'],
  ])('%s', async (_what, content, message) => {
    await expect(read(content)).rejects.toMatchObject({
      code: 'file/malformed',
      message: expect.stringContaining(message),
    });
  });

  test('a file that is not there, and a folder', async () => {
    const missing = readCsv(join(folder, 'no.csv'), shape).next();
    await expect(missing).rejects.toMatchObject({
      code: 'file/missing',
      message: `${join(folder, 'no.csv')}: there is no such file.`,
    });
    await expect(readCsv(folder, shape).next()).rejects.toMatchObject({
      code: 'file/missing',
      message: expect.stringContaining('a folder'),
    });
  });
});

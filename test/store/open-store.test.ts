import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { silentLog } from '#shared/kernel/log.ts';
import { expectPragma } from '../../src-main/store/open-database.ts';
import { SCHEMA_VERSION } from '../../src-main/store/migrations.ts';
import { openStore } from '../../src-main/store/store.ts';
import { testFolder } from '../helpers/test-terminal.ts';

const code = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'no error';
};

describe('opening a terminal store', () => {
  test('every setting that durability rests on reads back, also on a new file', () => {
    const store = openStore(testFolder(), silentLog);
    const read = (name: string): unknown => store.db.pragma(name, { simple: true });
    expect(read('journal_mode')).toBe('wal');
    expect(read('synchronous')).toBe(2);
    expect(read('foreign_keys')).toBe(1);
    expect(read('busy_timeout')).toBe(5000);
    expect(read('wal_autocheckpoint')).toBe(0);
    expect(read('user_version')).toBe(SCHEMA_VERSION);
    store.close();
  });

  test('a setting that did not take is refused in words', () => {
    const db = new Database(':memory:');
    expect(code(() => expectPragma(db, 'journal_mode', 'wal'))).toBe('store/not-writable');
    db.close();
  });

  test('every table is STRICT', () => {
    const store = openStore(testFolder(), silentLog);
    const loose = store.db
      .prepare(
        `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'`,
      )
      .pluck()
      .all();
    expect(loose).toEqual([]);
    store.close();
  });

  test('a second instance on the folder is refused, in this process and in another, until the first is closed', () => {
    const folder = testFolder();
    const first = openStore(folder, silentLog);
    expect(code(() => openStore(folder, silentLog))).toBe('store/in-use');
    const script = `import { openStore } from './src-main/store/store.ts'; try { openStore(${JSON.stringify(folder)}, () => {}); console.log('opened'); } catch (error) { console.log(error.code); }`;
    const other = (): string =>
      spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], { encoding: 'utf8' }).stdout.trim();
    expect(other()).toBe('store/in-use');
    first.close();
    expect(other()).toBe('opened');
    // The other process ended without closing: its lock died with it.
    openStore(folder, silentLog).close();
  });

  test('a lock file that something has written into keeps nobody out', () => {
    const folder = testFolder();
    writeFileSync(join(folder, 'terminal.lock'), 'something else entirely '.repeat(50));
    const store = openStore(folder, silentLog);
    expect(code(() => openStore(folder, silentLog))).toBe('store/in-use');
    store.close();
  });

  test('a version that one turned bit has made is damage, not a newer version', () => {
    const folder = testFolder();
    openStore(folder, silentLog).close();
    const db = new Database(join(folder, 'terminal.db'));
    db.pragma(`user_version = ${SCHEMA_VERSION + 64}`);
    db.close();
    expect(code(() => openStore(folder, silentLog))).toBe('store/damaged');
  });

  test('a file of a newer version is refused and left as it is', () => {
    const folder = testFolder();
    openStore(folder, silentLog).close();
    const file = join(folder, 'terminal.db');
    const db = new Database(file);
    db.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
    db.prepare("UPDATE meta SET value = ? WHERE key = 'schema'").run(String(SCHEMA_VERSION + 1));
    db.close();
    const before = statSync(file).mtimeMs;
    expect(code(() => openStore(folder, silentLog))).toBe('store/newer');
    expect(statSync(file).mtimeMs).toBe(before);
  });

  test('a folder that cannot be is refused', () => {
    const folder = testFolder();
    writeFileSync(join(folder, 'file'), '');
    expect(code(() => openStore(join(folder, 'file'), silentLog))).toBe('store/not-writable');
    expect(code(() => openStore(join(folder, 'file', 'below'), silentLog))).toBe('store/not-writable');
  });

  test('a damaged file is refused, and the folder is free again', () => {
    const folder = testFolder();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'terminal.db'), 'this is no database, but long enough to look like one '.repeat(200));
    expect(code(() => openStore(folder, silentLog))).toBe('store/damaged');
    expect(code(() => openStore(folder, silentLog))).toBe('store/damaged');
  });

  test('a file with damaged pages is refused', () => {
    const folder = testFolder();
    const store = openStore(folder, silentLog);
    store.write(() => {
      for (let i = 0; i < 400; i += 1)
        store.db.prepare('INSERT INTO entity (kind, id, body) VALUES (?, ?, ?)').run('table', `t${i}`, 'x'.repeat(300));
    });
    store.checkpoints.run();
    store.close();
    const handle = openSync(join(folder, 'terminal.db'), 'r+');
    writeSync(handle, Buffer.alloc(8192, 0xff), 0, 8192, statSync(join(folder, 'terminal.db')).size - 12_288);
    closeSync(handle);
    expect(code(() => openStore(folder, silentLog))).toBe('store/damaged');
  });

  test('a full disk is a clear error, and what was before stays', () => {
    const store = openStore(testFolder(), silentLog);
    const insert = (id: string, size: number) =>
      store.write(() =>
        store.db.prepare('INSERT INTO entity (kind, id, body) VALUES (?, ?, ?)').run('table', id, 'x'.repeat(size)),
      );
    insert('before', 10);
    store.db.pragma(`max_page_count = ${Number(store.db.pragma('page_count', { simple: true })) + 2}`);
    expect(code(() => insert('too-much', 1_000_000))).toBe('store/full');
    expect(store.db.prepare('SELECT id FROM entity').pluck().all()).toEqual(['before']);
    store.db.pragma('max_page_count = 1000000');
    insert('after', 1_000_000);
    expect(store.db.prepare('SELECT count(*) FROM entity').pluck().get()).toBe(2);
    store.close();
  });

  test('what a torn write left at the end of the log is not taken for a commit', () => {
    const folder = testFolder();
    const store = openStore(folder, silentLog);
    store.write(() => store.meta.save('lamport', '7'));
    const log = join(folder, 'terminal.db-wal');
    expect(existsSync(log)).toBe(true);
    const copy = testFolder();
    spawnSync('cp', ['-r', `${folder}/.`, copy]);
    store.close();
    appendFileSync(join(copy, 'terminal.db-wal'), Buffer.alloc(5000, 0x5a));
    const again = openStore(copy, silentLog);
    expect(again.meta.find('lamport')).toBe('7');
    again.close();
  });
});

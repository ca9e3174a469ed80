import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { silentLog } from '#shared/kernel/log.ts';
import { BACKUP_FOLDER, backupFileName, listBackups, listSuperfluous } from '../../src-main/store/backup-files.ts';
import { listMirrorFiles, readMirror } from '../../src-main/store/mirror-files.ts';
import { formatRecord, type MirrorHead, parseRecord } from '../../src-main/store/mirror-record.ts';
import { startMirror } from '../../src-main/store/mirror.ts';
import { openStore } from '../../src-main/store/store.ts';
import { FakeClock } from '../helpers/fake-clock.ts';
import { testFolder, TestTerminal } from '../helpers/test-terminal.ts';

// Real files and threads, on a machine that may be busy with other things.
const SOON = { timeout: 15_000 };
const mirrorOf = (folder: string) => readMirror(join(folder, 'mirror'), false);
const secondOf = (drive: string): string => join(drive, readdirSync(drive)[0] ?? '');
const warnings = (till: TestTerminal): string[] => (till.terminal.status().warnings ?? []).map(({ code }) => code);

describe('the mirror of the outbox', () => {
  test('has everything one second after a commit, beside the database and on the second drive', async () => {
    const drive = testFolder();
    const till = await TestTerminal.create({ isOffline: true, more: { backupsDir: drive } });
    till.openOrder();
    await till.pass(1_000);
    const waiting = () => mirrorOf(till.dataDir).entries.map(({ seq }) => seq);
    await expect.poll(waiting, SOON).toEqual([1, 2]);
    await expect.poll(() => mirrorOf(secondOf(drive)).entries.length, SOON).toBe(2);
    expect(mirrorOf(till.dataDir).lastMark).toMatchObject({ state: 'running', pos: 2, nextReceipt: 2 });
    await till.terminal.close();
    expect(mirrorOf(till.dataDir).lastMark?.state).toBe('closed');
    await till.reopen(false);
    expect(mirrorOf(till.dataDir).lastMark?.state).toBe('open');
  });

  test('a line that is cut or changed anywhere is recognised, and those after it are read', () => {
    const head: MirrorHead = { what: 'head', version: 1, enrolment: 'ü€', series: [], last: null };
    const line = formatRecord(head).trim();
    expect(parseRecord(line)).toEqual(head);
    for (let at = 0; at < line.length; at += 1) {
      expect(parseRecord(line.slice(0, at))).toBeUndefined();
      expect(parseRecord(`${line.slice(0, at)}#${line.slice(at + 1)}`)).toBeUndefined();
    }
  });

  test('a torn end costs what it held and nothing else, and is written again', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    till.openOrder();
    await till.terminal.close();
    const [file] = listMirrorFiles(join(till.dataDir, 'mirror'));
    const path = join(till.dataDir, 'mirror', file?.name ?? '');
    for (const cut of [1, 40, 200, 700, 900]) {
      const whole = readFileSync(path);
      writeFileSync(path, whole.subarray(0, whole.length - cut));
      await till.reopen(false);
      till.openOrder();
      await till.terminal.close();
      const ids = mirrorOf(till.dataDir).entries.map(({ id }) => id);
      const store = openStore(till.dataDir, silentLog);
      expect([...store.outboxCopy.listIds()].sort()).toEqual(ids.sort());
      store.close();
    }
  });

  test('a write that broke off while the terminal works spoils nothing that is written after it', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const folder = join(till.dataDir, 'mirror');
    appendFileSync(join(folder, listMirrorFiles(folder)[0]?.name ?? ''), '0badbeef 900 {"what":"entry","pos":1,');
    till.openOrder();
    await till.terminal.close();
    expect(mirrorOf(till.dataDir).entries.map(({ pos }) => pos)).toEqual([1, 2]);
  });

  test('deleted while the terminal works, it begins anew with what waits, and says whose it is', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    till.openOrder();
    await till.pass(1_000);
    await expect.poll(() => mirrorOf(till.dataDir).entries.length, SOON).toBe(2);
    rmSync(join(till.dataDir, 'mirror'), { recursive: true });
    till.openOrder();
    await till.pass(1_000);
    await expect.poll(() => mirrorOf(till.dataDir).entries.length, SOON).toBe(4);
    expect(mirrorOf(till.dataDir).head?.enrolment).toContain('device-under-test');
  });

  test('goes on in a new file when one is large; old ones go when all in them is settled and old', async () => {
    const folder = testFolder();
    const store = openStore(folder, silentLog);
    const clock = new FakeClock();
    store.write(() => store.outbox.startIncarnation('a0000000', 1, '2026-03-02T12:00:00.000Z'));
    const mirror = startMirror({
      store,
      folders: [join(folder, 'mirror')],
      clock,
      log: silentLog,
      onProblem: () => {},
    });
    const append = (count: number) =>
      store.write(() => {
        for (let n = 0; n < count; n += 1)
          store.outbox.append({
            lamport: n,
            deviceId: 'd',
            id: `id-${store.outbox.lastPos()}`,
            endpoint: 'e',
            method: 'POST',
            idempotencyKey: 'k',
            createdAt: '2026-03-02T12:00:00.000Z',
            touches: '',
            body: 'x'.repeat(50_000),
          });
      });
    for (let day = 0; day < 4; day += 1) {
      append(90);
      await mirror.flush();
      clock.advance(86_400_000);
      await mirror.flush();
    }
    const names = () => listMirrorFiles(join(folder, 'mirror')).map(({ firstPos }) => firstPos);
    expect(names()).toEqual([1, 91, 181, 271, 361]);
    // Old, but not settled.
    clock.advance(15 * 86_400_000);
    append(90);
    await mirror.flush();
    expect(names()).toHaveLength(5);
    store.write(() => store.db.exec('UPDATE outbox_mark SET acked_pos = 200, settled_pos = 200'));
    append(90);
    await mirror.flush();
    expect(names()).toEqual([181, 271, 361, 451]);
    expect(mirrorOf(folder).entries.at(-1)?.pos).toBe(540);
    store.close();
  });

  test('what moved into another series is written again under it', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    till.openOrder();
    await till.pass(1_000);
    await till.terminal.close();
    const store = openStore(till.dataDir, silentLog);
    store.write(() => store.outbox.startIncarnation('ffffffff', 2, '2026-03-02T12:00:00.000Z'));
    store.close();
    await till.reopen(false);
    await till.pass(1_000);
    await expect
      .poll(() => mirrorOf(till.dataDir).entries.map(({ series, seq }) => [series === 'ffffffff', seq]), SOON)
      .toEqual([
        [false, 1],
        [true, 1],
      ]);
  });
});

describe('backups', () => {
  test('hourly, verified, on both drives, and again only when something has changed', async () => {
    const drive = testFolder();
    const till = await TestTerminal.create({ isOffline: true, more: { backupsDir: drive } });
    till.openOrder();
    const here = () => listBackups(join(till.dataDir, BACKUP_FOLDER));
    const there = () => listBackups(join(secondOf(drive), BACKUP_FOLDER));
    await till.pass(60_000);
    await expect.poll(() => there().length, SOON).toBe(1);
    expect(here()[0]?.lastPos).toBe(2);
    const copy = new Database(there()[0]?.path ?? '', { readonly: false });
    expect(copy.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(copy.prepare('SELECT count(*) FROM outbox').pluck().get()).toBe(2);
    copy.close();
    const later = async (): Promise<number[]> => {
      await till.pass(1_200_000);
      return there().map(({ lastPos }) => lastPos);
    };
    for (let turn = 0; turn < 9; turn += 1) expect(await later()).toEqual([2]);
    till.openOrder();
    await expect.poll(later, SOON).toEqual([4, 2]);
    expect(warnings(till)).toEqual([]);
  });

  test('a drive that is not there is said in words, keeps nobody from selling, and is used when it is back', async () => {
    const drive = testFolder();
    const till = await TestTerminal.create({ isOffline: true, more: { backupsDir: drive } });
    till.openOrder();
    await till.terminal.close();
    renameSync(drive, `${drive}-away`);
    await till.reopen(false);
    till.openOrder();
    await till.pass(1_000);
    await expect.poll(() => warnings(till), SOON).toEqual(['second-drive']);
    expect(till.terminal.status().warnings?.[0]?.text).toContain('is not there');
    expect(existsSync(drive)).toBe(false);
    renameSync(`${drive}-away`, drive);
    const later = async (): Promise<string[]> => {
      await till.pass(5_000);
      return warnings(till);
    };
    await expect.poll(later, SOON).toEqual([]);
    expect(mirrorOf(secondOf(drive)).entries).toHaveLength(4);
  });

  test('a drive that cannot be written: the backup here is made all the same', async () => {
    const drive = testFolder();
    const till = await TestTerminal.create({ isOffline: true, more: { backupsDir: drive } });
    await till.pass(1_000);
    await expect.poll(() => readdirSync(drive).length, SOON).toBe(1);
    // A file where the folder of the backups would be: no drive is written below it.
    writeFileSync(join(secondOf(drive), BACKUP_FOLDER), '');
    till.openOrder();
    await till.pass(60_000);
    await expect.poll(() => listBackups(join(till.dataDir, BACKUP_FOLDER)).length, SOON).toBe(1);
    await expect.poll(() => warnings(till), SOON).toEqual(['second-drive']);
    rmSync(join(secondOf(drive), BACKUP_FOLDER));
    await till.pass(600_000);
    await expect.poll(() => listBackups(join(secondOf(drive), BACKUP_FOLDER)).length, SOON).toBe(1);
    await expect.poll(() => warnings(till), SOON).toEqual([]);
  });

  test('the main drive is lost with all its copies: the second has everything', async () => {
    const drive = testFolder();
    const till = await TestTerminal.create({ isOffline: true, more: { backupsDir: drive } });
    const first = till.openOrder();
    await till.pass(60_000);
    await expect
      .poll(
        () =>
          existsSync(join(secondOf(drive), BACKUP_FOLDER)) && listBackups(join(secondOf(drive), BACKUP_FOLDER)).length,
        SOON,
      )
      .toBe(1);
    const second = till.openOrder();
    await till.terminal.close();
    for (const name of ['terminal.db', 'backups', 'mirror']) rmSync(join(till.dataDir, name), { recursive: true });
    await till.reopen(false);
    expect(till.terminal.list('order').map(({ id }) => id)).toEqual([first, second]);
    // Whether the lost mirror knew more cannot be told.
    const third = till.openOrder();
    expect(till.terminal.find('order', third)?.number).toMatch(/^T1\.[0-9a-f]{4}-0001$/);
    expect(warnings(till)).toEqual(['restored']);
  });

  test('of many, the newest and one a day are kept, and no more than fit', () => {
    const hour = 3_600_000;
    const folder = testFolder();
    mkdirSync(join(folder, BACKUP_FOLDER));
    for (let n = 0; n < 24 * 12; n += 1) writeFileSync(join(folder, BACKUP_FOLDER, backupFileName(n * hour, n)), '');
    const all = listBackups(join(folder, BACKUP_FOLDER));
    const gone = new Set(listSuperfluous(all, 1).map(({ path }) => path));
    const kept = all.filter(({ path }) => !gone.has(path)).map(({ madeMs }) => Math.floor(madeMs / hour));
    expect(kept.slice(0, 24)).toEqual(Array.from({ length: 24 }, (_, n) => 24 * 12 - 1 - n));
    expect(kept.slice(24).map((each) => Math.floor(each / 24))).toEqual([10, 9, 8, 7, 6, 5]);
    expect(all.length - listSuperfluous(all, 1024 ** 3).length).toBe(4);
  });

  test('a file that does not stand the check is no backup, and the terminal heals at once', async () => {
    const till = await TestTerminal.create();
    till.openOrder();
    await till.pass(60_000);
    const backups = () => listBackups(join(till.dataDir, BACKUP_FOLDER));
    await expect.poll(() => backups().length, SOON).toBe(1);
    till.openOrder();
    await till.pass(10_000);
    expect(till.terminal.backlog().unsettled).toBe(0);
    await till.terminal.close();
    // In a command that is done with: no page of SQLite is wrong by it, and nobody reads it at the start.
    const db = new Database(join(till.dataDir, 'terminal.db'));
    db.exec(`UPDATE outbox SET body = replace(body, '1295', '9295') WHERE pos = 4`);
    db.close();
    await till.reopen(false);
    expect(warnings(till)).toEqual([]);
    const later = async (): Promise<string[]> => {
      await till.pass(600_000);
      return warnings(till);
    };
    await expect.poll(later, SOON).toEqual(['restored']);
    expect(till.log.join()).toContain('entry 4 of the outbox is not what was written');
    expect(backups().map(({ lastPos }) => lastPos)).toContain(2);
    await till.terminal.close();
    const store = openStore(till.dataDir, silentLog);
    expect(store.outboxCopy.listAfter(3, 1)[0]?.body).toContain('"unitPriceMinor":1295');
    store.close();
  });

  test('an entry that changes on the disk while the terminal works is not read as it is', () => {
    const store = openStore(testFolder(), silentLog);
    const heard: unknown[] = [];
    store.onDamage = (error) => heard.push(error);
    store.write(() => {
      store.outbox.startIncarnation('a0000000', 1, '2026-03-02T12:00:00.000Z');
      for (const body of ['"first"', '"second"'])
        store.outbox.append({
          lamport: 1,
          deviceId: 'd',
          id: body,
          endpoint: 'e',
          method: 'POST',
          idempotencyKey: 'k',
          createdAt: '2026-03-02T12:00:00.000Z',
          touches: '',
          body,
        });
    });
    expect(store.outbox.listWaiting(10, 10_000)?.entries.map(({ body }) => body)).toEqual(['"first"', '"second"']);
    store.db.exec(`UPDATE outbox SET body = '"secOnd"' WHERE pos = 2`);
    const damaged = expect.objectContaining({ code: 'store/damaged' });
    expect(() => store.outbox.listWaiting(10, 10_000)).toThrow(damaged);
    expect(() => store.outbox.getCommand(2)).toThrow(damaged);
    expect(() => store.outboxCopy.listAfter(0, 10)).toThrow(damaged);
    expect(heard).toEqual([damaged, damaged]);
    store.close();
  });

  test('an entry that the disk has changed is never sent as it is', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const order = till.openOrder();
    await till.terminal.close();
    const db = new Database(join(till.dataDir, 'terminal.db'));
    db.exec(`UPDATE outbox SET body = replace(body, '1295', '9295')`);
    db.close();
    await till.reopen(true);
    for (let turn = 0; turn < 8; turn += 1) await till.pass(30_000);
    await expect.poll(() => till.cloud.find('order', order)?.lines[0]?.unitPriceMinor, SOON).toBe(1295);
    expect(JSON.stringify(till.cloud.pushed())).not.toContain('9295');
  });

  test('a copy of a terminal on a new machine: with a new code it goes on, and nothing is given twice', async () => {
    const drive = testFolder();
    const till = await TestTerminal.create({ isOffline: true, more: { backupsDir: drive } });
    till.openOrder();
    await till.pass(60_000);
    await expect
      .poll(
        () =>
          existsSync(join(secondOf(drive), BACKUP_FOLDER)) && listBackups(join(secondOf(drive), BACKUP_FOLDER)).length,
        SOON,
      )
      .toBe(1);
    till.openOrder();
    await till.terminal.close();
    const second = secondOf(drive);
    rmSync(till.dataDir, { recursive: true });
    mkdirSync(till.dataDir);
    cpSync(listBackups(join(second, BACKUP_FOLDER))[0]?.path ?? '', join(till.dataDir, 'terminal.db'));
    cpSync(join(second, 'mirror'), join(till.dataDir, 'mirror'), { recursive: true });
    chmodSync(till.dataDir, 0o700);
    await till.reopen(false);
    await till.terminal.enrol({ cloudUrl: 'http://cloud.test', code: 'CODE-456', deviceName: 'Counter' });
    till.openOrder();
    const numbers = till.terminal.list('order').map((order) => order.number);
    expect(new Set(numbers).size).toBe(3);
    await till.terminal.start();
    for (let turn = 0; turn < 6; turn += 1) await till.pass(30_000);
    expect(
      till.cloud
        .list('order')
        .map((order) => order.number)
        .sort(),
    ).toEqual([...numbers].sort());
  });
});

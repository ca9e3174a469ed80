import {
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readMirror } from '../../src-main/store/mirror-files.ts';
import { testFolder, TestTerminal } from '../helpers/test-terminal.ts';
import {
  SOON,
  fileOf,
  asides,
  warningOf,
  numbers,
  outbox,
  overwrite,
  flip,
  breakHeader,
  backUp,
  expectAllInCloud,
  crash,
  cutLog,
} from '../helpers/healing-kit.ts';

describe('a damaged database', () => {
  test('comes back from backup and mirror: same places, same bytes, the series and its receipts go on', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const orders = [till.openOrder()];
    await backUp(till);
    orders.push(till.openOrder(), till.openOrder());
    till.pay(orders[1] ?? '');
    await till.terminal.close();
    const before = outbox(till.dataDir);
    breakHeader(till);
    await till.reopen(false);
    expect(numbers(till)).toEqual(['T1-0001', 'T1-0002', 'T1-0003']);
    expect(till.terminal.find('order', orders[1] ?? '')?.payments).toHaveLength(1);
    expect(till.terminal.dayTotals()).toMatchObject([{ momoMinor: 1295 }]);
    expect(warningOf(till)).toMatch(/put back from the backup of .*5 entries were brought back.*Nothing is missing/);
    orders.push(till.openOrder());
    expect(numbers(till)).toContain('T1-0004');
    await till.terminal.close();
    expect(outbox(till.dataDir).slice(0, before.length)).toEqual(before);
    expect(asides(till)).toHaveLength(1);
    expect(readFileSync(join(till.dataDir, asides(till)[0] ?? '', 'terminal.db')).subarray(0, 8)).toEqual(
      Buffer.alloc(8, 0x55),
    );
    await till.reopen(false);
    await expectAllInCloud(till, orders);
  });

  test('without any backup comes back from the mirror and the cloud', async () => {
    const till = await TestTerminal.create();
    const orders = [till.openOrder(), till.openOrder()];
    await till.pass(5_000);
    till.cloud.isDown = true;
    orders.push(till.openOrder());
    till.pay(orders[0] ?? '');
    await till.terminal.close();
    writeFileSync(fileOf(till), '');
    await till.reopen(false);
    expect(till.terminal.isEnrolled).toBe(true);
    expect(warningOf(till)).toMatch(/There was no backup.*Nothing is missing/);
    // Rows come, but no push goes through.
    till.cloud.isDown = false;
    till.cloud.intercept = ({ path }) => (path === '/sync/push' ? new Error('cut') : undefined);
    await till.terminal.start();
    await till.pass(5_000);
    expect(numbers(till)).toEqual(['T1-0001', 'T1-0002', 'T1-0003']);
    till.cloud.intercept = undefined;
    await expectAllInCloud(till, orders);
    expect(till.cloud.find('order', orders[0] ?? '')?.payments).toHaveLength(1);
    expect(new Set(till.cloud.pushed().map((entry) => entry.id)).size).toBe(7);
  });

  test('deleted altogether, its mirror says who it was', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const orders = [till.openOrder()];
    await till.terminal.close();
    rmSync(fileOf(till));
    await till.reopen(false);
    expect(till.terminal.isEnrolled).toBe(true);
    await expectAllInCloud(till, orders);
  });

  test('a bit turned anywhere, or the file cut anywhere: everything confirmed arrives once', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const orders = [till.openOrder(), till.openOrder()];
    await backUp(till);
    orders.push(till.openOrder());
    await till.terminal.close();
    const whole = testFolder();
    cpSync(till.dataDir, whole, { recursive: true });
    const size = readFileSync(fileOf(till)).length;
    const backup = till.cloud.backUp();
    const damages = [
      ...Array.from(
        { length: 24 },
        (_, n) => () => flip(fileOf(till), n < 8 ? 12 + n * 11 : Math.floor((size * n) / 16), n % 8),
      ),
      ...Array.from({ length: 5 }, (_, n) => () => truncateSync(fileOf(till), Math.floor((size * n) / 5))),
    ];
    for (const damage of damages) {
      rmSync(till.dataDir, { recursive: true });
      cpSync(whole, till.dataDir, { recursive: true });
      till.cloud.restore(backup);
      damage();
      await till.reopen(false);
      await expectAllInCloud(till, orders);
      await till.terminal.close();
    }
    expect(asides(till)).toHaveLength(1);
  }, 120_000);

  test('killed between any two steps of the restore, the next start ends it', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const orders = [till.openOrder()];
    await backUp(till);
    orders.push(till.openOrder());
    await till.terminal.close();
    breakHeader(till);
    const broken = testFolder();
    cpSync(till.dataDir, broken, { recursive: true });
    const { crashAt } = await import('../helpers/crashing-files.ts');
    let steps = 0;
    for (; ; steps += 1) {
      rmSync(till.dataDir, { recursive: true });
      cpSync(broken, till.dataDir, { recursive: true });
      const hasCrashed = await crashAt(steps, () => till.reopen(false));
      await till.reopen(false);
      expect(numbers(till)).toEqual(['T1-0001', 'T1-0002']);
      const kept = asides(till).filter((name) => existsSync(join(till.dataDir, name, 'terminal.db')));
      expect(kept).toHaveLength(1);
      const [first] = readFileSync(join(till.dataDir, kept[0] ?? '', 'terminal.db'));
      expect(first).toBe(0x55);
      if (!hasCrashed) break;
    }
    expect(steps).toBeGreaterThan(20);
    await expectAllInCloud(till, orders);
  }, 120_000);

  test('a damaged backup is passed over for an older one that is whole', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const orders = [till.openOrder()];
    await backUp(till);
    const folder = join(till.dataDir, 'backups');
    const [older] = readdirSync(folder);
    orders.push(till.openOrder());
    await till.terminal.close();
    const newer = join(folder, `terminal-${Date.now()}-000000000004.db`);
    copyFileSync(join(folder, older ?? ''), newer);
    truncateSync(newer, 9_000);
    breakHeader(till);
    await till.reopen(false);
    expect(numbers(till)).toEqual(['T1-0001', 'T1-0002']);
    expect(till.log.join('\n')).toContain('cannot be used');
    expect(existsSync(newer)).toBe(true);
    await expectAllInCloud(till, orders);
  });

  test('a gap in the mirror is said, what lies behind it is brought back under a new series', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const orders = [till.openOrder(), till.openOrder(), till.openOrder()];
    await till.terminal.close();
    const folder = join(till.dataDir, 'mirror');
    const path = join(folder, readdirSync(folder)[0] ?? '');
    const lines = readFileSync(path, 'utf8').split('\n');
    const spoiled = lines.findIndex((line) => line.includes('"pos":3,"series"'));
    lines[spoiled] = (lines[spoiled] ?? '').replace('takeaway', 'takeawaX');
    writeFileSync(path, lines.join('\n'));
    writeFileSync(fileOf(till), '');
    await till.reopen(false);
    expect(warningOf(till)).toMatch(/5 entries were brought back.*may be missing/);
    till.cloud.isDown = false;
    await till.terminal.start();
    for (let turn = 0; turn < 6; turn += 1) await till.pass(30_000);
    expect(till.terminal.backlog()).toEqual({ waiting: 0, unsettled: 0 });
    const ids = till.cloud.list('order').map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([orders[0], orders[2]]));
  });

  test('found while it works, it is put back without a restart', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const orders = [till.openOrder()];
    await backUp(till);
    orders.push(till.openOrder());
    await till.pass(1_000);
    await expect.poll(() => readMirror(join(till.dataDir, 'mirror'), false).entries.length, SOON).toBe(4);
    const damage = Object.assign(new Error('database disk image is malformed'), { code: 'SQLITE_CORRUPT' });
    const { SqliteError } = (await import('better-sqlite3')).default;
    Object.setPrototypeOf(damage, SqliteError.prototype);
    breakHeader(till);
    expect(() =>
      till.terminal.execute({
        actorId: 'staff-L5',
        get calls(): never {
          throw damage;
        },
      }),
    ).toThrow(expect.objectContaining({ code: 'store/damaged' }));
    await expect.poll(() => till.terminal.isEnrolled && warningOf(till), SOON).toMatch(/was damaged/);
    expect(numbers(till)).toEqual(['T1-0001', 'T1-0002']);
    orders.push(till.openOrder());
    await expectAllInCloud(till, orders);
  });
});

describe('a database that is older than its mirror', () => {
  test('an old file put back by hand gets what it lacks, and goes on as before', async () => {
    const till = await TestTerminal.create();
    const orders = [till.openOrder()];
    await till.pass(5_000);
    await till.terminal.close();
    const old = join(testFolder(), 'terminal.db');
    copyFileSync(fileOf(till), old);
    await till.reopen();
    orders.push(till.openOrder());
    await till.pass(5_000);
    till.cloud.isDown = true;
    orders.push(till.openOrder());
    await till.terminal.close();
    const before = outbox(till.dataDir);
    overwrite(fileOf(till), old);
    await till.reopen(false);
    expect(numbers(till)).toEqual(['T1-0001', 'T1-0002', 'T1-0003']);
    expect(warningOf(till)).toMatch(/lacked its newest entries.*4 entries.*Nothing is missing/);
    await till.terminal.close();
    expect(outbox(till.dataDir)).toEqual(before);
    await till.reopen(false);
    orders.push(till.openOrder());
    await expectAllInCloud(till, orders);
  });

  test('a whole old folder put back, offline: no receipt number and no place in a series is given twice', async () => {
    const till = await TestTerminal.create();
    const orders = [till.openOrder()];
    await till.pass(5_000);
    await till.terminal.close();
    const old = testFolder();
    cpSync(till.dataDir, old, { recursive: true });
    await till.reopen();
    orders.push(till.openOrder());
    await till.pass(5_000);
    till.cloud.isDown = true;
    await till.terminal.close();
    rmSync(till.dataDir, { recursive: true });
    cpSync(old, till.dataDir, { recursive: true });
    await till.reopen(false);
    orders.push(till.openOrder());
    expect(numbers(till)[1]).toMatch(/^T1\.[0-9a-f]{4}-0001$/);
    await expectAllInCloud(till, orders);
    expect(till.cloud.list('anomaly').filter((row) => row.code === 'forked-series')).toEqual([]);
  });

  test('the log of the database cut or taken away: the mirror brings it back, under a new series', async () => {
    for (const cut of ['torn', 'gone'] as const) {
      const till = await TestTerminal.create({ isOffline: true });
      const orders = [till.openOrder()];
      await till.terminal.close();
      await till.reopen(false);
      orders.push(till.openOrder());
      await till.pass(1_000);
      await expect.poll(() => readMirror(join(till.dataDir, 'mirror'), false).entries.length, SOON).toBe(4);
      await crash(till);
      cutLog(till, cut);
      await till.reopen(false);
      orders.push(till.openOrder());
      expect(numbers(till).slice(0, 2)).toEqual(['T1-0001', 'T1-0002']);
      expect(numbers(till)[2]).toMatch(/^T1\.[0-9a-f]{4}-0001$/);
      expect(warningOf(till)).toMatch(/last second/);
      await expectAllInCloud(till, orders);
    }
  });
});

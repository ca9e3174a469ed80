import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { readMirror } from '../../src-main/store/mirror-files.ts';
import { testFolder, TestTerminal } from '../helpers/test-terminal.ts';
import {
  SOON,
  fileOf,
  asides,
  warningOf,
  numbers,
  breakHeader,
  backUp,
  expectAllInCloud,
  crash,
  cutLog,
} from '../helpers/healing-kit.ts';

describe('after a crash', () => {
  test('what the log has lost before it was mirrored is said to be missing, and its receipt number is not given again', async () => {
    for (const cut of ['torn', 'gone'] as const) {
      const till = await TestTerminal.create({ isOffline: true });
      const orders = [till.openOrder()];
      await till.terminal.close();
      await till.reopen(false);
      const lost = till.openOrder();
      await crash(till);
      cutLog(till, cut);
      await till.reopen(false);
      expect(till.terminal.find('order', lost)?.lines ?? []).toEqual([]);
      orders.push(till.openOrder());
      expect(numbers(till).at(-1)).toMatch(/^T1\.[0-9a-f]{4}-0001$/);
      expect(warningOf(till)).toMatch(/last second/);
    }
  });

  test('a damaged file is put back, and a new series begins, since the last second may be missing', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const orders = [till.openOrder()];
    await backUp(till);
    orders.push(till.openOrder());
    await till.pass(1_000);
    await expect.poll(() => readMirror(join(till.dataDir, 'mirror'), false).entries.length, SOON).toBe(4);
    await crash(till);
    breakHeader(till);
    await till.reopen(false);
    orders.push(till.openOrder());
    expect(numbers(till)).toEqual(['T1-0001', 'T1-0002', expect.stringMatching(/^T1\.[0-9a-f]{4}-0001$/)]);
    expect(warningOf(till)).toMatch(/last second/);
    await expectAllInCloud(till, orders);
  });

  test('the damaged file itself still has what was not mirrored yet', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const orders = [till.openOrder()];
    await backUp(till);
    orders.push(till.openOrder());
    await crash(till);
    // An index is not what its table says: SQLite cannot use the file as it is, but the outbox can be read.
    const db = new Database(fileOf(till));
    db.pragma('locking_mode = EXCLUSIVE');
    db.unsafeMode(true);
    db.pragma('writable_schema = ON');
    db.exec(`UPDATE sqlite_schema SET rootpage = 2 WHERE name = 'order_day_sums'`);
    db.close();
    await till.reopen(false);
    expect(numbers(till)).toEqual(['T1-0001', 'T1-0002']);
    expect(asides(till)).toHaveLength(1);
    await expectAllInCloud(till, orders);
  });
});

describe('a cloud that was restored from a backup', () => {
  test('gets again what it has forgotten of every series, also of one that is not written any more', async () => {
    const till = await TestTerminal.create();
    const orders = [till.openOrder()];
    await till.pass(5_000);
    const early = till.cloud.backUp();
    orders.push(till.openOrder());
    await till.pass(5_000);
    // A copy of the folder: the terminal goes on under a new series.
    await till.terminal.close();
    const copy = testFolder();
    cpSync(till.dataDir, copy, { recursive: true });
    rmSync(till.dataDir, { recursive: true });
    cpSync(copy, till.dataDir, { recursive: true });
    await till.reopen();
    orders.push(till.openOrder());
    await till.pass(70_000);
    expect(till.terminal.backlog()).toEqual({ waiting: 0, unsettled: 0 });
    till.cloud.restore(early);
    await till.pass(200_000);
    await expectAllInCloud(till, orders);
  });

  test('forgot everything of a terminal that has not heard of its own rows yet', async () => {
    const till = await TestTerminal.create();
    const early = till.cloud.backUp();
    // Acknowledged, but the rows do not come: the cursor stays where the backup knows it.
    till.cloud.intercept = ({ path }) => (path.startsWith('/sync/changes') ? new Error('cut') : undefined);
    const orders = [till.openOrder()];
    await till.pass(5_000);
    expect(till.terminal.backlog()).toEqual({ waiting: 0, unsettled: 2 });
    till.cloud.restore(early);
    till.cloud.intercept = undefined;
    await till.pass(200_000);
    await expectAllInCloud(till, orders);
  });

  test('lacks what another terminal had sent: it stays here and is said, until that terminal sends it again', async () => {
    const till = await TestTerminal.create();
    await till.pass(5_000);
    const early = till.cloud.backUp();
    const sold = { orderId: 'theirs', number: 'T2-0001', type: 'takeaway' };
    till.cloud.runElsewhere('order.open', sold);
    await till.pass(200_000);
    expect(till.terminal.find('order', 'theirs')?.number).toBe('T2-0001');
    expect(till.terminal.status().warnings).toBeUndefined();
    till.cloud.restore(early);
    await till.pass(200_000);
    expect(till.terminal.find('order', 'theirs')?.number).toBe('T2-0001');
    expect(warningOf(till)).toMatch(/lacks 1 record .* of other terminals/);
    till.cloud.runElsewhere('order.open', sold);
    await till.pass(200_000);
    expect(till.terminal.status().warnings).toBeUndefined();
  });
});

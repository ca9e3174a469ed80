import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Envelope } from '#shared/commands/envelope.ts';
import { silentLog } from '#shared/kernel/log.ts';
import { openStore } from '../../src-main/store/store.ts';
import { removeOld } from '../../src-main/store/retention.ts';
import { createTerminal } from '../../src-main/core/terminal.ts';
import { quiet, testFolder, TestTerminal } from '../helpers/test-terminal.ts';
import { staffOf, VAT } from '../helpers/world.ts';

/** The closed terminal's file, looked at from outside. */
function look<T>(dataDir: string, work: (store: ReturnType<typeof openStore>) => T): T {
  const store = openStore(dataDir, silentLog);
  try {
    return work(store);
  } finally {
    store.close();
  }
}

describe('commands on a terminal store', () => {
  test('rows and outbox row are one transaction: a failure between them leaves nothing', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const orderId = till.openOrder();
    await till.terminal.close();
    look(till.dataDir, (store) =>
      store.db.exec(`CREATE TRIGGER fail BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'no'); END`),
    );
    await till.reopen(false);
    const before = till.terminal.find('order', orderId);
    expect(() => till.pay(orderId)).toThrow('no');
    expect(till.terminal.find('order', orderId)).toEqual(before);
    expect(till.terminal.dayTotals()).toEqual([]);
    expect(till.terminal.status().waiting).toBe(2);
    await till.terminal.close();
    look(till.dataDir, (store) => store.db.exec('DROP TRIGGER fail'));
    await till.reopen(false);
    till.pay(orderId);
    expect(till.terminal.find('order', orderId)?.payments).toHaveLength(1);
    expect(till.terminal.dayTotals()[0]?.momoMinor).toBe(1295);
  });

  test('a list of calls is all or nothing', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const line = { lineId: 'l1', itemId: 'i', name: 'I', quantity: 1, unitPriceMinor: 5, tax: VAT, stationId: 'grill' };
    const calls = [
      { name: 'order.open', input: { orderId: 'o1', type: 'takeaway' } },
      { name: 'order.addLine', input: { orderId: 'o1', ...line } },
      { name: 'order.addLine', input: { orderId: 'o1', ...line } },
    ];
    expect(() => till.terminal.execute({ actorId: staffOf('L2').id, calls })).toThrow(
      expect.objectContaining({ code: 'order/line-exists' }),
    );
    expect(till.terminal.find('order', 'o1')).toBeUndefined();
    expect(till.terminal.status().waiting).toBe(0);
    const done = till.terminal.execute({ actorId: staffOf('L2').id, calls: calls.slice(0, 2) });
    expect(done.results).toHaveLength(2);
    expect(done.rows).toMatchObject([{ kind: 'order', id: 'o1' }]);
    expect(till.terminal.status().waiting).toBe(2);
  });

  test('the outbox has SPEC D1, an Envelope as exact text, and a gap-free series', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    till.openOrder();
    till.openOrder();
    await till.terminal.close();
    const rows = look(
      till.dataDir,
      (store) => store.db.prepare('SELECT * FROM outbox ORDER BY pos').all() as Record<string, unknown>[],
    );
    expect(rows.map(({ seq, lamport }) => [seq, lamport])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
    ]);
    for (const row of rows) {
      expect(row).toMatchObject({
        status: 'PENDING',
        attempts: 0,
        last_error: null,
        method: 'POST',
        device_id: 'device-under-test',
      });
      expect(row['endpoint']).toMatch(/^POST \/pos\/orders/);
      expect(row['id']).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
      expect(row['idempotency_key']).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
      expect(Envelope.parse(JSON.parse(String(row['body']))).id).toBe(row['id']);
    }
    expect(new Set(rows.map((row) => row['incarnation'])).size).toBe(1);
    const ids = rows.map((row) => String(row['id']));
    expect(ids).toEqual(ids.toSorted());
  });

  test('receipt numbers have no gap, whatever was refused and however often it starts', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const first = till.openOrder();
    expect(() => till.run('order.open', { orderId: first, type: 'takeaway' })).toThrow(
      expect.objectContaining({ code: 'order/exists' }),
    );
    const second = till.openOrder();
    await till.reopen(false);
    const third = till.openOrder('third');
    expect([first, second, third].map((id) => till.terminal.find('order', id)?.number)).toEqual([
      'T1-0001',
      'T1-0002',
      'T1-0003',
    ]);
  });

  test('cash goes into the open shift of this terminal, and closing it knows what should be there', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    till.run('shift.open', { shiftId: 'mine', floatMinor: 10_000 }, 'L2');
    const orderId = till.openOrder();
    till.run(
      'payment.take',
      { orderId, paymentId: 'p1', method: 'cash', amountMinor: 1295, tenderedMinor: 2000, changeMinor: 705 },
      'L2',
    );
    expect(till.terminal.find('order', orderId)?.payments[0]?.shiftId).toBe('mine');
    till.run('payment.refund', { orderId, paymentId: 'p1', refundId: 'r1', amountMinor: 295, reason: 'cold' }, 'L3');
    const { results } = till.run('shift.close', { shiftId: 'mine', countedMinor: 10_500, expectedMinor: 1 }, 'L2');
    expect(till.terminal.find('shift', 'mine')).toMatchObject({
      status: 'closed',
      expectedMinor: 11_000,
      countedMinor: 10_500,
    });
    expect(results[0]?.flags).toEqual(['cash-short']);
  });

  test('the business day is that of the branch: before its starting hour it is still yesterday', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const at = (text: string) => Date.parse(text);
    const open = (orderId: string, atMs: number) =>
      till.terminal.execute({
        actorId: staffOf('L2').id,
        atMs,
        calls: [{ name: 'order.open', input: { orderId, type: 'takeaway' } }],
      });
    open('late', at('2026-03-02T03:59:00Z'));
    open('early', at('2026-03-02T04:00:00Z'));
    expect(till.terminal.find('order', 'late')?.openedDay).toBe('2026-03-01');
    expect(till.terminal.find('order', 'early')?.openedDay).toBe('2026-03-02');
  });

  test('who has no right, who is not known, and what is not known are refused without a trace', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const orderId = till.openOrder();
    const run =
      (name: string, input: Record<string, unknown>, actorId: string = staffOf('L1').id) =>
      () =>
        till.terminal.execute({ actorId, calls: [{ name, input }] });
    expect(run('order.void', { orderId, reason: 'r' })).toThrow(expect.objectContaining({ code: 'auth/forbidden' }));
    expect(run('order.void', { orderId, reason: 'r' }, 'nobody')).toThrow(
      expect.objectContaining({ code: 'staff/not-found' }),
    );
    expect(run('order.nothing', {})).toThrow(expect.objectContaining({ code: 'command/unknown' }));
    expect(run('order.void', { orderId, reason: '' }, staffOf('L3').id)).toThrow(
      expect.objectContaining({ code: 'input/invalid', path: 'reason' }),
    );
    expect(till.terminal.status().waiting).toBe(2);
  });

  test('killed in the middle of its work, it has everything it had answered', () => {
    const folder = testFolder();
    const script = `
      import { CloudDouble } from './test/helpers/cloud-double.ts';
      import { createTerminal } from './src-main/core/terminal.ts';
      import { systemClock } from './src-main/core/system-clock.ts';
      const terminal = createTerminal({ dataDir: ${JSON.stringify(folder)}, clock: systemClock, host: 'hub', version: '0', log: () => {}, fetch: new CloudDouble().fetch });
      await terminal.enrol({ cloudUrl: 'http://cloud.test', code: 'CODE-123', deviceName: 'Counter' });
      for (let i = 1; i <= 40; i += 1) {
        terminal.execute({ actorId: 'staff-L5', calls: [{ name: 'order.open', input: { orderId: 'o' + i, type: 'takeaway' } }] });
        process.stdout.write('answered ' + i + '\\n');
        if (i === 40) process.kill(process.pid, 'SIGKILL');
      }`;
    const child = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], { encoding: 'utf8' });
    expect(child.signal).toBe('SIGKILL');
    const answered = child.stdout.trim().split('\n').length;
    const terminal = createTerminal({
      dataDir: folder,
      clock: { now: () => Date.now(), after: () => () => {} },
      host: 'hub',
      version: '0',
      log: silentLog,
    });
    expect(terminal.list('order')).toHaveLength(answered);
    expect(terminal.status().waiting).toBe(answered);
    void terminal.close();
  });

  test('what was on its way when it crashed waits again after the start', async () => {
    const till = await TestTerminal.create();
    till.cloud.intercept = ({ path }) => (path === '/sync/push' ? new Error('cut') : undefined);
    till.openOrder();
    await quiet();
    await till.terminal.close();
    look(till.dataDir, (store) => store.db.exec(`UPDATE outbox SET status = 'REPLAYING'`));
    expect(look(till.dataDir, (store) => store.db.prepare('SELECT DISTINCT status FROM outbox').pluck().all())).toEqual(
      ['PENDING'],
    );
    till.cloud.intercept = undefined;
    await till.reopen();
    await till.pass(1_000);
    expect(till.terminal.status().waiting).toBe(0);
  });

  test('a damaged row is a clear error and keeps nobody from selling', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const broken = till.openOrder();
    const fine = till.openOrder();
    await till.terminal.close();
    look(till.dataDir, (store) => store.db.prepare(`UPDATE entity SET body = '{"id":1}' WHERE id = ?`).run(broken));
    await till.reopen(false);
    expect(() => till.pay(broken)).toThrow(expect.objectContaining({ code: 'store/damaged' }));
    expect(till.terminal.list('order').map((order) => order.id)).toEqual([fine]);
    till.pay(fine);
    expect(till.log.some((line) => line.includes(broken))).toBe(true);
  });

  test('the key file is readable by its owner alone, and its secrets are not in the database', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    await till.terminal.close();
    const file = join(till.dataDir, 'device.key.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { pinPepper, key } = JSON.parse(readFileSync(file, 'utf8')) as { pinPepper: string; key: { d: string } };
    const database = readFileSync(join(till.dataDir, 'terminal.db'), 'latin1');
    for (const secret of [pinPepper, key.d]) expect(database).not.toContain(secret);
  });

  test('rows older than 90 days go; what waits, what is open and the newest entry stay', async () => {
    const till = await TestTerminal.create();
    const orderId = till.openOrder();
    till.pay(orderId);
    till.run('order.close', { orderId });
    const open = till.openOrder();
    await till.pass(200_000);
    expect(till.terminal.backlog().unsettled).toBe(0);
    await till.terminal.close();
    till.clock.advance(91 * 86_400_000);
    till.cloud.isDown = true;
    await till.reopen(false);
    const late = till.openOrder();
    await till.terminal.close();
    const kept = look(till.dataDir, (store) => {
      removeOld(store, till.clock.now());
      return store.db.prepare('SELECT seq FROM outbox ORDER BY pos').pluck().all();
    });
    expect(kept).toEqual([7, 8]);
    await till.reopen(false);
    expect(till.terminal.list('order').map((order) => order.id)).toEqual([open, late]);
    expect(till.terminal.dayTotals()).toEqual([]);
    till.cloud.isDown = false;
    await till.terminal.start();
    await till.pass(200_000);
    expect(till.terminal.backlog()).toEqual({ waiting: 0, unsettled: 0 });
  });
});

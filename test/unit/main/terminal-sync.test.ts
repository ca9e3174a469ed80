import { describe, expect, test } from 'vitest';
import { BRANCH, staffOf } from '../../helpers/world.ts';
import { put } from '#shared/domain/entity.ts';
import { DEVICE } from '../../helpers/cloud-double.ts';
import { quiet, TestTerminal } from '../../helpers/test-terminal.ts';

describe('a terminal and its cloud', () => {
  test('what is rung up arrives, once, and nothing waits any more', async () => {
    const till = await TestTerminal.create();
    const orderId = till.openOrder();
    till.pay(orderId);
    till.run('order.close', { orderId });
    expect(till.terminal.backlog()).toEqual({ waiting: 4, unsettled: 4 });
    await quiet();
    await till.pass(200_000);
    expect(till.terminal.backlog()).toEqual({ waiting: 0, unsettled: 0 });
    expect(till.cloud.find('order', orderId)).toEqual(till.terminal.find('order', orderId));
    expect(till.cloud.pushed().map((entry) => entry.seq)).toEqual([1, 2, 3, 4]);
    expect(till.terminal.status().link).toBe('online');
  });

  test('offline for hours, then online: everything arrives once, in order', async () => {
    const till = await TestTerminal.create();
    till.cloud.isDown = true;
    for (let hour = 0; hour < 5; hour += 1) {
      for (let i = 0; i < 5; i += 1) till.pay(till.openOrder());
      await till.pass(3_600_000);
    }
    expect(till.terminal.status()).toMatchObject({ link: 'offline', waiting: 75, refused: 0 });
    till.cloud.isDown = false;
    await till.pass(120_000);
    await till.pass(200_000);
    expect(till.terminal.status()).toMatchObject({ link: 'online', waiting: 0, refused: 0 });
    expect(till.terminal.backlog().unsettled).toBe(0);
    expect(till.cloud.list('order')).toHaveLength(25);
    expect(till.cloud.list('order').every((order) => order.payments.length === 1 && order.lines.length === 1)).toBe(
      true,
    );
    expect(till.cloud.list('anomaly').filter((each) => each.code !== 'price-not-on-menu')).toEqual([]);
  });

  test('an answer that was lost doubles nothing', async () => {
    const till = await TestTerminal.create();
    let lost = 0;
    till.cloud.intercept = ({ path, body }) => {
      if (path !== '/sync/push' || lost > 0) return undefined;
      lost += 1;
      // The cloud takes it; the answer does not come back.
      const { intercept } = till.cloud;
      till.cloud.intercept = undefined;
      void till.cloud.fetch('http://cloud.test/sync/push', {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { authorization: 'Bearer token-2' },
      });
      till.cloud.intercept = intercept;
      return new Error('cut');
    };
    till.run('stock.adjust', { stockItemId: 'flour', deltaMilli: -1000, reason: 'baked' });
    await quiet();
    expect(lost).toBe(1);
    expect(till.cloud.find('stockItem', 'flour')?.onHandMilli).toBe(4000);
    // The rows come before the outcome: they contain the adjustment, and it is not added again on top of them.
    till.terminal.wake();
    await quiet();
    expect(till.terminal.find('stockItem', 'flour')?.onHandMilli).toBe(4000);
    await till.pass(120_000);
    expect(till.cloud.find('stockItem', 'flour')?.onHandMilli).toBe(4000);
    expect(till.terminal.backlog()).toEqual({ waiting: 0, unsettled: 0 });
  });

  test('a paid order is never shown unpaid by rows that do not know the payment yet', async () => {
    const till = await TestTerminal.create();
    const orderId = till.openOrder();
    await quiet();
    await till.pass(200_000);
    till.cloud.intercept = ({ path }) => (path === '/sync/push' ? new Error('cut') : undefined);
    till.pay(orderId);
    // Another terminal adds a line: the cloud's row of the order comes without the payment.
    till.cloud.runElsewhere('order.changeLine', { orderId, lineId: 'line-2', note: 'no onions' });
    till.terminal.wake();
    await quiet();
    const order = till.terminal.find('order', orderId);
    expect(order?.lines[0]?.note).toBe('no onions');
    expect(order?.payments).toHaveLength(1);
    expect(till.terminal.dayTotals()[0]?.momoMinor).toBe(1295);
    expect(till.terminal.backlog()).toEqual({ waiting: 1, unsettled: 1 });
  });

  test('a cloud that was put back counts anew: an outcome of its settles nothing by its number', async () => {
    const till = await TestTerminal.create();
    const orderId = till.openOrder();
    await quiet();
    await till.pass(200_000);
    till.cloud.intercept = ({ path, body }) => {
      if (path.startsWith('/sync/changes')) return new Error('cut');
      if (path !== '/sync/push') return undefined;
      const { entries } = body as { entries: { seq: number; id: string }[] };
      // Far below the cursor, which is of the history before.
      const visible = { org: 0, branch: 1 };
      const outcomes = entries.map(({ seq, id }) => ({ seq, id, status: 'applied', flags: [], visible }));
      return Response.json({
        outcomes,
        watermark: entries.at(-1)?.seq ?? 0,
        lamport: 9,
        serverAt: '2026-03-02T12:00:00Z',
      });
    };
    till.pay(orderId);
    await quiet();
    expect(till.terminal.backlog()).toEqual({ waiting: 0, unsettled: 1 });
    expect(till.terminal.find('order', orderId)?.payments).toHaveLength(1);
  });

  test('acknowledged is not arrived: the command stays on top until its rows are here', async () => {
    const till = await TestTerminal.create();
    await quiet();
    till.cloud.intercept = ({ path }) => (path.startsWith('/sync/changes') ? new Error('cut') : undefined);
    const orderId = till.openOrder();
    await quiet();
    expect(till.terminal.backlog()).toEqual({ waiting: 0, unsettled: 2 });
    expect(till.terminal.find('order', orderId)?.lines).toHaveLength(1);
    till.cloud.intercept = undefined;
    await till.pass(120_000);
    expect(till.terminal.backlog()).toEqual({ waiting: 0, unsettled: 0 });
  });

  test('a refusal disappears from the view and waits in the list of the refused', async () => {
    const till = await TestTerminal.create();
    const orderId = till.openOrder();
    await quiet();
    await till.pass(200_000);
    // Meanwhile the line was sent from elsewhere; this terminal has not heard of it and takes the line off.
    till.cloud.intercept = ({ path }) => (path.startsWith('/sync/changes') ? new Error('cut') : undefined);
    till.cloud.runElsewhere('order.send', { orderId, lineIds: ['line-2'] });
    till.run('order.removeLine', { orderId, lineId: 'line-2' });
    expect(till.terminal.find('order', orderId)?.lines).toEqual([]);
    await quiet();
    expect(till.terminal.find('order', orderId)?.lines).toHaveLength(1);
    expect(till.terminal.status()).toMatchObject({ refused: 1, waiting: 0 });
    till.cloud.intercept = undefined;
    await till.pass(120_000);
    expect(till.terminal.find('order', orderId)?.lines[0]?.sentAt).toBeDefined();
    expect(till.terminal.backlog().unsettled).toBe(0);
  });

  test('two terminals on one order: a line from before the other closed it goes to a follow-up', async () => {
    const till = await TestTerminal.create();
    const orderId = till.openOrder();
    await quiet();
    await till.pass(200_000);
    till.cloud.intercept = ({ path }) => (path === '/sync/push' ? new Error('cut') : undefined);
    till.addLine(orderId);
    till.cloud.runElsewhere('order.close', { orderId });
    till.terminal.wake();
    await quiet();
    const followUp = till.terminal.find('order', `${orderId}~${DEVICE}`);
    expect(till.terminal.find('order', orderId)?.lines).toHaveLength(1);
    expect(followUp?.lines).toHaveLength(1);
    // Later commands on the order follow the line there.
    till.pay(orderId, 1000);
    expect(till.terminal.find('order', `${orderId}~${DEVICE}`)?.payments).toHaveLength(1);
    till.cloud.intercept = undefined;
    await till.pass(120_000);
    await till.pass(200_000);
    expect(till.terminal.find('order', `${orderId}~${DEVICE}`)).toEqual(
      till.cloud.find('order', `${orderId}~${DEVICE}`),
    );
    expect(till.terminal.backlog()).toEqual({ waiting: 0, unsettled: 0 });
  });

  test('a cloud restored from a backup gets back what it forgot', async () => {
    const till = await TestTerminal.create();
    const first = till.openOrder();
    await quiet();
    await till.pass(200_000);
    const backup = till.cloud.backUp();
    till.pay(first);
    const second = till.openOrder();
    till.run('order.send', {
      orderId: second,
      lineIds: till.terminal.find('order', second)?.lines.map((line) => line.id) ?? [],
    });
    await quiet();
    await till.pass(200_000);
    expect(till.terminal.backlog()).toEqual({ waiting: 0, unsettled: 0 });
    const [ticket] = till.terminal.list('ticket');
    till.cloud.restore(backup);
    till.cloud.write([put('staff', { ...staffOf('L1'), name: 'New' })]);
    till.cloud.intercept = ({ path }) => (path === '/sync/push' ? new Error('cut') : undefined);
    till.terminal.wake();
    await quiet();
    // Asked before it is sent again: nothing is shown undone.
    expect(till.terminal.status().waiting).toBe(4);
    expect(till.terminal.find('order', first)?.payments).toHaveLength(1);
    expect(till.terminal.find('order', second)?.lines).toHaveLength(1);
    expect(till.terminal.find('ticket', ticket?.id ?? '')).toBeDefined();
    till.cloud.intercept = undefined;
    await till.pass(120_000);
    await till.pass(200_000);
    expect(till.cloud.find('order', first)?.payments).toHaveLength(1);
    expect(till.cloud.find('order', second)?.lines).toHaveLength(1);
    expect(till.cloud.find('ticket', ticket?.id ?? '')).toBeDefined();
    expect(till.terminal.backlog()).toEqual({ waiting: 0, unsettled: 0 });
  });

  test('a terminal restored from a backup goes on under a new series, and receipt numbers are not given twice', async () => {
    const till = await TestTerminal.create();
    till.openOrder();
    await quiet();
    expect(till.terminal.list('order')[0]?.number).toBe('T1-0001');
    // The cloud has more of this series than the terminal gave out.
    const entry = till.cloud.pushed().at(-1);
    const [request] = till.cloud.sent('/sync/push');
    const incarnation = (request?.body as { incarnation: string } | undefined)?.incarnation ?? '';
    await till.terminal.close();
    const backup = till.cloud.backUp();
    backup.watermarks.set(`${DEVICE}/${incarnation}`, { deviceId: DEVICE, incarnation, seq: (entry?.seq ?? 0) + 5 });
    till.cloud.restore(backup);
    await till.reopen();
    await till.pass(1_000);
    const orderId = till.openOrder();
    await quiet();
    await till.pass(120_000);
    const batches = till.cloud
      .sent('/sync/push')
      .map(({ body }) => body as { incarnation: string; entries: { seq: number }[] });
    const renewed = batches.filter((batch) => batch.incarnation !== incarnation);
    expect(renewed.flatMap(({ entries }) => entries.map(({ seq }) => seq))).toEqual([1, 2]);
    expect(till.terminal.find('order', orderId)?.number).toMatch(/^T1\.[0-9a-f]{4}-0001$/);
    expect(till.cloud.find('order', orderId)?.lines).toHaveLength(1);
  });

  test('a snapshot replaces every base and keeps what is pending and what the cloud lacks', async () => {
    const till = await TestTerminal.create();
    till.cloud.write([
      put('table', {
        id: 't1',
        branchId: BRANCH,
        name: '1',
        seats: 4,
        area: '',
        x: 0,
        y: 0,
        isRemoved: false,
      } as never),
    ]);
    await till.pass(200_000);
    const other = till.cloud.backUp();
    other.rows.delete('table/t1');
    till.cloud.isDown = true;
    const orderId = till.openOrder();
    till.pay(orderId);
    till.cloud.restore(other);
    till.cloud.write([put('staff', { ...staffOf('L2'), name: 'Renamed' })]);
    till.cloud.intercept = ({ path }) => (path === '/sync/push' ? new Error('cut') : undefined);
    till.cloud.isDown = false;
    await till.pass(200_000);
    expect(till.terminal.find('staff', staffOf('L2').id)?.name).toBe('Renamed');
    expect(till.terminal.find('order', orderId)?.payments).toHaveLength(1);
    expect(till.terminal.find('table', 't1')?.name).toBe('1');
  });
});

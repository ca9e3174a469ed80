import { describe, expect, test } from 'vitest';
import type { PushEntry, PushRequest } from '#shared/contract/sync-wire.ts';
import { put } from '#shared/domain/entity.ts';
import { BRANCH } from '../../helpers/world.ts';
import { CloudDouble, pinOf, type SeenRequest } from '../../helpers/cloud-double.ts';
import { quiet, TestTerminal } from '../../helpers/test-terminal.ts';

const isPush = ({ path }: SeenRequest): boolean => path === '/sync/push';
const sizes = (till: TestTerminal): number[] =>
  till.cloud.sent('/sync/push').map(({ body }) => (body as PushRequest).entries.length);
const refusal = (status: number, code: string, headers: Record<string, string> = {}): Response =>
  Response.json({ code, message: `${code}.` }, { status, headers });

/** A till with `count` orders that wait, of two commands each; the cloud is reached again from here on. */
async function withQueue(count: number): Promise<TestTerminal> {
  const till = await TestTerminal.create();
  till.cloud.isDown = true;
  for (let i = 0; i < count; i += 1) till.openOrder();
  await till.pass(60_000);
  till.cloud.isDown = false;
  till.cloud.requests.length = 0;
  return till;
}

async function untilSent(till: TestTerminal): Promise<void> {
  for (let i = 0; i < 40 && till.terminal.backlog().unsettled > 0; i += 1) await till.pass(10_000);
  expect(till.terminal.backlog()).toEqual({ waiting: 0, unsettled: 0 });
}

describe('faults on the way to the cloud', () => {
  test.each([
    [413, 'input/too-large'],
    [500, 'internal'],
  ])('a batch that is answered with %i is halved until it goes through, and grows again', async (status, code) => {
    const till = await withQueue(20);
    till.cloud.intercept = (request) =>
      isPush(request) && (request.body as PushRequest).entries.length > 10 ? refusal(status, code) : undefined;
    await untilSent(till);
    expect(sizes(till).slice(0, 3)).toEqual([40, 20, 10]);
    expect(till.cloud.list('order')).toHaveLength(20);
  });

  test('429 waits as long as it says, and taps do not shorten that', async () => {
    const till = await withQueue(1);
    let isBusy = true;
    till.cloud.intercept = (request) =>
      isPush(request) && isBusy ? refusal(429, 'rate/limited', { 'retry-after': '40' }) : undefined;
    await till.pass(5_000);
    const before = sizes(till).length;
    expect(before).toBeGreaterThan(0);
    isBusy = false;
    till.openOrder();
    await till.pass(30_000);
    expect(sizes(till)).toHaveLength(before);
    await till.pass(12_000);
    expect(sizes(till).length).toBeGreaterThan(before);
    await untilSent(till);
  });

  test('401 brings a new token, and the same batch goes again at once', async () => {
    const till = await TestTerminal.create();
    till.cloud.expireTokens();
    till.openOrder();
    await quiet();
    expect(till.terminal.status().waiting).toBe(0);
    expect(till.cloud.sent('/auth/device/token').length).toBeGreaterThan(1);
  });

  test('a gap is filled from where the cloud expects it', async () => {
    const till = await TestTerminal.create();
    till.openOrder();
    till.openOrder();
    await till.pass(10_000);
    const incarnation = (till.cloud.sent('/sync/push')[0]?.body as PushRequest | undefined)?.incarnation ?? '';
    const forgotten = till.cloud.backUp();
    const key = `device-under-test/${incarnation}`;
    forgotten.watermarks.set(key, { deviceId: 'device-under-test', incarnation, seq: 2 });
    for (const [id, outcome] of forgotten.outcomes) if (outcome.seq > 2) forgotten.outcomes.delete(id);
    // Nothing tells the terminal but the push itself.
    till.cloud.intercept = ({ path }) => (path.startsWith('/sync/changes') ? new Error('cut') : undefined);
    till.cloud.restore(forgotten);
    till.cloud.requests.length = 0;
    till.openOrder();
    await quiet();
    await till.pass(2_000);
    const firsts = (): number[] =>
      till.cloud.sent('/sync/push').map(({ body }) => ((body as PushRequest).entries[0] as PushEntry).seq);
    expect(new Set(firsts())).toEqual(new Set([5]));
    till.cloud.intercept = undefined;
    await untilSent(till);
    expect(firsts()).toContain(3);
    expect(till.cloud.list('order')).toHaveLength(3);
    expect(till.cloud.list('order').every((order) => order.lines.length === 1)).toBe(true);
  });

  test('a command that the cloud has lost is not counted twice until its rows are read anew', async () => {
    const till = await TestTerminal.create();
    const [item] = till.terminal.list('stockItem');
    const forgotten = till.cloud.backUp();
    till.run('stock.adjust', { stockItemId: item?.id, type: 'WASTE', deltaMilli: -333, reason: 'dropped' });
    await till.pass(10_000);
    const seen = (): number | undefined => till.terminal.find('stockItem', item?.id ?? '')?.onHandMilli;
    const after = seen();
    till.cloud.intercept = ({ path }) => (path.startsWith('/sync/changes') ? new Error('cut') : undefined);
    till.cloud.restore(forgotten);
    till.openOrder();
    await quiet();
    await till.pass(2_000);
    expect(after).toBe((item?.onHandMilli ?? 0) - 333);
    expect(seen()).toBe(after);
    till.cloud.intercept = undefined;
    await untilSent(till);
    expect(seen()).toBe(after);
  });

  test('a cloud that does not know a command yet lets the queue wait, says so, and takes it later', async () => {
    const till = await withQueue(1);
    let isOld = true;
    till.cloud.intercept = (request) => {
      if (!isPush(request) || !isOld) return undefined;
      const { entries } = request.body as PushRequest;
      const outcomes = (entries as PushEntry[]).map(({ seq, id }) => ({
        seq,
        id,
        status: 'retry',
        flags: [],
        error: { code: 'command/unknown', message: 'Upgrade.' },
      }));
      return Response.json({ outcomes, watermark: 0, lamport: 0, serverAt: '2026-03-02T12:00:00.000Z' });
    };
    await till.pass(10_000);
    expect(till.terminal.status()).toMatchObject({ waiting: 2, trouble: 'Upgrade.', link: 'online' });
    isOld = false;
    await untilSent(till);
    expect(till.terminal.status().trouble).toBeNull();
  });

  test('an answer that cannot be read, a page from a proxy, a network that fails: each is tried again', async () => {
    const till = await withQueue(2);
    const faults = [
      () => new Response('<html>'),
      () => Response.json({ outcomes: 1 }),
      () => new Error('cut'),
      () => new Response('', { status: 504 }),
      () => refusal(503, 'server/busy'),
    ];
    till.cloud.intercept = (request) => (isPush(request) ? faults.shift()?.() : undefined);
    await untilSent(till);
    expect(faults).toEqual([]);
    expect(till.cloud.list('order')).toHaveLength(2);
  });

  test('a terminal that was switched off says why nothing moves, keeps everything and goes on selling', async () => {
    const till = await withQueue(1);
    till.cloud.intercept = ({ path }) => (path.startsWith('/sync') ? refusal(403, 'device/revoked') : undefined);
    await till.pass(20_000);
    expect(till.terminal.status()).toMatchObject({ waiting: 2, trouble: 'device/revoked.', link: 'online' });
    till.openOrder();
    expect(till.terminal.status().waiting).toBe(4);
    till.cloud.intercept = undefined;
    await untilSent(till);
    expect(till.terminal.status().trouble).toBeNull();
  });

  test('more than a batch may hold goes in several, none larger than a megabyte', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const note = 'n'.repeat(200);
    const orderId = till.openOrder();
    for (let i = 0; i < 1_600; i += 1)
      till.run('order.changeLine', { orderId, lineId: 'line-2', note: `${note.slice(6)}${i}` });
    await till.terminal.start();
    await till.pass(30_000);
    await untilSent(till);
    const bytes = till.cloud.sent('/sync/push').map(({ body }) => Buffer.byteLength(JSON.stringify(body)));
    expect(bytes.length).toBeGreaterThan(1);
    expect(Math.max(...bytes)).toBeLessThan(1_048_576);
    expect(Math.max(...sizes(till))).toBeLessThanOrEqual(1_000);
    expect(till.cloud.find('order', orderId)?.lines[0]?.note).toMatch(/1599$/);
  });
});

describe('rows from the cloud', () => {
  test('a snapshot of many pages appears at once, on the page that reaches the head', async () => {
    const cloud = new CloudDouble();
    const till = await TestTerminal.create({ cloud });
    cloud.pageRows = 40;
    for (let i = 0; i < 200; i += 1) {
      cloud.write([
        put('table', {
          id: `t${i}`,
          branchId: BRANCH,
          name: `${i}`,
          seats: 2,
          area: '',
          x: 0,
          y: 0,
          isRemoved: false,
        } as never),
      ]);
    }
    let pages = 0;
    const seen: number[] = [];
    cloud.intercept = ({ path }) => {
      if (!path.startsWith('/sync/changes')) return undefined;
      pages += 1;
      seen.push(till.terminal.list('table').length);
      return pages === 3 ? new Error('cut in the middle') : undefined;
    };
    await till.pass(4_000);
    expect(till.terminal.list('table')).toHaveLength(0);
    await till.pass(10_000);
    expect(till.terminal.list('table')).toHaveLength(200);
    expect(new Set(seen)).toEqual(new Set([0, 200]));
  });

  test('a row that does not fit, or of a kind from a newer cloud, is left out and said; the others come', async () => {
    const till = await TestTerminal.create();
    const original = till.cloud.changes.bind(till.cloud);
    till.cloud.changes = (after, limit) => {
      const page = original(after, limit);
      const strange = [
        { kind: 'hologram', id: 'h', seq: 1, body: {} },
        { kind: 'table', id: 'bad', seq: 1, body: { id: 'bad' } },
      ];
      return { ...page, rows: [...strange, ...page.rows] };
    };
    till.cloud.write([
      put('table', {
        id: 'good',
        branchId: BRANCH,
        name: '1',
        seats: 2,
        area: '',
        x: 0,
        y: 0,
        isRemoved: false,
      } as never),
    ]);
    await till.pass(5_000);
    expect(till.terminal.list('table').map(({ id }) => id)).toEqual(['good']);
    expect(till.log.some((line) => line.includes('hologram'))).toBe(true);
    expect(till.log.some((line) => line.includes('bad'))).toBe(true);
  });

  test('by the stream they come without asking; a stream that left something out is made right by a pull', async () => {
    const cloud = new CloudDouble();
    cloud.hasStream = true;
    const till = await TestTerminal.create({ cloud });
    await till.pass(1_000);
    expect(cloud.openStreams).toBe(1);
    cloud.requests.length = 0;
    cloud.runElsewhere('order.open', { orderId: 'o1', type: 'takeaway' });
    await quiet();
    expect(till.terminal.find('order', 'o1')?.status).toBe('open');
    expect(cloud.sent('/sync/changes')).toEqual([]);
    // An event from beyond what this terminal has seen.
    const page = cloud.changes(undefined, 500);
    cloud.stream(
      `event: rows\ndata: ${JSON.stringify({ ...page, hasMore: false, after: '900.x.900.y', cursor: '901.x.901.y' })}\n\n`,
    );
    await quiet();
    expect(cloud.sent('/sync/changes')).toHaveLength(1);
    cloud.stream('event: rows\ndata: {"not":"a page"}\n\nevent: reset\ndata: {}\n\n');
    await quiet();
    expect(cloud.sent('/sync/changes').length).toBeGreaterThan(1);
  });

  test('own commands settle by the stream alone', async () => {
    const cloud = new CloudDouble();
    cloud.hasStream = true;
    const till = await TestTerminal.create({ cloud });
    await till.pass(1_000);
    cloud.requests.length = 0;
    till.pay(till.openOrder());
    await till.pass(1_000);
    expect(till.terminal.backlog()).toEqual({ waiting: 0, unsettled: 0 });
    expect(cloud.sent('/sync/changes')).toEqual([]);
  });
});

describe('the truth about the link', () => {
  test('a cut is noticed within 5 s although nobody does anything, and its end too', async () => {
    const cloud = new CloudDouble();
    cloud.hasStream = true;
    const till = await TestTerminal.create({ cloud });
    await till.pass(1_000);
    expect(till.terminal.status().link).toBe('online');
    // The stream stays open and silent, as a pulled cable leaves it.
    cloud.isDown = true;
    await till.pass(2_500);
    await till.pass(2_500);
    expect(till.terminal.status()).toMatchObject({ link: 'offline' });
    expect(till.terminal.status().offlineSinceAt).not.toBeNull();
    cloud.isDown = false;
    await till.pass(2_500);
    await till.pass(2_500);
    expect(till.terminal.status()).toMatchObject({ link: 'online', offlineSinceAt: null });
  });

  test('figures are the cloud’s while they are fresh, then the terminal’s own', async () => {
    const cloud = new CloudDouble();
    cloud.hasStream = true;
    const till = await TestTerminal.create({ cloud });
    const events: { source: string }[] = [];
    const screen = till.terminal.openScreen({
      onEvent: (name, payload) => name === 'live:kpis' && events.push(payload as { source: string }),
    });
    await till.terminal.handleCall(screen, 'session:signIn', { staffId: 'staff-L4', pin: pinOf('L4') });
    await till.pass(1_000);
    const kpis = {
      salesToday: 5,
      salesMTD: 5,
      paymentsMomo: 0,
      paymentsCash: 5,
      openOrders: 1,
      tablesOccupied: 0,
      onShiftNow: 0,
      stockAtRisk: 0,
      anomaliesToday: 0,
    };
    const status = {
      scope: 'branch',
      branchId: BRANCH,
      asOf: '2026-03-02T12:00:01.000Z',
      seq: 1,
      isComplete: false,
      oldestUnsyncedAt: null,
      terminals: [
        {
          deviceId: 'other',
          name: 'Bar',
          branchId: BRANCH,
          lastHeardAt: null,
          isOnline: false,
          pendingCount: 0,
          oldestPendingAt: null,
        },
      ],
    };
    cloud.stream(`event: kpis\ndata: ${JSON.stringify({ kpis, status })}\n\n`);
    await quiet();
    expect(till.terminal.kpis()).toMatchObject({
      source: 'cloud',
      kpis: { salesToday: 5 },
      isComplete: false,
      missing: [{ name: 'Bar' }],
    });
    expect(events.at(-1)).toMatchObject({ source: 'cloud' });
    await till.pass(19_999);
    expect(till.terminal.kpis().source).toBe('cloud');
    await till.pass(1_001);
    expect(till.terminal.kpis()).toMatchObject({
      source: 'terminal',
      kpis: { salesToday: 0 },
      missing: [{ name: 'Bar' }],
    });
    expect(events.at(-1)).toMatchObject({ source: 'terminal' });
  });
});

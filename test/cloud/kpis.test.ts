import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KpisAnswer, KpiStatus } from '#shared/contract/cloud-wire.ts';
import { put, type Put } from '#shared/domain/entity.ts';
import { Order } from '#shared/domain/order.ts';
import { dueSamples, takeSamples } from '../../src-cloud/jobs/kpi-sampling.ts';
import { provePastDays } from '../../src-cloud/services/prove-past-days.ts';
import { withOrg } from '../../src-cloud/store/with-org.ts';
import { engines } from '../helpers/engines.ts';
import { createLiveCloud, type LiveCloud, orderRow, type Restaurant } from '../helpers/live-cloud.ts';

describe.each(engines)('figures on demand on $name', (engine) => {
  let live: LiveCloud;
  let place: Restaurant;
  let l4: string;
  let l5: string;
  beforeAll(async () => {
    live = await createLiveCloud(engine);
  });
  afterAll(() => live.close());
  beforeEach(async () => {
    place = await live.restaurant();
    l4 = await place.tokenOf('L4');
    l5 = await place.tokenOf('L5');
  });

  const kpis = async (query: string, token = l5): Promise<KpisAnswer> => {
    const answer = await live.get(`/kpis?${query}`, token);
    expect(answer.status).toBe(200);
    return KpisAnswer.parse(answer.body);
  };
  const db = () => live.cloud.ctx.database.db;
  const rollups = () =>
    withOrg(db(), place.orgId, (tx) =>
      tx
        .selectFrom('day_rollup')
        .select(['day', 'sales_minor', 'orders'])
        .where('branch_id', '=', place.north)
        .orderBy('day')
        .execute(),
    );
  const branch = (date?: string) => `scope=branch&branchId=${place.north}${date === undefined ? '' : `&date=${date}`}`;

  it('answers today live, with the five counts and the number of orders', async () => {
    await place.save([
      orderRow(place.north, 'o1', 1_000),
      orderRow(place.north, 'o2', 500, { method: 'momo' }),
      orderRow(place.north, 'o3', 9_000, { status: 'open' }),
      orderRow(place.north, 'o4', 70, { day: '2026-03-01' }),
      ...others(place.north),
    ]);
    expect(await kpis(branch(), l4)).toEqual({
      scope: 'branch',
      branchId: place.north,
      date: '2026-03-02',
      currency: 'UGX',
      orderCount: 2,
      kpis: {
        salesToday: 1_500,
        salesMTD: 1_570,
        paymentsCash: 1_000,
        paymentsMomo: 500,
        openOrders: 1,
        tablesOccupied: 1,
        onShiftNow: 1,
        stockAtRisk: 1,
        anomaliesToday: 1,
      },
    });
    expect(await kpis(branch('2026-03-02'))).toEqual(await kpis(branch()));
  });

  it('answers a past day as of its end: the month to that day, counts from its sample, null where there is none', async () => {
    await place.save([
      orderRow(place.north, 'o1', 10, { day: '2026-02-28' }),
      orderRow(place.north, 'o2', 200, { day: '2026-03-01' }),
      orderRow(place.north, 'o3', 5_000),
      ...others(place.north),
    ]);
    const before = await kpis(branch('2026-03-01'));
    expect(before).toMatchObject({
      date: '2026-03-01',
      orderCount: 1,
      kpis: { salesToday: 200, salesMTD: 200, openOrders: null },
    });
    expect(before.kpis).toMatchObject({
      tablesOccupied: null,
      onShiftNow: null,
      stockAtRisk: null,
      anomaliesToday: null,
    });
    expect((await kpis(branch('2026-02-28'))).kpis).toMatchObject({ salesToday: 10, salesMTD: 10 });
    // The cloud is awake when the day ends.
    live.clock.advance(12 * 3_600_000 + 30_000);
    await takeSamples(live.cloud.ctx);
    await place.save([orderRow(place.north, 'o9', 1, { status: 'open' })]);
    l4 = await place.tokenOf('L4');
    l5 = await place.tokenOf('L5');
    const after = await kpis(branch('2026-03-02'));
    expect(after.kpis).toEqual({
      salesToday: 5_000,
      salesMTD: 5_200,
      paymentsCash: 5_000,
      paymentsMomo: 0,
      openOrders: 0,
      tablesOccupied: 1,
      onShiftNow: 1,
      stockAtRisk: 1,
      anomaliesToday: 1,
    });
    // One branch without a sample: the sum of the counts is not known, and not a part of it either.
    expect((await kpis('scope=org&date=2026-03-02', l5)).kpis).toMatchObject({ salesToday: 5_000, openOrders: null });
    expect((await kpis('scope=org&date=2026-03-02', l4)).kpis).toMatchObject({ tablesOccupied: 1 });
  });

  it('keeps closed days as rollups, also empty ones, and makes those again that a late sale has dropped', async () => {
    live.clock.advance(2 * 86_400_000);
    await place.save([orderRow(place.north, 'o1', 100, { day: '2026-03-01' })]);
    l5 = await place.tokenOf('L5');
    expect((await kpis(branch())).kpis.salesMTD).toBe(100);
    const kept = [
      { day: '2026-03-01', sales_minor: 100, orders: 1 },
      { day: '2026-03-02', sales_minor: 0, orders: 0 },
      { day: '2026-03-03', sales_minor: 0, orders: 0 },
    ];
    expect(await rollups()).toEqual(kept);
    await place.save([orderRow(place.north, 'late', 7, { day: '2026-03-02' })]);
    expect((await rollups()).map(({ day }) => day)).toEqual(['2026-03-01', '2026-03-03']);
    expect((await kpis(branch())).kpis.salesMTD).toBe(107);
    expect((await rollups())[1]).toEqual({ day: '2026-03-02', sales_minor: 7, orders: 1 });
    expect((await kpis(branch('2026-03-02'))).kpis).toMatchObject({ salesToday: 7, salesMTD: 107 });
  });

  it('is proved against a recompute from the orders, and the proof sees what is wrong', async () => {
    await place.save(
      [1, 2, 3, 4, 5].map((n) => orderRow(place.north, `o${n}`, n * 100, { day: n < 3 ? '2026-03-01' : '2026-03-02' })),
    );
    await place.save([withRefund(place.north, 'o1', 100, 30)]);
    await kpis(branch());
    const proof = await provePastDays(db(), place.orgId, place.north);
    expect(proof).toEqual({ orders: 5, days: 2, damaged: [], differences: [] });
    await withOrg(db(), place.orgId, (tx) =>
      sql`update day_rollup set sales_minor = sales_minor + 1 where day = '2026-03-01'`.execute(tx),
    );
    await withOrg(db(), place.orgId, (tx) => sql`delete from order_day where order_id = 'o5'`.execute(tx));
    const { differences } = await provePastDays(db(), place.orgId, place.north);
    expect(
      differences.map(({ day, source, kept, recomputed }) => [day, source, kept.salesMinor, recomputed.salesMinor]),
    ).toEqual([
      ['2026-03-01', 'rollup', 301, 300],
      ['2026-03-02', 'order_day', 670, 1_170],
    ]);
  });

  it('sums the organisation over branches that each have their own day', async () => {
    // 16:00 UTC on the 2nd is 01:00 on the 3rd in Tokyo, which still belongs to the 2nd there: the day starts at four.
    live.clock.advance(4 * 3_600_000);
    await place.save([orderRow(place.north, 'o1', 100)]);
    await place.save([orderRow(place.south, 's1', 20), orderRow(place.south, 's2', 3, { day: '2026-03-03' })], {
      branchId: place.south,
    });
    l5 = await place.tokenOf('L5');
    l4 = await place.tokenOf('L4');
    expect(await kpis('scope=org')).toMatchObject({
      branchId: null,
      date: '2026-03-02',
      orderCount: 2,
      kpis: { salesToday: 120, salesMTD: 120 },
    });
    expect(await kpis('scope=org', l4)).toMatchObject({ orderCount: 1, kpis: { salesToday: 100 } });
    // 20:00 UTC: it is the 3rd in the one branch, the 2nd in the other.
    live.clock.advance(4 * 3_600_000);
    l5 = await place.tokenOf('L5');
    expect(await kpis('scope=org')).toMatchObject({ date: '2026-03-03', kpis: { salesToday: 103, salesMTD: 123 } });
    // Only one branch has begun the 3rd; the other adds nothing.
    expect(await kpis('scope=org&date=2026-03-03')).toMatchObject({
      orderCount: 1,
      kpis: { salesToday: 3, salesMTD: 23, openOrders: 0 },
    });
    expect(await kpis('scope=org&date=2026-03-02')).toMatchObject({
      orderCount: 2,
      kpis: { salesToday: 120, openOrders: null },
    });
  });

  it('takes hourly samples once, whoever runs the job and how often', async () => {
    await place.save(others(place.north));
    live.clock.advance(60_000);
    await takeSamples(live.cloud.ctx);
    await place.save([orderRow(place.north, 'o1', 1, { status: 'open' })]);
    expect(await takeSamples(live.cloud.ctx)).toBe(0);
    const rows = await withOrg(db(), place.orgId, (tx) =>
      tx.selectFrom('kpi_sample').selectAll().where('branch_id', '=', place.north).execute(),
    );
    expect(rows).toEqual([
      {
        org_id: place.orgId,
        branch_id: place.north,
        day: '2026-03-02',
        hour: 12,
        open_orders: 0,
        tables_occupied: 1,
        on_shift_now: 1,
        stock_at_risk: 1,
        anomalies_today: 1,
      },
    ]);
    // Too late for 13:00: no sample is better than a wrong one.
    live.clock.advance(3_600_000 + 5 * 60_000);
    expect(await takeSamples(live.cloud.ctx)).toBe(0);
  });

  it('refuses a day that has not begun, nonsense, and who may not see it', async () => {
    expect(await live.get(`/kpis?${branch('2026-03-03')}`, l4)).toMatchObject({
      status: 422,
      body: { code: 'input/invalid', path: 'date' },
    });
    expect((await live.get(`/kpis?${branch('1999-12-31')}`, l4)).status).toBe(422);
    expect((await live.get(`/kpis?${branch('2026-02-30')}`, l4)).status).toBe(422);
    expect(await live.get('/kpis?scope=branch', l4)).toMatchObject({ status: 422, body: { path: 'branchId' } });
    for (const path of ['/kpis', '/kpis/status']) {
      expect((await live.get(`${path}?scope=org`)).status).toBe(401);
      expect((await live.get(`${path}?scope=org`, await place.tokenOf('L3'))).status).toBe(403);
      expect((await live.get(`${path}?scope=org`, await place.deviceToken())).status).toBe(403);
      expect((await live.get(`${path}?scope=branch&branchId=${place.south}`, l4)).status).toBe(403);
      const stranger = await (await live.restaurant()).tokenOf('L5');
      expect((await live.get(`${path}?scope=branch&branchId=${place.north}`, stranger)).status).toBe(403);
    }
  });

  it('says which terminals were heard, and that figures are incomplete when one of today is silent or behind', async () => {
    const hear = (values: object) =>
      withOrg(db(), place.orgId, (tx) => tx.updateTable('device').set(values).where('id', '=', place.till).execute());
    const status = async () =>
      KpiStatus.parse(
        (await live.get(`/kpis/status?scope=branch&branchId=${place.north}`, await place.tokenOf('L4'))).body,
      );
    // Never heard: it has sold nothing today.
    expect(await status()).toMatchObject({
      isComplete: true,
      oldestUnsyncedAt: null,
      terminals: [{ isOnline: false, lastHeardAt: null }],
    });
    await hear({ last_heard_at: '2026-03-02T11:59:30.000Z' });
    expect(await status()).toMatchObject({
      isComplete: true,
      terminals: [{ deviceId: place.till, isOnline: true, pendingCount: 0 }],
    });
    live.clock.advance(31_000);
    expect(await status()).toMatchObject({ isComplete: false, terminals: [{ isOnline: false }] });
    await hear({
      last_heard_at: '2026-03-02T12:00:30.000Z',
      pending_count: 3,
      oldest_pending_at: '2026-03-02T11:00:00.000Z',
    });
    expect(await status()).toMatchObject({
      isComplete: false,
      oldestUnsyncedAt: '2026-03-02T11:00:00.000Z',
      terminals: [{ pendingCount: 3 }],
    });
    await hear({ oldest_pending_at: '2026-03-02T12:00:20.000Z' });
    expect(await status()).toMatchObject({ isComplete: true, oldestUnsyncedAt: '2026-03-02T12:00:20.000Z' });
    // Yesterday's terminal that is switched off takes nothing away from today.
    await hear({ last_heard_at: '2026-03-01T22:00:00.000Z', pending_count: 0, oldest_pending_at: null });
    expect(await status()).toMatchObject({ isComplete: true });
  });
});

describe('samples that are due', () => {
  const branch = {
    id: 'b',
    name: 'b',
    zone: 'Africa/Kampala',
    dayStartHour: 4,
    stations: [{ id: 'grill', name: 'Grill' }],
  } as never;

  it('is the full hour, and with the day start the end of the day before', () => {
    expect(dueSamples(branch, Date.parse('2026-03-02T12:00:00Z'))).toEqual([{ day: '2026-03-02', hour: 15 }]);
    expect(dueSamples(branch, Date.parse('2026-03-02T12:05:00Z'))).toEqual([{ day: '2026-03-02', hour: 15 }]);
    expect(dueSamples(branch, Date.parse('2026-03-02T12:05:00.001Z'))).toEqual([]);
    expect(dueSamples(branch, Date.parse('2026-03-02T01:00:00Z'))).toEqual([
      { day: '2026-03-01', hour: 24 },
      { day: '2026-03-02', hour: 4 },
    ]);
  });
});

/** A seated table, an open shift, an item at risk and an anomaly. */
function others(branchId: string): Put[] {
  const at = '2026-03-02T11:00:00.000Z';
  const rows = [
    [
      'session',
      { id: `se-${branchId}`, branchId, tableId: 't1', guests: 2, status: 'seated', seatedAt: at, seatedBy: 'waiter' },
    ],
    [
      'shift',
      {
        id: `sh-${branchId}`,
        branchId,
        deviceId: 'till',
        staffId: 'waiter',
        status: 'open',
        isShell: false,
        floatMinor: 0,
        openedAt: at,
        openedDay: '2026-03-02',
        noSales: [],
      },
    ],
    [
      'stockItem',
      {
        id: `st-${branchId}`,
        branchId,
        name: 'Rice',
        unit: 'kg',
        reorderLevelMilli: 5_000,
        onHandMilli: 4_999,
        isRemoved: false,
      },
    ],
    [
      'anomaly',
      {
        id: `an-${branchId}`,
        branchId,
        code: 'no-sale',
        day: '2026-03-02',
        at,
        deviceId: 'till',
        actorId: 'waiter',
        commandId: 'c',
      },
    ],
    [
      'anomaly',
      {
        id: `re-${branchId}`,
        branchId,
        code: 'after-closing',
        day: '2026-03-02',
        at,
        deviceId: 'till',
        actorId: 'waiter',
        commandId: 'c',
      },
    ],
  ] as const;
  return rows.map(([kind, body]) => put(kind, body as never));
}

/** A closed order of 1 March of which a part was given back on 2 March. */
function withRefund(branchId: string, id: string, totalMinor: number, refundMinor: number): Put {
  const order = Order.parse(orderRow(branchId, id, totalMinor, { day: '2026-03-01' }).body);
  const refund = {
    id: 'r1',
    amountMinor: refundMinor,
    at: '2026-03-02T12:00:00.000Z',
    day: '2026-03-02',
    by: 'waiter',
    reason: 'cold',
  };
  return put(
    'order',
    Order.parse({ ...order, payments: order.payments.map((payment) => ({ ...payment, refunds: [refund] })) }),
  );
}

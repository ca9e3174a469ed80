import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KpiStatus } from '#shared/contract/cloud-wire.ts';
import { engines } from '../../helpers/engines.ts';
import { createLiveCloud, type LiveCloud, orderRow, type Restaurant } from '../../helpers/live-cloud.ts';

describe.each(engines)('GET /stream/kpis on $name', (engine) => {
  let live: LiveCloud;
  let place: Restaurant;
  beforeAll(async () => {
    live = await createLiveCloud(engine);
  });
  afterAll(() => live.close());
  beforeEach(async () => {
    place = await live.restaurant();
  });
  afterEach(() => live.closeStreams());

  const branchPath = () => `/stream/kpis?scope=branch&branchId=${place.north}`;

  it('sends a snapshot of exactly the nine integers at once, then the status', async () => {
    await place.save([orderRow(place.north, 'o1', 5_000), orderRow(place.north, 'o2', 700, { status: 'open' })]);
    const stream = await live.stream(branchPath(), await place.tokenOf('L4'));
    expect(stream.status).toBe(200);
    const event = await stream.next();
    expect(event.name).toBe('message');
    expect(event.data).toBe(
      '{"salesToday":5000,"salesMTD":5000,"paymentsMomo":0,"paymentsCash":5000,"openOrders":1,"tablesOccupied":0,"onShiftNow":0,"stockAtRisk":0,"anomaliesToday":0}',
    );
    const status = await stream.next();
    expect(status.name).toBe('status');
    const parsed = KpiStatus.parse(JSON.parse(status.data));
    expect(parsed).toMatchObject({
      scope: 'branch',
      branchId: place.north,
      asOf: '2026-03-02T12:00:00.000Z',
      isComplete: true,
    });
    expect(parsed.terminals.map(({ deviceId }) => deviceId)).toEqual([place.till]);
  });

  it('sends a change at once after a quiet time and coalesces what follows to one a second', async () => {
    const stream = await live.stream(branchPath(), await place.tokenOf('L4'));
    await stream.next('message');
    live.clock.advance(2_000);
    await place.save([orderRow(place.north, 'o1', 100)]);
    expect(JSON.parse((await stream.next('message')).data)).toMatchObject({ salesToday: 100 });
    for (let n = 2; n <= 5; n += 1) await place.save([orderRow(place.north, `o${n}`, 100)]);
    live.clock.advance(999);
    expect(stream.pending.filter(({ name }) => name === 'message')).toEqual([]);
    live.clock.advance(1);
    expect(JSON.parse((await stream.next('message')).data)).toMatchObject({ salesToday: 500 });
  });

  it('finds a change whose invalidation was lost within ten seconds, and speaks at least every 15 s', async () => {
    const stream = await live.stream(branchPath(), await place.tokenOf('L4'));
    await stream.next('message');
    await place.save([orderRow(place.north, 'o1', 100)], { isQuiet: true });
    live.clock.advance(10_000);
    expect(JSON.parse((await stream.next('message')).data)).toMatchObject({ salesToday: 100 });
    live.clock.advance(10_000);
    expect(JSON.parse((await stream.next('message')).data)).toMatchObject({ salesToday: 100 });
  });

  it('turns over at the day start of the branch', async () => {
    await place.save([orderRow(place.north, 'o1', 100)]);
    live.clock.advance(12 * 3_600_000 - 3_000);
    const stream = await live.stream(branchPath(), await place.tokenOf('L4'));
    expect(JSON.parse((await stream.next('message')).data)).toMatchObject({ salesToday: 100, salesMTD: 100 });
    live.clock.advance(3_000);
    expect(JSON.parse((await stream.next('message')).data)).toMatchObject({ salesToday: 0, salesMTD: 100 });
  });

  it('gives watchers of one scope the same bytes from one computation, and works for nobody when nobody watches', async () => {
    const selects: string[] = [];
    live.cloud.ctx.database.onQuery(({ sql }) => {
      if (sql.includes('anomalies_today')) selects.push(sql);
    });
    const token = await place.tokenOf('L4');
    const first = await live.stream(branchPath(), token);
    await first.next('message');
    const others = await Promise.all([1, 2, 3].map(() => live.stream(branchPath(), token)));
    for (const stream of others) await stream.next('message');
    live.clock.advance(2_000);
    const before = selects.length;
    await place.save([orderRow(place.north, 'o1', 100)]);
    const data = await Promise.all([first, ...others].map(async (stream) => (await stream.next('message')).data));
    expect(new Set(data).size).toBe(1);
    expect(selects.length - before).toBe(1);
    const gone = Promise.all([first, ...others].map((stream) => stream.ended()));
    await Promise.all([first, ...others].map((stream) => stream.close()));
    await gone;
    await expect.poll(() => live.cloud.live.hub.stats().clients).toBe(0);
    expect(live.cloud.live.kpis.watched).toBe(0);
    const after = selects.length;
    await place.save([orderRow(place.north, 'o2', 100)]);
    live.clock.advance(60_000);
    await place.save([]);
    expect(selects.length).toBe(after);
  });

  it('sums the assigned branches for L4 and all for L5, each with its own today', async () => {
    // 12:00 UTC is 21:00 in Tokyo: the same business day; the day before counts for the month alone.
    await place.save([orderRow(place.north, 'o1', 100)]);
    await place.save(
      [orderRow(place.south, 's1', 1_000), orderRow(place.south, 's2', 50, { day: '2026-03-01', method: 'momo' })],
      {
        branchId: place.south,
      },
    );
    const ofL4 = await live.stream('/stream/kpis?scope=org', await place.tokenOf('L4'));
    expect(JSON.parse((await ofL4.next('message')).data)).toMatchObject({ salesToday: 100, salesMTD: 100 });
    const ofL5 = await live.stream('/stream/kpis?scope=org', await place.tokenOf('L5'));
    expect(JSON.parse((await ofL5.next('message')).data)).toMatchObject({
      salesToday: 1_100,
      salesMTD: 1_150,
      paymentsMomo: 0,
    });
  });

  it('refuses who may not see it', async () => {
    const l4 = await place.tokenOf('L4');
    expect((await live.get(branchPath())).status).toBe(401);
    expect((await live.get(branchPath(), 'nonsense')).status).toBe(401);
    expect((await live.get(branchPath(), await place.tokenOf('L3'))).status).toBe(403);
    expect((await live.get(`/stream/kpis?scope=branch&branchId=${place.south}`, l4)).status).toBe(403);
    expect((await live.get(branchPath(), await (await live.restaurant()).tokenOf('L5'))).status).toBe(403);
    expect((await live.get('/stream/kpis?scope=branch&branchId=nowhere', await place.tokenOf('L5'))).status).toBe(403);
    expect(await live.get('/stream/kpis?scope=branch', l4)).toMatchObject({ status: 422, body: { path: 'branchId' } });
    expect((await live.get('/stream/kpis?scope=all', l4)).status).toBe(422);
    // A token in the address is none.
    expect((await live.get(`${branchPath()}&token=${l4}&access_token=${l4}`)).status).toBe(401);
    expect(live.cloud.live.hub.stats().clients).toBe(0);
  });

  it('takes the cookie of the sign-in', async () => {
    const stream = await live.stream(branchPath(), 'x', {
      authorization: '',
      cookie: `chefcloud_access=${await place.tokenOf('L4')}`,
    });
    expect(stream.status).toBe(200);
    await stream.next('message');
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KpiEvent } from '#shared/contract/cloud-wire.ts';
import { StreamRows } from '#shared/contract/sync-wire.ts';
import { PROTOCOL_HEADER } from '#shared/contract/protocol.ts';
import { withOrg } from '../../../src-cloud/store/with-org.ts';
import { engines } from '../../helpers/engines.ts';
import { createLiveCloud, type LiveCloud, orderRow, type Restaurant } from '../../helpers/live-cloud.ts';
import type { ReadEvent, SseReader } from '../../helpers/sse-reader.ts';

const pageOf = (event: ReadEvent) => StreamRows.parse(JSON.parse(event.data));
const idsOf = (event: ReadEvent) => pageOf(event).rows.map(({ kind, id }) => `${kind}/${id}`);

/** Reads pages until the last one of the catch-up; its cursor. */
async function caughtUp(stream: SseReader): Promise<{ ids: string[]; cursor: string }> {
  const ids: string[] = [];
  for (;;) {
    const event = await stream.next('rows');
    ids.push(...idsOf(event));
    if (!pageOf(event).hasMore) return { ids, cursor: event.id ?? '' };
  }
}

describe.each(engines)('GET /stream/changes on $name', (engine) => {
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

  it('catches up from nothing, then sends what becomes visible, each event with its cursor as id', async () => {
    await place.save([orderRow(place.north, 'o1', 100)]);
    const stream = await live.stream('/stream/changes', await place.deviceToken());
    expect(stream.headers[PROTOCOL_HEADER]).toBe('1');
    const { ids, cursor } = await caughtUp(stream);
    expect(ids).toContain(`branch/${place.north}`);
    expect(ids).toContain('order/o1');
    await place.save([orderRow(place.north, 'o2', 100)]);
    const event = await stream.next('rows');
    expect(idsOf(event)).toEqual(['order/o2']);
    expect(event.id).toBe(pageOf(event).cursor);
    expect(event.id).not.toBe(cursor);
    expect(pageOf(event).after).toBe(cursor);
    // Another branch's rows are not for this terminal.
    live.clock.advance(1_000);
    await place.save([orderRow(place.south, 's1', 100)], { branchId: place.south });
    await place.save([orderRow(place.north, 'o3', 100)]);
    expect(idsOf(await stream.next('rows'))).toEqual(['order/o3']);
  });

  it('resumes by Last-Event-ID, which wins over the address, without a gap', async () => {
    await place.save([orderRow(place.north, 'o1', 100)]);
    const token = await place.deviceToken();
    const first = await live.stream('/stream/changes', token);
    const { cursor } = await caughtUp(first);
    await first.close();
    await place.save([orderRow(place.north, 'o2', 100)]);
    await place.save([orderRow(place.north, 'o3', 100)]);
    const second = await live.stream('/stream/changes?after=0..0.', token, { 'last-event-id': cursor });
    expect((await caughtUp(second)).ids).toEqual(['order/o2', 'order/o3']);
    const third = await live.stream(`/stream/changes?after=${cursor}`, token);
    expect((await caughtUp(third)).ids).toEqual(['order/o2', 'order/o3']);
  });

  it('loses nothing that is committed while a client catches up, and keeps the order', async () => {
    const token = await place.deviceToken();
    const warm = await live.stream('/stream/changes', token);
    const { cursor } = await caughtUp(warm);
    const seen: string[] = [];
    const saving = (async () => {
      for (let n = 0; n < 20; n += 1) await place.save([orderRow(place.north, `o${n}`, 100)]);
    })();
    const stream = await live.stream(`/stream/changes?after=${cursor}`, token);
    await saving;
    live.clock.advance(1_000);
    while (new Set(seen).size < 20) seen.push(...idsOf(await stream.next('rows')));
    // A live page may say again what the catch-up has said: rows are newest states, and `after` tells what is known.
    expect([...new Set(seen)]).toEqual(Array.from({ length: 20 }, (_, n) => `order/o${n}`));
  });

  it('answers a cursor of another cloud with reset, and goes on with what is live', async () => {
    await place.save([orderRow(place.north, 'o1', 100)]);
    const stream = await live.stream('/stream/changes?after=1.AAAAAAAAAAAA.1.BBBBBBBBBBBB', await place.deviceToken());
    expect(await stream.next('reset')).toEqual({ name: 'reset', id: undefined, data: '{}' });
    live.clock.advance(1_000);
    await place.save([orderRow(place.north, 'o2', 100)]);
    expect(idsOf(await stream.next('rows'))).toEqual(['order/o2']);
  });

  it('finds rows whose wake-up was lost', async () => {
    const stream = await live.stream('/stream/changes', await place.deviceToken());
    await caughtUp(stream);
    await place.save([orderRow(place.north, 'o1', 100)], { isQuiet: true });
    live.clock.advance(10_000);
    expect(idsOf(await stream.next('rows'))).toEqual(['order/o1']);
  });

  it('reads the log once for all terminals of a branch, and not at all when none is left', async () => {
    const token = await place.deviceToken();
    const streams = await Promise.all([1, 2, 3].map(() => live.stream('/stream/changes', token)));
    for (const stream of streams) await caughtUp(stream);
    let reads = 0;
    const stop = live.cloud.ctx.database.onQuery(({ sql }) => {
      if (sql.includes('watermark')) reads += 1;
    });
    await place.save([orderRow(place.north, 'o1', 100)]);
    const events = await Promise.all(streams.map((stream) => stream.next('rows')));
    expect(new Set(events.map(({ data }) => data)).size).toBe(1);
    stop();
    expect(reads).toBe(1);
    await Promise.all(streams.map((stream) => stream.close()));
    await expect.poll(() => live.cloud.live.hub.stats().clients).toBe(0);
    expect(live.cloud.live.changes.readers).toBe(0);
    expect(live.cloud.live.hub.stats().channels).toBe(0);
    // The last look at who listens finds nobody.
    live.clock.advance(20_000);
    expect(live.clock.waiting).toBe(0);
  });

  it('carries the figures of the branch', async () => {
    const stream = await live.stream('/stream/changes', await place.deviceToken());
    const first = KpiEvent.parse(JSON.parse((await stream.next('kpis')).data));
    expect(first.kpis.salesToday).toBe(0);
    expect(first.status).toMatchObject({ scope: 'branch', branchId: place.north });
    expect(first.status.terminals[0]).toMatchObject({ deviceId: place.till, isOnline: true });
    live.clock.advance(1_500);
    await place.save([orderRow(place.north, 'o1', 100)]);
    expect(KpiEvent.parse(JSON.parse((await stream.next('kpis')).data)).kpis.salesToday).toBe(100);
  });

  it('notes that a terminal which listens is heard, although it sends nothing', async () => {
    const stream = await live.stream('/stream/changes', await place.deviceToken());
    await caughtUp(stream);
    const heard = async () => {
      const { body } = await live.get(`/kpis/status?scope=branch&branchId=${place.north}`, await place.tokenOf('L4'));
      return (body as { terminals: { lastHeardAt: string | null; isOnline: boolean }[] }).terminals[0];
    };
    expect(await heard()).toMatchObject({ isOnline: true, lastHeardAt: null });
    live.clock.advance(20_000);
    await expect.poll(async () => (await heard())?.lastHeardAt).toBe('2026-03-02T12:00:20.000Z');
    live.clock.advance(20_000);
    await expect.poll(async () => (await heard())?.lastHeardAt).toBe('2026-03-02T12:00:40.000Z');
    await live.closeStreams();
    live.clock.advance(50_000);
    expect(await heard()).toMatchObject({ isOnline: false, lastHeardAt: '2026-03-02T12:00:40.000Z' });
  });

  it('ends for a terminal that was switched off, and does not note it as heard', async () => {
    const stream = await live.stream('/stream/changes', await place.deviceToken());
    await caughtUp(stream);
    await withOrg(live.cloud.ctx.database.db, place.orgId, (tx) =>
      tx.updateTable('device').set({ status: 'revoked' }).where('id', '=', place.till).execute(),
    );
    live.clock.advance(20_000);
    await stream.ended();
    expect(live.cloud.live.hub.stats().closed).toMatchObject({ revoked: 1 });
    expect((await live.get('/stream/changes', await place.deviceToken())).status).toBe(403);
  });

  it('is for terminals alone, and a cursor must be one', async () => {
    expect((await live.get('/stream/changes')).status).toBe(401);
    expect((await live.get('/stream/changes', await place.tokenOf('L5'))).status).toBe(403);
    const token = await place.deviceToken();
    expect((await live.get('/stream/changes?after=x', token)).status).toBe(422);
    const headers = { authorization: `Bearer ${token}`, 'last-event-id': 'x' };
    expect((await fetch(`${live.url}/stream/changes`, { headers })).status).toBe(422);
  });

  it('ends politely with the token, and (last of all) when the cloud stops', async () => {
    const stream = await live.stream('/stream/changes', await place.deviceToken());
    await caughtUp(stream);
    live.clock.advance(15 * 60_000 - 1_000);
    await stream.next('kpis');
    expect(live.cloud.live.hub.stats().clients).toBe(1);
    live.clock.advance(1_000);
    await stream.ended();
    expect(live.cloud.live.hub.stats().closed).toMatchObject({ expired: 1 });
    const second = await live.stream('/stream/changes', await place.deviceToken());
    await caughtUp(second);
    await live.cloud.close();
    await second.ended();
    expect(live.cloud.live.hub.stats().closed).toMatchObject({ expired: 1, shutdown: 1 });
  });
});

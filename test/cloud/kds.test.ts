import { type RawBuilder, sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { put, type Put } from '#shared/domain/entity.ts';
import { Ticket } from '#shared/domain/ticket.ts';
import { ticketsFrom, ticketsSince } from '../../src-cloud/services/kds-tickets.ts';
import { withOrg } from '../../src-cloud/store/with-org.ts';
import { engines } from '../helpers/engines.ts';
import { createLiveCloud, type LiveCloud, type Restaurant } from '../helpers/live-cloud.ts';

interface Answer {
  tickets: Ticket[];
  cursor: string;
  serverAt: string;
  hasMore: boolean;
  reset: boolean;
}

describe.each(engines)('GET /kds/tickets on $name', (engine) => {
  let live: LiveCloud;
  let place: Restaurant;
  let token: string;
  beforeAll(async () => {
    live = await createLiveCloud(engine);
  });
  afterAll(() => live.close());
  beforeEach(async () => {
    place = await live.restaurant();
    token = await place.deviceToken();
  });

  const ask = async (query = '', by = token): Promise<Answer> => {
    const { status, body } = await live.get(`/kds/tickets?${query}`, by);
    expect(status).toBe(200);
    return body as Answer;
  };
  const ids = ({ tickets }: Answer): string[] => tickets.map(({ id }) => id);
  const ticket = (
    id: string,
    status: Ticket['status'] = 'new',
    more: { stationId?: string; cancelled?: boolean } = {},
  ): Put => {
    const at = '2026-03-02T12:00:00.000Z';
    return put(
      'ticket',
      Ticket.parse({
        id,
        branchId: place.north,
        orderId: 'o1',
        stationId: more.stationId ?? 'grill',
        label: 'Table 5',
        type: 'dine-in',
        status,
        lines: [
          {
            lineId: 'l1',
            name: 'Burger',
            quantity: 1,
            note: '',
            ...(more.cancelled === true ? { cancelledAt: at } : {}),
          },
        ],
        sentAt: at,
        sentBy: 'waiter',
        day: '2026-03-02',
      }),
    );
  };

  it('answers the board, then only what changed: bumps and voids included', async () => {
    await place.save([ticket('k1'), ticket('k2', 'started'), ticket('k3', 'bumped'), ticket('k4', 'served')]);
    const board = await ask();
    expect(ids(board)).toEqual(['k1', 'k2']);
    expect(board).toMatchObject({ serverAt: '2026-03-02T12:00:00.000Z', hasMore: false, reset: false });
    expect(Ticket.parse(board.tickets[0])).toEqual(board.tickets[0]);
    expect(ids(await ask(`since=${board.cursor}`))).toEqual([]);
    await place.save([ticket('k2', 'bumped')]);
    await place.save([ticket('k1', 'new', { cancelled: true })]);
    const changed = await ask(`since=${board.cursor}`);
    expect(changed.tickets.map(({ id, status, lines }) => [id, status, lines[0]?.cancelledAt !== undefined])).toEqual([
      ['k2', 'bumped', false],
      ['k1', 'new', true],
    ]);
    expect(ids(await ask(`since=${changed.cursor}`))).toEqual([]);
  });

  it('answers what changed since a time', async () => {
    await place.save([ticket('k1')]);
    live.clock.advance(60_000);
    await place.save([ticket('k2')]);
    expect(ids(await ask('since=2026-03-02T12:01:00Z'))).toEqual(['k2']);
    expect(ids(await ask('since=2026-03-02T12:00:00.000Z'))).toEqual(['k1', 'k2']);
    const none = await ask('since=2026-03-02T12:01:00.001Z');
    expect(ids(none)).toEqual([]);
    await place.save([ticket('k1', 'bumped')]);
    expect(ids(await ask(`since=${none.cursor}`))).toEqual(['k1']);
  });

  it('filters by station, and a quiet station keeps up all the same', async () => {
    await place.save([ticket('k1'), ticket('k2', 'new', { stationId: 'bar' })]);
    const bar = await ask('stationId=bar');
    expect(ids(bar)).toEqual(['k2']);
    await place.save([ticket('k1', 'bumped')]);
    const later = await ask(`since=${bar.cursor}&stationId=bar`);
    expect(ids(later)).toEqual([]);
    expect(later.cursor).not.toBe(bar.cursor);
  });

  it('pages through what does not fit, without a gap', async () => {
    const start = (await ask()).cursor;
    const puts = Array.from({ length: 2_500 }, (_, n) => ticket(`k${String(n).padStart(4, '0')}`));
    await place.save(puts);
    const seen: string[] = [];
    let cursor = start;
    for (let pages = 1; ; pages += 1) {
      const answer = await ask(`since=${cursor}`);
      expect(answer.reset).toBe(false);
      seen.push(...ids(answer));
      cursor = answer.cursor;
      if (answer.hasMore) continue;
      expect(pages).toBe(3);
      break;
    }
    expect(seen).toEqual(puts.map(({ id }) => id));
  });

  it('answers a cursor that this cloud never gave out with the board and says so', async () => {
    await place.save([ticket('k1'), ticket('k2', 'bumped')]);
    for (const since of ['1.AAAAAAAAAAAA', '999.', '999.AAAAAAAAAAAA']) {
      const answer = await ask(`since=${since}`);
      expect(answer.reset).toBe(true);
      expect(ids(answer)).toEqual(['k1']);
    }
  });

  it('is for the kitchen of a branch', async () => {
    await place.save([ticket('k1')]);
    expect(ids(await ask('', await place.tokenOf('L1')))).toEqual(['k1']);
    expect((await live.get('/kds/tickets')).status).toBe(401);
    expect((await live.get(`/kds/tickets?branchId=${place.south}`, token)).status).toBe(403);
    expect((await live.get(`/kds/tickets?branchId=${place.south}`, await place.tokenOf('L4'))).status).toBe(403);
    expect(ids(await ask(`branchId=${place.south}`, await place.tokenOf('L5')))).toEqual([]);
    const stranger = await (await live.restaurant()).tokenOf('L5');
    expect((await live.get(`/kds/tickets?branchId=${place.north}`, stranger)).status).toBe(403);
    for (const query of ['since=yesterday', 'since=2026-03-02', 'stationId=No%20Station']) {
      expect((await live.get(`/kds/tickets?${query}`, token)).status).toBe(422);
    }
  });

  it('finds what changed by index alone, however many tickets there are', async () => {
    const { db } = live.cloud.ctx.database;
    await withOrg(db, place.orgId, (tx) =>
      sql`insert into entity (org_id, kind, id, scope, seq, state, day, body, updated_at)
        select ${place.orgId}, case when n % 4 = 0 then 'order' else 'ticket' end, 'n' || n, ${place.north}, n + 100, null, '2026-03-01',
          '{}', '2026-03-01T00:00:00Z'::timestamptz + n * interval '1 second'
        from generate_series(1, 20000) n`.execute(tx),
    );
    await sql`analyze entity`.execute(db);
    const plan = async (statement: RawBuilder<unknown>): Promise<string> => {
      const { rows } = await withOrg(db, place.orgId, (tx) =>
        sql<{ 'QUERY PLAN': string }>`explain ${statement}`.execute(tx),
      );
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    };
    const byCursor = await plan(ticketsSince(place.orgId, place.north, 20_090));
    expect(byCursor).toContain('entity_tickets_log');
    expect(byCursor).not.toMatch(/Seq Scan|Sort/);
    const byTime = await plan(ticketsFrom(place.orgId, place.north, '2026-03-01T05:33:00Z'));
    expect(byTime).toContain('entity_tickets_time');
    expect(byTime).not.toMatch(/Seq Scan|Sort/);
  });
});

import { put, type Put } from '#shared/domain/entity.ts';
import type { Level } from '#shared/domain/level.ts';
import type { Order } from '#shared/domain/order.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { BranchId, DeviceId, OrgId, StaffId, StationId } from '#shared/kernel/ids.ts';
import { type Cloud, buildCloud, type CloudOptions } from '../../src-cloud/app.ts';
import { saveOrgRows } from '../../src-cloud/services/branches.ts';
import { newToken } from '../../src-cloud/services/change-token.ts';
import { EntityRows, lockCounters } from '../../src-cloud/store/entity-store.ts';
import { saveRows } from '../../src-cloud/store/save-rows.ts';
import { withDirectory, withOrg } from '../../src-cloud/store/with-org.ts';
import type { Engine } from './engines.ts';
import { FakeClock } from './fake-clock.ts';
import { SseReader } from './sse-reader.ts';

/** One restaurant of its own in the cloud under test: two branches, five people, one terminal. */
export interface Restaurant {
  orgId: OrgId;
  /** UTC, the day starts at 00:00. The people's own branch. */
  north: BranchId;
  /** Tokyo, the day starts at 04:00. */
  south: BranchId;
  /** A terminal of `north`. */
  till: DeviceId;
  tokenOf(level: Level): Promise<string>;
  deviceToken(): Promise<string>;
  /** Writes rows of a branch (`north`) in one transaction and wakes whoever watches, unless `isQuiet`. */
  save(puts: readonly Put[], how?: { branchId?: BranchId; isQuiet?: boolean }): Promise<void>;
}

/** A cloud that listens; time is the test's. Rows are written the way every service writes them. */
export interface LiveCloud {
  cloud: Cloud;
  clock: FakeClock;
  url: string;
  /** Sets the clock to 2 March 2026, 12:00 UTC, and makes a restaurant that no other test has touched. */
  restaurant(): Promise<Restaurant>;
  get(path: string, token?: string): Promise<{ status: number; body: unknown }>;
  stream(path: string, token: string, headers?: Record<string, string>): Promise<SseReader>;
  /** Closes the streams of a test. */
  closeStreams(): Promise<void>;
  close(): Promise<void>;
}

export async function createLiveCloud(engine: Engine, options: Partial<CloudOptions> = {}): Promise<LiveCloud> {
  const clock = new FakeClock();
  const database = await engine.open();
  const cloud = await buildCloud({
    database,
    clock,
    secret: 'a master secret of a test, long enough',
    setupToken: 'set-up-token-of-a-test',
    ...options,
  });
  const { ctx } = cloud;
  const { db } = database;
  const readers = new Set<SseReader>();
  let serial = 0;

  const makeBranch = (orgId: OrgId, branchId: BranchId, own: BranchId, isSouth: boolean) =>
    withOrg(db, orgId, (tx) =>
      saveOrgRows(ctx, tx, orgId, branchId, [
        put('organisation', { id: orgId, name: orgId, currency: 'UGX' }),
        put('branch', {
          id: branchId,
          name: branchId,
          zone: isSouth ? 'Asia/Tokyo' : 'UTC',
          dayStartHour: isSouth ? 4 : 0,
          stations: [{ id: StationId.parse('grill'), name: 'Grill' }],
        }),
        ...(['L1', 'L2', 'L3', 'L4', 'L5'] as const).map((level) =>
          put('staff', {
            id: StaffId.parse(`${orgId}-${level}`),
            name: level,
            level,
            branchIds: [own],
            isActive: true,
          }),
        ),
      ]),
    );

  const restaurant = async (): Promise<Restaurant> => {
    serial += 1;
    clock.reset();
    const orgId = OrgId.parse(`org${serial}`);
    const north = BranchId.parse(`north${serial}`);
    const south = BranchId.parse(`south${serial}`);
    const till = DeviceId.parse(`till${serial}`);
    await makeBranch(orgId, north, north, false);
    await makeBranch(orgId, south, north, true);
    await withDirectory(db, (tx) =>
      tx
        .insertInto('account_directory')
        .values({ email: `${orgId}@example.com`, org_id: orgId, staff_id: `${orgId}-L5` })
        .execute(),
    );
    await withOrg(db, orgId, (tx) =>
      tx
        .insertInto('device')
        .values({
          org_id: orgId,
          id: till,
          branch_id: north,
          code: 'T1',
          name: 'Counter',
          public_key: 'x',
          status: 'active',
          enrolled_at: isoAt(clock.now()),
          pending_count: 0,
          clock_offset_ms: 0,
        })
        .execute(),
    );
    return {
      orgId,
      north,
      south,
      till,
      tokenOf: (level) => ctx.tokens.signAccess({ kind: 'user', orgId, staffId: StaffId.parse(`${orgId}-${level}`) }),
      deviceToken: () => ctx.tokens.signAccess({ kind: 'device', orgId, branchId: north, deviceId: till }),
      async save(puts, { branchId = north, isQuiet = false } = {}) {
        const saved = await withOrg(db, orgId, async (tx) => {
          const counters = await lockCounters(tx, orgId, branchId, { withOrg: true });
          const rows = new EntityRows(tx, orgId, () => undefined);
          await rows.load(puts);
          const nowMs = clock.now();
          const token = newToken();
          return saveRows(tx, puts, { orgId, branchId, counters, before: rows.find, nowMs, token, movesBranch: false });
        });
        if (!isQuiet) ctx.wakeups.publish({ orgId, scopes: saved.scopes, days: saved.days });
      },
    };
  };

  const url = await cloud.app.listen({ port: 0, host: '127.0.0.1' });
  const closeStreams = async (): Promise<void> => {
    const ended = [...readers].map((reader) => reader.close());
    readers.clear();
    await Promise.all(ended);
    while (cloud.live.hub.stats().clients > 0) await new Promise((resolve) => setImmediate(resolve));
  };

  return {
    cloud,
    clock,
    url,
    restaurant,
    async get(path, token) {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const answer = await fetch(`${url}${path}`, { headers });
      return { status: answer.status, body: await answer.json() };
    },
    async stream(path, token, headers = {}) {
      const reader = await SseReader.open(`${url}${path}`, { authorization: `Bearer ${token}`, ...headers });
      readers.add(reader);
      return reader;
    },
    closeStreams,
    async close() {
      for (const reader of readers) void reader.close();
      await cloud.close();
      await database.close();
    },
  };
}

/** An order with one line and one payment, closed unless `status` says otherwise. */
export function orderRow(
  branchId: string,
  id: string,
  totalMinor: number,
  more: { day?: string; status?: Order['status']; method?: 'cash' | 'momo' } = {},
): Put {
  const at = '2026-03-02T12:00:00.000Z';
  const { day = '2026-03-02', status = 'closed', method = 'cash' } = more;
  const isClosed = status === 'closed';
  return put('order', {
    id,
    branchId,
    number: id,
    type: 'takeaway',
    status,
    isShell: false,
    openedAt: at,
    openedBy: 'waiter',
    openedOn: 'till',
    openedDay: day,
    day,
    lines: [
      {
        id: 'l1',
        itemId: 'burger',
        name: 'Burger',
        quantity: 1,
        unitPriceMinor: totalMinor,
        tax: { code: 'vat', ratePpm: 180_000, mode: 'inclusive' },
        stationId: 'grill',
        note: '',
        addedAt: at,
        addedBy: 'waiter',
      },
    ],
    payments: isClosed
      ? [
          {
            id: 'p1',
            method,
            amountMinor: totalMinor,
            tipMinor: 0,
            at,
            day,
            by: 'waiter',
            takenOn: 'till',
            refunds: [],
          },
        ]
      : [],
    ticketIds: [],
    ...(isClosed ? { closedAt: at, closedDay: day, closedBy: 'waiter' } : {}),
  } as unknown as Order);
}

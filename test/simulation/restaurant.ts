import { hash } from '@node-rs/argon2';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { put, type Put } from '#shared/domain/entity.ts';
import type { Level } from '#shared/domain/level.ts';
import { BranchId, OrgId, StaffId } from '#shared/kernel/ids.ts';
import { saveOrgRows } from '../../src-cloud/services/branches.ts';
import { withDirectory, withOrg } from '../../src-cloud/store/with-org.ts';
import type { Build } from './builds.ts';
import type { CloudHost } from './sim-cloud.ts';
import type { SimTime } from './sim-time.ts';
import type { SimBranch } from './sim-types.ts';

export const ORG = OrgId.parse('sim');
export const NORTH = BranchId.parse('north');
export const SOUTH = BranchId.parse('south');
/** Of the first L5 of each branch. */
export const PIN = '246810';
export const CLOUD_URL = 'http://cloud.test';

const LEVELS: readonly Level[] = ['L1', 'L2', 'L3', 'L4', 'L5'];
/** One more than a run has terminals: in the name of the last, the stream is read by itself. */
const MOST_NORTH = 6;
export const READER = `${NORTH}-${MOST_NORTH}`;

/** A terminal that was enrolled once; each run works on a copy of its folder. */
export interface EnrolledFolder {
  name: string;
  branchId: string;
  deviceId: string;
  folder: string;
}

const staffOf = (branchId: BranchId): { id: string; level: Level }[] =>
  LEVELS.flatMap((level) => [1, 2].map((number) => ({ id: `${branchId}-${level}-${number}`, level })));
const ITEMS = [
  { id: 'burger', priceMinor: 12_000, station: 'grill' },
  { id: 'chips', priceMinor: 4_500, station: 'grill' },
  { id: 'salad', priceMinor: 7_250, station: 'cold' },
  { id: 'cola', priceMinor: 2_995, station: 'bar' },
  { id: 'beer', priceMinor: 6_000, station: 'bar' },
] as const;

/** The people and things of a branch, as `createRestaurant` makes them. */
export function branchOf(branchId: BranchId): SimBranch {
  const numbers = [1, 2, 3, 4];
  return {
    orgId: ORG,
    branchId,
    staff: staffOf(branchId),
    items: ITEMS,
    tables: numbers.map((number) => ({ id: `${branchId}-table-${number}` })),
    stockItems: numbers.slice(0, 2).map((number) => ({ id: `${branchId}-stock-${number}` })),
  };
}

/** Makes the organisation in an empty cloud and enrols every terminal that a run may have. */
export async function createRestaurant(
  host: CloudHost,
  build: Build,
  time: SimTime,
  folder: string,
): Promise<EnrolledFolder[]> {
  const { ctx } = host.cloud;
  // As hard as can be without costing each sign-in of each run 30 ms.
  const pinHash = await hash(PIN, { secret: ctx.secrets.pinPepper(ORG), memoryCost: 64, timeCost: 1 });
  for (const branchId of [NORTH, SOUTH]) {
    const pin = put('pin', { id: StaffId.parse(`${branchId}-L5-1`), pinHash });
    await withOrg(ctx.database.db, ORG, (tx) => saveOrgRows(ctx, tx, ORG, branchId, [...rowsOf(branchId), pin]));
  }
  await withDirectory(ctx.database.db, (tx) =>
    tx
      .insertInto('account_directory')
      .values({ email: 'owner@sim.test', org_id: ORG, staff_id: `${NORTH}-L5-1` })
      .execute(),
  );
  const terminals: EnrolledFolder[] = [];
  for (const [branchId, count] of [
    [NORTH, MOST_NORTH],
    [SOUTH, 2],
  ] as const) {
    for (let number = 1; number <= count; number += 1) {
      const name = `${branchId}-${number}`;
      terminals.push(await enrolOne(host, build, time, branchId, name, join(folder, name)));
    }
  }
  return terminals;
}

async function enrolOne(
  host: CloudHost,
  build: Build,
  time: SimTime,
  branchId: BranchId,
  name: string,
  folder: string,
): Promise<EnrolledFolder> {
  const { app, ctx } = host.cloud;
  const token = await ctx.tokens.signAccess({
    kind: 'user',
    orgId: ORG,
    staffId: StaffId.parse(`${branchId}-L5-1`),
  });
  const made = await app.inject({
    method: 'POST',
    url: '/enrolment-codes',
    headers: { authorization: `Bearer ${token}` },
    payload: { branchId },
  });
  const { code } = made.json<{ code: string }>();
  mkdirSync(folder, { recursive: true });
  const life = { isAlive: true };
  const terminal = build.createTerminal({
    dataDir: folder,
    clock: time.clock(life),
    host: 'hub',
    version: '0.0.0-sim',
    log: () => undefined,
    fetch: async (url, init) => {
      const { pathname, search } = new URL(url instanceof Request ? url.url : url);
      const answer = await app.inject({
        method: init?.method === 'POST' ? 'POST' : 'GET',
        url: pathname + search,
        headers: init?.headers as Record<string, string>,
        ...(init?.body === undefined || init.body === null ? {} : { payload: init.body as string }),
      });
      return new Response(answer.body, {
        status: answer.statusCode,
        headers: { 'content-type': 'application/json' },
      });
    },
  });
  const { deviceId } = await terminal.enrol({ cloudUrl: CLOUD_URL, code, deviceName: name });
  await terminal.close();
  life.isAlive = false;
  return { name, branchId, deviceId, folder };
}

function rowsOf(branchId: BranchId): Put[] {
  const { staff, tables, stockItems } = branchOf(branchId);
  return [
    put('organisation', { id: ORG, name: 'Simulated', currency: 'UGX' }),
    put('branch', {
      id: branchId,
      name: branchId,
      zone: 'Africa/Kampala',
      dayStartHour: 4,
      stations: [...new Set(ITEMS.map(({ station }) => station))].map((id) => ({ id: id as never, name: id })),
    }),
    put('category', { id: 'food' as never, name: 'Food', rank: 1, colour: 1 }),
    ...ITEMS.map(({ id, priceMinor, station }) =>
      put('menuItem', {
        id: id as never,
        name: id,
        categoryId: 'food' as never,
        priceMinor,
        tax: { code: 'vat', ratePpm: 180_000, mode: 'inclusive' },
        stationId: station as never,
        isRemoved: false,
        formerPrices: [],
      }),
    ),
    ...staff.map(({ id, level }) =>
      put('staff', { id: StaffId.parse(id), name: id, level, branchIds: [branchId], isActive: true }),
    ),
    ...tables.map(({ id }, index) =>
      put('table', {
        id: id as never,
        branchId,
        name: id,
        seats: 4,
        area: 'room',
        x: index * 10,
        y: 10,
        isRemoved: false,
      }),
    ),
    ...stockItems.map(({ id }) =>
      put('stockItem', {
        id: id as never,
        branchId,
        name: id,
        unit: 'kg',
        reorderLevelMilli: 5_000,
        onHandMilli: 20_000,
        isRemoved: false,
      }),
    ),
  ];
}

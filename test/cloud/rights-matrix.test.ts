import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commands } from '#shared/commands/registry.ts';
import { EnrolAnswer, SetupAnswer } from '#shared/contract/cloud-wire.ts';
import { MAX_PUSH_ENTRIES } from '#shared/contract/protocol.ts';
import { hasLevel, type Level } from '#shared/domain/level.ts';
import type { BranchId, OrgId } from '#shared/kernel/ids.ts';
import { DeviceId, StaffId } from '#shared/kernel/ids.ts';
import { buildCloud, type Cloud } from '../../src-cloud/app.ts';
import type { Database } from '../../src-cloud/store/database.ts';
import { systemClock } from '../../src-main/core/system-clock.ts';
import { engines } from '../helpers/engines.ts';
import { LEVELS, line, VAT } from '../helpers/world.ts';

/** Whoever is not named here needs a token. */
const PUBLIC = [
  'GET /healthz',
  'GET /metrics',
  'POST /setup',
  'POST /devices/enrol',
  'POST /auth/login',
  'POST /auth/refresh',
  'POST /auth/logout',
  'POST /auth/device/challenge',
  'POST /auth/device/token',
];

type Body = Record<string, unknown>;
interface Operation {
  method: string;
  path: string;
  level: string;
}
interface Tenant {
  orgId: OrgId;
  branchId: BranchId;
  ownerId: StaffId;
  user: Record<Level, string>;
  device: string;
  deviceId: string;
}

const SETUP_TOKEN = 'set-up-token-of-the-matrix';

/** What each command of the registry is sent, on the rows that `prepare` makes under the suffix `n`. */
const INPUTS: Record<string, (n: string) => Body> = {
  'order.open': (n) => ({ orderId: `new${n}`, type: 'takeaway' }),
  'order.addLine': (n) => line(`o${n}`, 'l9'),
  'order.changeLine': (n) => ({ orderId: `o${n}`, lineId: 'l2', quantity: 3 }),
  'order.removeLine': (n) => ({ orderId: `o${n}`, lineId: 'l2' }),
  'order.send': (n) => ({ orderId: `o${n}`, lineIds: ['l2'] }),
  'order.voidLine': (n) => ({ orderId: `o${n}`, lineId: 'l1', reason: 'r' }),
  'order.void': (n) => ({ orderId: `v${n}`, reason: 'r' }),
  'order.close': (n) => ({ orderId: `v${n}` }),
  'payment.take': (n) => ({ orderId: `o${n}`, paymentId: 'p9', method: 'card', amountMinor: 1 }),
  'payment.reverse': (n) => ({ orderId: `o${n}`, paymentId: 'p1', reason: 'r' }),
  'payment.refund': (n) => ({ orderId: `o${n}`, paymentId: 'p1', refundId: 'r1', amountMinor: 1, reason: 'r' }),
  'ticket.start': (n) => ({ ticketId: n }),
  'ticket.bumpLine': (n) => ({ ticketId: n, lineId: 'l1' }),
  'ticket.bump': (n) => ({ ticketId: n }),
  'ticket.recall': (n) => ({ ticketId: n }),
  'ticket.serve': (n) => ({ ticketId: n }),
  'shift.open': (n) => ({ shiftId: `new${n}`, floatMinor: 0 }),
  'shift.close': (n) => ({ shiftId: `s${n}`, countedMinor: 0, expectedMinor: 0 }),
  'shift.noSale': (n) => ({ shiftId: `s${n}`, reason: 'r' }),
  'session.seat': (n) => ({ sessionId: `new${n}`, tableId: 't1', guests: 2 }),
  'session.clear': (n) => ({ sessionId: `x${n}` }),
  'table.save': (n) => ({ tableId: `t${n}`, name: 'T', seats: 4, area: '', x: 0, y: 0 }),
  'menu.saveCategory': (n) => ({ categoryId: `c${n}`, name: 'Grill', rank: 1, colour: 1 }),
  'menu.saveItem': (n) => ({
    itemId: `i${n}`,
    name: 'Tea',
    categoryId: 'c',
    priceMinor: 1,
    tax: VAT,
    stationId: 'bar',
  }),
  'menu.removeItem': (n) => ({ itemId: `m${n}` }),
  'menu.set86': (n) => ({ itemId: `m${n}`, is86: true }),
  'stock.saveItem': (n) => ({ stockItemId: `k${n}`, name: 'Flour', unit: 'kg', reorderLevelMilli: 5000 }),
  'stock.adjust': (n) => ({ stockItemId: `k${n}`, deltaMilli: -1000, reason: 'count' }),
  'staff.save': (n) => ({ staffId: `new${n}`, name: 'New', level: 'L1', branchIds: [], isActive: true }),
  'staff.setPin': () => ({ staffId: 'matrix-L1', pinHash: '$argon2id$v=19$m=1' }),
  'anomaly.resolve': (n) => ({ anomalyId: `c${n}.command-refused`, note: 'seen to' }),
  'refusal.decide': (n) => ({ commandId: `new${n}`, deviceId: 'till-1', decision: 'discard', reason: 'twice' }),
};

describe.each(engines)('rights over HTTP on $name', (engine) => {
  let database: Database;
  let cloud: Cloud;
  let base = '';
  let own: Tenant;
  let other: Tenant;
  let operations: Operation[] = [];

  beforeAll(async () => {
    database = await engine.open();
    cloud = await buildCloud({
      database,
      clock: systemClock,
      secret: 'matrix-secret-that-is-long-enough-for-all',
      setupToken: SETUP_TOKEN,
    });
    base = await cloud.app.listen({ host: '127.0.0.1', port: 0 });
    own = await makeTenant('own');
    other = await makeTenant('other');
    const { paths } = (await (await fetch(`${base}/docs/json`)).json()) as {
      paths: Record<string, Record<string, { 'x-level': string }>>;
    };
    operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path: path.replace(/\{(\w+)\}/g, ':$1'),
        level: operation['x-level'],
      })),
    );
  });
  afterAll(async () => {
    await cloud.close();
    await database.close();
  });

  /** Calls the cloud; a stream is cut once its head is there. */
  async function call(
    method: string,
    path: string,
    token?: string,
    body?: Body,
  ): Promise<{ status: number; text: string }> {
    const abort = new AbortController();
    const response = await fetch(`${base}${path}`, {
      method,
      signal: abort.signal,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (response.headers.get('content-type')?.includes('event-stream') === true) {
      abort.abort();
      return { status: response.status, text: '' };
    }
    return { status: response.status, text: await response.text() };
  }

  async function ok(method: string, path: string, token: string | undefined, body?: Body): Promise<Body> {
    const { status, text } = await call(method, path, token, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
    return JSON.parse(text) as Body;
  }

  async function run(name: string, token: string, input: Body): Promise<Body> {
    const { method, path, body } = requestOf(name, input);
    return ok(method, path, token, body);
  }

  function requestOf(name: string, input: Body): { method: string; path: string; body: Body | undefined } {
    const command = commands.find((each) => each.name === name);
    if (command === undefined) throw new Error(`no command ${name}`);
    const rest = { ...input };
    const path = command.path.replace(/:(\w+)/g, (_all, param: string) => {
      const value = String(rest[param]);
      delete rest[param];
      return encodeURIComponent(value);
    });
    return { method: command.method, path, body: command.method === 'DELETE' ? undefined : rest };
  }

  async function makeTenant(name: string): Promise<Tenant> {
    const owner = { name: 'Owner', email: `${name}@example.com`, password: 'a-long-password', pin: '123456' };
    const stations = [{ id: 'grill', name: 'Grill' }];
    const made = SetupAnswer.parse(
      await ok('POST', '/setup', undefined, {
        token: SETUP_TOKEN,
        organisation: { name, currency: 'UGX' },
        branch: { name: `secret-branch-of-${name}`, zone: 'UTC', dayStartHour: 0, stations },
        owner,
      }),
    );
    const { orgId, branchId, ownerId } = made;
    const sign = (staffId: string) =>
      cloud.ctx.tokens.signAccess({ kind: 'user', orgId, staffId: StaffId.parse(staffId) });
    const l5 = await sign(ownerId);
    const user = { L5: l5 } as Record<Level, string>;
    for (const level of LEVELS.filter((each) => each !== 'L5')) {
      const staffId = `matrix-${level}`;
      await run('staff.save', l5, { staffId, name: level, level, branchIds: [branchId], isActive: true });
      user[level] = await sign(staffId);
    }
    const publicKey = randomBytes(32).toString('base64url');
    const enrolled = EnrolAnswer.parse(
      await ok('POST', '/devices/enrol', undefined, { code: made.enrolmentCode, name: 'Till', publicKey }),
    );
    const deviceId = DeviceId.parse(enrolled.deviceId);
    const device = await cloud.ctx.tokens.signAccess({ kind: 'device', orgId, branchId, deviceId });
    return { orgId, branchId, ownerId, user, device, deviceId };
  }

  let pushed = 0;

  /** Makes rows in one push of our terminal: REST, one call a row, would take minutes. */
  async function push(calls: readonly [name: string, input: Body, actorId?: string][]): Promise<void> {
    const at = new Date().toISOString();
    const entries = calls.map(([name, input, actorId = own.ownerId]) => {
      pushed += 1;
      const id = ulid();
      const envelope = {
        id,
        name,
        version: 1,
        branchId: own.branchId,
        actorId,
        at,
        businessDay: at.slice(0, 10),
        input,
      };
      const key = { id, idempotencyKey: id, endpoint: name, method: 'POST', createdAt: at };
      return { seq: pushed, lamport: pushed, ...key, body: JSON.stringify(envelope) };
    });
    const pending = { count: 0, oldestAt: null };
    const outcomes: { status: string }[] = [];
    while (entries.length > 0) {
      const batch = entries.splice(0, MAX_PUSH_ENTRIES);
      const request = { deviceId: own.deviceId, incarnation: 'matrix01', clockMs: Date.now(), pending, entries: batch };
      const answer = (await ok('POST', '/sync/push', own.device, request)) as { outcomes: { status: string }[] };
      outcomes.push(...answer.outcomes);
    }
    expect(outcomes.filter((outcome) => outcome.status !== 'applied')).toEqual([]);
  }

  /** What makes the rows under the suffix `n` that the inputs above name. `actorId` opens the shift, which is its own. */
  function rowsFor(n: string, actorId: string): [name: string, input: Body, actorId?: string][] {
    return [
      ['order.open', { orderId: `o${n}`, type: 'takeaway' }],
      ['order.open', { orderId: `v${n}`, type: 'takeaway' }],
      ['order.addLine', line(`o${n}`, 'l1')],
      ['order.addLine', line(`o${n}`, 'l2')],
      ['order.send', { orderId: `o${n}`, lineIds: ['l1'] }],
      ['payment.take', { orderId: `o${n}`, paymentId: 'p1', method: 'card', amountMinor: 500 }],
      ['shift.open', { shiftId: `s${n}`, floatMinor: 0 }, actorId],
      ['session.seat', { sessionId: `x${n}`, tableId: 't1', guests: 2 }],
      ['menu.saveItem', { itemId: `m${n}`, name: 'Tea', categoryId: 'c', priceMinor: 1, tax: VAT, stationId: 'bar' }],
      ['stock.saveItem', { stockItemId: `k${n}`, name: 'Salt', unit: 'kg', reorderLevelMilli: 1 }],
      ['refusal.decide', { commandId: `c${n}`, deviceId: 'till-1', decision: 'retry' }],
    ];
  }

  /** The ticket of the order under each suffix, by the suffix. */
  async function ticketIds(): Promise<Map<string, string>> {
    const { rows } = await sql<{ id: string; order_id: string }>`select id, body->>'orderId' as order_id from entity
      where org_id = ${own.orgId} and kind = 'ticket'`.execute(database.db);
    return new Map(rows.map((row) => [row.order_id.slice(1), row.id]));
  }

  /** Everything that the organisation owns, as one hash. */
  async function digest(tenant: Tenant): Promise<unknown> {
    const { rows } = await sql`
      select (select md5(string_agg(e::text, '|' order by e.kind, e.id)) from entity e where org_id = ${tenant.orgId}) as entities,
        (select md5(string_agg(c::text, '|' order by c.id)) from command c where org_id = ${tenant.orgId}) as commands,
        (select md5(string_agg(d::text, '|' order by d.id)) from device d where org_id = ${tenant.orgId}) as devices,
        (select md5(string_agg(l::text, '|' order by l.staff_id)) from staff_login l where org_id = ${tenant.orgId}) as logins`.execute(
      database.db,
    );
    return rows[0];
  }

  test('the live registry has every command, every operation has a level, and only the named ones are public', () => {
    expect(operations.filter((operation) => operation.level === undefined)).toEqual([]);
    const known = operations.map(({ method, path }) => `${method} ${path}`);
    expect(commands.map((command) => command.route).filter((route) => !known.includes(route))).toEqual([]);
    const open = operations.filter(({ level }) => level === 'public').map(({ method, path }) => `${method} ${path}`);
    expect(open.toSorted()).toEqual(PUBLIC.toSorted());
    expect(Object.keys(INPUTS).toSorted()).toEqual(commands.map((command) => command.name).toSorted());
  });

  test('every operation that is not public: 401 without a token and with a forged one', async () => {
    for (const { method, path, level } of operations) {
      if (level === 'public') continue;
      const url = path.replace(/:\w+/g, 'any');
      const answers = [await call(method, url), await call(method, url, `${own.user.L5}x`)];
      expect([method, path, ...answers.map(({ status }) => status)]).toEqual([method, path, 401, 401]);
    }
  });

  test('every operation × every level and both kinds of caller: below the level 403, at it never 401 or 403', async () => {
    const commandRoutes = new Set(commands.map((command) => command.route as string));
    const wrong: string[] = [];
    for (const { method, path, level } of operations) {
      if (level === 'public') continue;
      const url = `${path.replace(/:\w+/g, 'any')}${method === 'GET' ? `?scope=branch&branchId=${own.branchId}` : ''}`;
      const callers: [string, string, boolean][] = [
        ...LEVELS.map((actual): [string, string, boolean] => [actual, own.user[actual], maySeeAs(actual, level)]),
        ['device', own.device, level.startsWith('device')],
      ];
      for (const [who, token, isAllowed] of callers) {
        // What an allowed command does is the next test; here only its guard is looked at.
        if (isAllowed && (commandRoutes.has(`${method} ${path}`) || method !== 'GET')) continue;
        const { status, text } = await call(method, url, token, method === 'GET' ? undefined : {});
        const isRefused = status === 403;
        if (isRefused === isAllowed || status === 401)
          wrong.push(`${who} ${method} ${path}: ${status} ${text.slice(0, 80)}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('every command at every level that may: it is done', async () => {
    const cases = commands.flatMap((command) =>
      LEVELS.filter((level) => hasLevel(level, command.level)).map((level, index) => ({
        command,
        level,
        n: `${command.name}.${index}`,
      })),
    );
    await push(
      cases.flatMap(({ level, n }) =>
        rowsFor(n, hasLevel(level, 'L2') && level !== 'L5' ? `matrix-${level}` : own.ownerId),
      ),
    );
    const tickets = await ticketIds();
    const isBumped = /^ticket\.(recall|serve)/;
    await push(cases.filter(({ n }) => isBumped.test(n)).map(({ n }) => ['ticket.bump', { ticketId: tickets.get(n) }]));
    const wrong: string[] = [];
    for (const { command, level, n } of cases) {
      const suffix = command.name.startsWith('ticket.') ? (tickets.get(n) ?? '') : n;
      const { method, path, body } = requestOf(command.name, INPUTS[command.name]?.(suffix) ?? {});
      const { status, text } = await call(method, path, own.user[level], body);
      if (status !== 200 && status !== 201) wrong.push(`${level} ${command.name}: ${status} ${text.slice(0, 120)}`);
    }
    expect(wrong).toEqual([]);
  });

  test('every operation by the owner and the terminal of another organisation: nothing of ours is seen or changed', async () => {
    const n = 'foreign';
    await push(rowsFor(n, own.ownerId));
    const ticketId = (await ticketIds()).get(n) ?? '';
    const before = await digest(own);
    const ids: Body = { staffId: own.ownerId, deviceId: own.deviceId };
    const wrong: string[] = [];
    for (const { method, path, level } of operations) {
      if (level === 'public') continue;
      const command = commands.find((each) => each.route === `${method} ${path}`);
      const input =
        command === undefined ? ids : (INPUTS[command.name]?.(command.name.startsWith('ticket.') ? ticketId : n) ?? {});
      const filled = path.replace(/:(\w+)/g, (_all, param: string) => {
        const value = input[param] ?? ids[param];
        return typeof value === 'string' ? encodeURIComponent(value) : 'any';
      });
      const query = `scope=branch&branchId=${own.branchId}`;
      for (const token of [other.user.L5, other.user.L4, other.device]) {
        const hasBody = method !== 'GET' && method !== 'DELETE';
        const more =
          command === undefined
            ? { branchId: own.branchId, email: `${ulid()}@example.com`, password: 'a-long-password' }
            : {};
        const { status, text } = await call(
          method,
          `${filled}?${query}`,
          token,
          hasBody ? { ...input, ...more } : undefined,
        );
        const leaks = [own.branchId, own.ownerId, 'secret-branch-of-own'].filter((secret) => text.includes(secret));
        // An id that the caller sent itself may come back in a refusal.
        const isOwnWord = status >= 400;
        if (leaks.length > 0 && !isOwnWord)
          wrong.push(`${method} ${path} shows ${leaks.join()}: ${text.slice(0, 200)}`);
        if (command !== undefined && status < 300) wrong.push(`${method} ${path}: ${status}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(await digest(own)).toEqual(before);
  });

  test('a branch of another organisation is 403 on every figure and stream', async () => {
    for (const path of ['/stream/kpis', '/kpis', '/kpis/status']) {
      const asked = `${path}?scope=branch&branchId=${own.branchId}`;
      expect([path, (await call('GET', asked, other.user.L5)).status]).toEqual([path, 403]);
      expect([path, (await call('GET', asked, own.user.L3)).status]).toEqual([path, 403]);
      expect([path, (await call('GET', asked)).status]).toEqual([path, 401]);
      expect([path, (await call('GET', `${path}?scope=branch`, own.user.L4)).status]).toEqual([path, 422]);
      expect([path, (await call('GET', asked, own.user.L4)).status]).toEqual([path, 200]);
    }
  });
});

/** Whether a person of level `actual` may call an operation of `x-level`. */
function maySeeAs(actual: Level, level: string): boolean {
  if (level === 'device') return false;
  return hasLevel(actual, level.replace('device-or-', '') as Level);
}

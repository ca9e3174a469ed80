import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { ulid } from 'ulid';
import type { ChangesPage, EntryOutcome, PushAnswer } from '#shared/contract/sync-wire.ts';
import { put, type Put } from '#shared/domain/entity.ts';
import type { Level } from '#shared/domain/level.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { BranchId, DeviceId, OrgId, StaffId } from '#shared/kernel/ids.ts';
import { buildCloud, type Cloud, type CloudOptions } from '../../src-cloud/app.ts';
import { saveOrgRows } from '../../src-cloud/services/branches.ts';
import type { Database } from '../../src-cloud/store/database.ts';
import { withOrg } from '../../src-cloud/store/with-org.ts';
import type { Engine } from './engines.ts';
import { FakeClock } from './fake-clock.ts';
import { LEVELS } from './world.ts';

export const SETUP_TOKEN = 'set-up-token-of-a-test';
export const SECRET = 'a master secret of a test, long enough';

export interface Reply<T = Record<string, unknown>> {
  status: number;
  body: T;
  headers: Record<string, unknown>;
}
export interface CallOptions {
  token?: string;
  headers?: Record<string, string>;
}

/** A cloud that is asked without a socket; its clock is the test's. */
export class CloudKit {
  readonly cloud: Cloud;
  readonly database: Database;
  readonly clock: FakeClock;
  #orgs = 0;

  private constructor(cloud: Cloud, database: Database, clock: FakeClock) {
    this.cloud = cloud;
    this.database = database;
    this.clock = clock;
  }

  static async open(engine: Engine, options: Partial<CloudOptions> = {}): Promise<CloudKit> {
    return CloudKit.over(await engine.open(), options);
  }

  static async over(
    database: Database,
    options: Partial<CloudOptions> = {},
    clock = new FakeClock(),
  ): Promise<CloudKit> {
    const cloud = await buildCloud({ database, clock, secret: SECRET, setupToken: SETUP_TOKEN, ...options });
    return new CloudKit(cloud, database, clock);
  }

  async close(): Promise<void> {
    await this.cloud.close();
    await this.database.close();
  }

  async call<T = Record<string, unknown>>(
    route: string,
    payload?: unknown,
    { token, headers = {} }: CallOptions = {},
  ): Promise<Reply<T>> {
    const [method, url] = route.split(' ') as ['GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', string];
    const answer = await this.cloud.app.inject({
      method,
      url,
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
      ...(payload === undefined ? {} : { payload: payload as object }),
    });
    return {
      status: answer.statusCode,
      body: (answer.body === '' ? {} : JSON.parse(answer.body)) as T,
      headers: answer.headers,
    };
  }

  /** An organisation with one branch, a person of each level (`staffId('L2')`), and an item `burger` at 1,000 on the menu. */
  async organisation(): Promise<Tenant> {
    this.#orgs += 1;
    const tenant = new Tenant(this, OrgId.parse(`org${this.#orgs}`), BranchId.parse(`org${this.#orgs}-main`));
    await tenant.addBranch(tenant.branchId);
    return tenant;
  }
}

export class Tenant {
  readonly kit: CloudKit;
  readonly orgId: OrgId;
  readonly branchId: BranchId;
  #tills = 0;

  constructor(kit: CloudKit, orgId: OrgId, branchId: BranchId) {
    this.kit = kit;
    this.orgId = orgId;
    this.branchId = branchId;
  }

  staffId(level: Level): StaffId {
    return StaffId.parse(`${this.orgId}-${level}`);
  }

  token(level: Level): Promise<string> {
    return this.kit.cloud.ctx.tokens.signAccess({ kind: 'user', orgId: this.orgId, staffId: this.staffId(level) });
  }

  async addBranch(branchId: BranchId): Promise<void> {
    const puts: Put[] = [
      put('organisation', { id: this.orgId, name: 'Org', currency: 'UGX' }),
      put('branch', {
        id: branchId,
        name: branchId,
        zone: 'UTC',
        dayStartHour: 0,
        stations: [{ id: 'grill' as never, name: 'Grill' }],
      }),
      put('menuItem', {
        id: 'burger' as never,
        name: 'Burger',
        categoryId: 'food' as never,
        priceMinor: 1000,
        tax: { code: 'vat', ratePpm: 180_000, mode: 'inclusive' },
        stationId: 'grill' as never,
        isRemoved: false,
        formerPrices: [],
      }),
      ...LEVELS.map((level) =>
        put('staff', { id: this.staffId(level), name: level, level, branchIds: [this.branchId], isActive: true }),
      ),
    ];
    await withOrg(this.kit.database.db, this.orgId, (tx) =>
      saveOrgRows(this.kit.cloud.ctx, tx, this.orgId, branchId, puts),
    );
  }

  /** An enrolled terminal with a key of its own. */
  async till(branchId = this.branchId): Promise<Till> {
    const number = (this.#tills += 1);
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const till = new Till(this, DeviceId.parse(`${this.orgId}-till-${number}`), branchId, privateKey);
    const x = publicKey.export({ format: 'jwk' }).x ?? '';
    await withOrg(this.kit.database.db, this.orgId, (tx) =>
      tx
        .insertInto('device')
        .values({
          org_id: this.orgId,
          id: till.deviceId,
          branch_id: branchId,
          code: `T${number}`,
          name: `Till ${number}`,
          public_key: x,
          status: 'active',
          enrolled_at: isoAt(this.kit.clock.now()),
          pending_count: 0,
          clock_offset_ms: 0,
        })
        .execute(),
    );
    till.certificate = await this.kit.cloud.ctx.tokens.signCertificate({
      orgId: this.orgId,
      branchId,
      deviceId: till.deviceId,
      code: `T${number}`,
      name: `Till ${number}`,
      publicKey: x,
    });
    return till;
  }
}

export interface Entry {
  seq: number;
  lamport: number;
  id: string;
  endpoint: string;
  method: string;
  idempotencyKey: string;
  createdAt: string;
  body: string;
}
interface Envelopish {
  id?: string;
  actorId?: string;
  branchId?: string;
  version?: number;
  approvedBy?: string;
}

/** A terminal as the cloud sees it: a series of entries, pushed and pulled. */
export class Till {
  readonly tenant: Tenant;
  readonly deviceId: DeviceId;
  readonly branchId: BranchId;
  readonly key: KeyObject;
  certificate = '';
  incarnation = 'a1b2c3d4';
  seq = 0;
  lamport = 0;

  constructor(tenant: Tenant, deviceId: DeviceId, branchId: BranchId, key: KeyObject) {
    this.tenant = tenant;
    this.deviceId = deviceId;
    this.branchId = branchId;
    this.key = key;
  }

  /** The next entry of the series. */
  entry(name: string, input: Record<string, unknown>, more: Envelopish = {}): Entry {
    const id = more.id ?? ulid(this.tenant.kit.clock.now());
    const at = isoAt(this.tenant.kit.clock.now());
    return this.rawEntry(id, {
      id,
      name,
      version: 1,
      branchId: this.branchId,
      actorId: this.tenant.staffId('L3'),
      at,
      businessDay: at.slice(0, 10),
      input,
      ...more,
    });
  }

  /** The next entry with whatever body. */
  rawEntry(id: string, body: unknown): Entry {
    this.seq += 1;
    this.lamport += 1;
    const at = isoAt(this.tenant.kit.clock.now());
    return {
      seq: this.seq,
      lamport: this.lamport,
      id,
      endpoint: 'POST /pos/orders',
      method: 'POST',
      idempotencyKey: id,
      createdAt: at,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    };
  }

  /** A whole sale: open, `lines` burgers at 1,000, send, pay cash, close. */
  sale(orderId: string, lines = 2): Entry[] {
    const lineIds = Array.from({ length: lines }, (_, index) => `l${index + 1}`);
    return [
      this.entry('order.open', { orderId, number: `T1-${orderId}`, type: 'takeaway' }),
      ...lineIds.map((lineId) => this.entry('order.addLine', burger(orderId, lineId))),
      this.entry('order.send', { orderId, lineIds }),
      this.entry('payment.take', { orderId, paymentId: `${orderId}-p`, method: 'cash', amountMinor: 1000 * lines }),
      this.entry('order.close', { orderId }),
    ];
  }

  token(): Promise<string> {
    const { orgId, kit } = this.tenant;
    return kit.cloud.ctx.tokens.signAccess({ kind: 'device', orgId, branchId: this.branchId, deviceId: this.deviceId });
  }

  signature(challenge: string): string {
    return sign(null, Buffer.from(challenge), this.key).toString('base64url');
  }

  async push(entries: readonly unknown[], more: Record<string, unknown> = {}): Promise<Reply<PushAnswer>> {
    const { kit } = this.tenant;
    const request = {
      deviceId: this.deviceId,
      incarnation: this.incarnation,
      clockMs: kit.clock.now(),
      pending: { count: entries.length, oldestAt: entries.length === 0 ? null : isoAt(kit.clock.now()) },
      entries,
      ...more,
    };
    return kit.call<PushAnswer>('POST /sync/push', request, { token: await this.token() });
  }

  /** Pushes what must be taken, and returns its outcomes. */
  async taken(entries: readonly unknown[]): Promise<EntryOutcome[]> {
    const { status, body } = await this.push(entries);
    if (status !== 200) throw new Error(`push was answered ${status}: ${JSON.stringify(body)}`);
    return body.outcomes;
  }

  async changes(after?: string, limit = 1000): Promise<Reply<ChangesPage>> {
    const query = after === undefined ? '' : `&after=${after}`;
    return this.tenant.kit.call<ChangesPage>(`GET /sync/changes?limit=${limit}${query}`, undefined, {
      token: await this.token(),
    });
  }

  /** Every row from `after` to the head, the newest of each entity, and the cursor there. */
  async pull(
    after?: string,
    limit = 1000,
  ): Promise<{ rows: Map<string, Record<string, unknown>>; cursor: string; outcomes: ChangesPage['outcomes'] }> {
    const rows = new Map<string, Record<string, unknown>>();
    const outcomes: ChangesPage['outcomes'] = [];
    let cursor = after;
    for (;;) {
      const { status, body } = await this.changes(cursor, limit);
      if (status !== 200 || body.reset) throw new Error(`changes were answered ${status}: ${JSON.stringify(body)}`);
      for (const row of body.rows) if (row.body !== null) rows.set(`${row.kind}/${row.id}`, row.body);
      outcomes.push(...body.outcomes);
      cursor = body.cursor;
      if (!body.hasMore) return { rows, cursor, outcomes };
    }
  }
}

/** The input of a line of one burger, at its price. */
export function burger(orderId: string, lineId: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    orderId,
    lineId,
    itemId: 'burger',
    name: 'Burger',
    quantity: 1,
    unitPriceMinor: 1000,
    tax: { code: 'vat', ratePpm: 180_000, mode: 'inclusive' },
    stationId: 'grill',
    ...more,
  };
}

/** Waits, by asking, until `isDone` says so. */
export async function until(isDone: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await isDone())) {
    if (performance.now() > deadline) throw new Error('what the test waits for has not happened');
  }
}

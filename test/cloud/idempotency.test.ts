import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AppError } from '#shared/kernel/errors.ts';
import { CommandId } from '#shared/kernel/ids.ts';
import { type Answer, answerOnce } from '../../src-cloud/services/idempotency.ts';
import { openDatabase } from '../../src-cloud/store/database.ts';
import { burger, CloudKit, type Reply, type Tenant } from '../helpers/cloud-kit.ts';
import { createPostgresDatabase, engines, postgresOnly } from '../helpers/engines.ts';

const ANSWER = { status: 201, body: { done: true } };
/** What a second try gets meanwhile, the first in the end, and a third afterwards. */
const IN_PROGRESS = {
  meanwhile: { code: 'idempotency/in-progress', status: 409, retryAfterMs: 1000 },
  first: ANSWER,
  afterwards: ANSWER,
};

/** Holds a first try open in the middle of its transaction, and asks again meanwhile and afterwards. */
async function askWhileRunning(first: CloudKit, second: CloudKit, tenant: Tenant): Promise<unknown> {
  const request = { orgId: tenant.orgId, caller: 'somebody', key: 'held', fingerprint: 'POST /x' };
  const [isRunning, mayEnd] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
  const held = answerOnce(first.cloud.ctx, request, async () => {
    isRunning.resolve(undefined);
    await mayEnd.promise;
    return ANSWER;
  });
  await isRunning.promise;
  const never = (): Promise<Answer> => Promise.reject(new Error('ran twice'));
  const meanwhile = await answerOnce(second.cloud.ctx, request, never).catch((error: AppError) => ({
    code: error.code,
    status: error.status,
    retryAfterMs: error.retryAfterMs,
  }));
  mayEnd.resolve(undefined);
  return { meanwhile, first: await held, afterwards: await answerOnce(second.cloud.ctx, request, never) };
}

describe.each(engines)('idempotency on $name', (engine) => {
  let kit: CloudKit;
  let tenant: Tenant;
  let serial = 0;
  beforeAll(async () => {
    kit = await CloudKit.open(engine);
    tenant = await kit.organisation();
  });
  afterAll(() => kit.close());

  const fresh = (): string => `o${(serial += 1)}`;
  const post = async (path: string, body: unknown, key?: string, level: 'L2' | 'L3' | 'L5' = 'L2'): Promise<Reply> =>
    kit.call(`POST ${path}`, body, {
      token: await tenant.token(level),
      ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
    });
  const commands = () =>
    kit.database.db
      .selectFrom('command')
      .select('id')
      .where('org_id', '=', tenant.orgId)
      .execute()
      .then((rows) => rows.length);

  test('the same key and body: the first answer again, nothing done twice', async () => {
    const body = { orderId: fresh(), type: 'takeaway' };
    const first = await post('/pos/orders', body, 'k1');
    expect(first.status).toBe(201);
    const before = await commands();
    const second = await post('/pos/orders', { type: 'takeaway', orderId: body.orderId }, 'k1');
    expect([second.status, JSON.stringify(second.body)]).toEqual([201, JSON.stringify(first.body)]);
    expect(await commands()).toBe(before);
  });

  test('the key may lie in the body, where it is no part of what is compared', async () => {
    const body = { orderId: fresh(), type: 'takeaway' };
    const first = await post('/pos/orders', { ...body, _idempotencyKey: 'k2' });
    expect(first.status).toBe(201);
    expect((await post('/pos/orders', body, 'k2')).body).toEqual(first.body);
  });

  test('another body, method or path under the key is a final mismatch', async () => {
    const orderId = fresh();
    await post('/pos/orders', { orderId, type: 'takeaway' }, 'k3');
    const mismatch = { status: 409, body: { code: 'idempotency/mismatch' } };
    expect(await post('/pos/orders', { orderId, type: 'dine-in' }, 'k3')).toMatchObject(mismatch);
    expect(await post(`/pos/orders/${orderId}/close`, {}, 'k3')).toMatchObject(mismatch);
    const put = await kit.call(
      'PUT /menu/items/x/availability',
      { is86: true },
      { token: await tenant.token('L2'), headers: { 'idempotency-key': 'k3' } },
    );
    expect(put).toMatchObject(mismatch);
    expect((await post('/pos/orders', { orderId, type: 'takeaway' }, 'k3')).status).toBe(201);
  });

  test('a final refusal is kept; one that a retry may change is not', async () => {
    const orderId = fresh();
    const line = burger(orderId, 'l1');
    const missing = await post(`/pos/orders/${orderId}/lines`, line, 'k4');
    expect(missing).toMatchObject({ status: 404, body: { code: 'order/not-found' } });
    await post('/pos/orders', { orderId, type: 'takeaway' });
    expect(await post(`/pos/orders/${orderId}/lines`, line, 'k4')).toEqual(
      expect.objectContaining({ status: 404, body: missing.body }),
    );
    expect((await post(`/pos/orders/${orderId}/lines`, line, 'k5')).status).toBe(201);
    const invalid = await post('/pos/orders', { orderId: fresh(), type: 'nonsense' }, 'k6');
    expect(invalid).toMatchObject({ status: 422, body: { code: 'input/invalid', path: 'type' } });
    expect((await post('/pos/orders', { orderId: fresh(), type: 'takeaway' }, 'k6')).body).toMatchObject({
      code: 'idempotency/mismatch',
    });
    // 401 never reaches the key.
    const bare = await kit.call(
      'POST /pos/orders',
      { orderId: fresh(), type: 'takeaway' },
      { headers: { 'idempotency-key': 'k7' } },
    );
    expect(bare.status).toBe(401);
    expect((await post('/pos/orders', { orderId: fresh(), type: 'takeaway' }, 'k7')).status).toBe(201);
  });

  test('keys of two callers have nothing to do with each other', async () => {
    const [one, two] = [fresh(), fresh()];
    expect((await post('/pos/orders', { orderId: one, type: 'takeaway' }, 'k8', 'L2')).status).toBe(201);
    expect((await post('/pos/orders', { orderId: two, type: 'takeaway' }, 'k8', 'L3')).status).toBe(201);
    const other = await kit.organisation();
    const foreign = await kit.call(
      'POST /pos/orders',
      { orderId: one, type: 'takeaway' },
      { token: await other.token('L2'), headers: { 'idempotency-key': 'k8' } },
    );
    expect(foreign.status).toBe(201);
  });

  test('the command id is the key when that is a ULID, and follows from it otherwise', async () => {
    const key = ulid(kit.clock.now());
    const named = await post('/pos/orders', { orderId: fresh(), type: 'takeaway' }, key);
    expect(named.body).toMatchObject({ commandId: key, status: 'applied', flags: [] });
    const derived = await post('/pos/orders', { orderId: fresh(), type: 'takeaway' }, 'a key of mine');
    expect(derived).toMatchObject({ status: 422, body: { path: 'idempotency-key' } });
    const words = await post('/pos/orders', { orderId: fresh(), type: 'takeaway' }, 'a-key-of-mine');
    expect(CommandId.safeParse(words.body['commandId']).success).toBe(true);
  });

  test('after 24 h the key is forgotten, but the command is still known by its id', async () => {
    const key = ulid(kit.clock.now());
    const body = { orderId: fresh(), type: 'takeaway' };
    const first = await post('/pos/orders', body, key);
    kit.clock.advance(24 * 3_600_000 + 1);
    const before = await commands();
    const again = await post('/pos/orders', body, key);
    expect(again).toMatchObject({ status: 201, body: { commandId: key, rows: [{ kind: 'order', id: body.orderId }] } });
    expect(first.status).toBe(201);
    expect(await commands()).toBe(before);
    const stolen = await post('/pos/orders', { orderId: fresh(), type: 'takeaway' }, key, 'L3');
    expect(stolen).toMatchObject({ status: 409, body: { code: 'idempotency/mismatch' } });
  });

  test('every other write takes a key too', async () => {
    const first = await post('/enrolment-codes', { branchId: tenant.branchId }, 'k9', 'L5');
    expect(first.status).toBe(201);
    expect((await post('/enrolment-codes', { branchId: tenant.branchId }, 'k9', 'L5')).body).toEqual(first.body);
  });

  test('while the first try runs the second is told to wait', async () => {
    expect(await askWhileRunning(kit, kit, tenant)).toEqual(IN_PROGRESS);
  });
});

describe.each(postgresOnly)('idempotency over two instances on one $name', () => {
  test('executes once', async () => {
    const databaseUrl = await createPostgresDatabase();
    const [one, two] = [
      await CloudKit.over(await openDatabase({ databaseUrl })),
      await CloudKit.over(await openDatabase({ databaseUrl })),
    ];
    const tenant = await one.organisation();
    const token = await tenant.token('L2');
    const send = (kit: CloudKit, orderId: string) =>
      kit.call(
        'POST /pos/orders',
        { orderId, type: 'takeaway' },
        { token, headers: { 'idempotency-key': `key-${orderId}` } },
      );
    expect(await askWhileRunning(one, two, tenant)).toEqual(IN_PROGRESS);
    for (let n = 0; n < 5; n += 1) {
      const statuses = (await Promise.all([send(one, `o${n}`), send(two, `o${n}`)])).map(({ status }) => status);
      // Either the second came late and got the first answer, or it was told to wait.
      expect([
        [201, 201],
        [201, 409],
      ]).toContainEqual(statuses.toSorted((a, b) => a - b));
    }
    expect(await one.database.db.selectFrom('command').select('id').execute()).toHaveLength(5);
    await one.close();
    await two.close();
  });
});

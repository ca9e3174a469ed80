import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isErrorCode } from '#shared/kernel/errors.ts';
import { buildCloud } from '../../src-cloud/app.ts';
import { CloudKit, SECRET, type Tenant } from '../helpers/cloud-kit.ts';
import { engines } from '../helpers/engines.ts';
import { FakeClock } from '../helpers/fake-clock.ts';

const [engine] = engines;
if (engine === undefined) throw new Error('no engine');

describe('answers to what does not fit', () => {
  let kit: CloudKit;
  let tenant: Tenant;
  let token: string;
  beforeAll(async () => {
    kit = await CloudKit.open(engine);
    tenant = await kit.organisation();
    token = await tenant.token('L5');
  });
  afterAll(() => kit.close());

  const raw = async (payload: string, headers: Record<string, string>, url = '/pos/orders') => {
    const answer = await kit.cloud.app.inject({
      method: 'POST',
      url,
      payload,
      headers: { authorization: `Bearer ${token}`, ...headers },
    });
    return { status: answer.statusCode, body: answer.json<{ code: string; message: string; path?: string }>() };
  };
  const json = { 'content-type': 'application/json' };

  test('an unknown address is a 404 as JSON', async () => {
    const answer = await kit.call('GET /no/such/thing');
    expect(answer).toMatchObject({
      status: 404,
      body: { code: 'route/unknown' },
      headers: { 'content-type': 'application/json; charset=utf-8' },
    });
    expect(await kit.call('PUT /pos/orders', {})).toMatchObject({ status: 404, body: { code: 'route/unknown' } });
  });

  test('a body over 1 MiB is 413', async () => {
    expect(await raw(JSON.stringify({ note: 'x'.repeat(1_048_576) }), json)).toMatchObject({
      status: 413,
      body: { code: 'input/too-large' },
    });
  });

  test('what is not JSON, not an object, or not application/json is 422', async () => {
    expect(await raw('{"orderId":', json)).toMatchObject({ status: 422, body: { code: 'input/invalid', path: '' } });
    expect(await raw('[1]', json)).toMatchObject({ status: 422, body: { code: 'input/invalid' } });
    expect(await raw('<order/>', { 'content-type': 'text/xml' })).toMatchObject({
      status: 422,
      body: { code: 'input/invalid', path: 'content-type' },
    });
  });

  test('a body that does not fit names its field; query and path too', async () => {
    const order = { orderId: 'e1', type: 'takeaway' };
    expect((await kit.call('POST /pos/orders', order, { token })).status).toBe(201);
    const line = {
      lineId: 'l',
      itemId: 'i',
      name: 'n',
      quantity: 1,
      unitPriceMinor: 1,
      tax: { code: 'v', ratePpm: -1, mode: 'inclusive' },
      stationId: 'grill',
    };
    expect(await kit.call('POST /pos/orders/e1/lines', line, { token })).toMatchObject({
      status: 422,
      body: { code: 'input/invalid', path: 'tax.ratePpm' },
    });
    expect(await kit.call('POST /pos/orders/bad%20id/close', {}, { token })).toMatchObject({
      status: 422,
      body: { path: 'orderId' },
    });
    const till = await tenant.till();
    expect(await kit.call('GET /sync/changes?limit=0', undefined, { token: await till.token() })).toMatchObject({
      status: 422,
      body: { path: 'limit' },
    });
    expect(await till.push([], { clockMs: 'now' })).toMatchObject({ status: 422, body: { path: 'clockMs' } });
    expect(await till.push(Array(1001).fill({}))).toMatchObject({ status: 422, body: { path: 'entries' } });
  });

  test('an address that cannot be decoded gets the same shape', async () => {
    expect(await kit.call('GET /pos/%E0%A4%A')).toMatchObject({ status: 422, body: { code: 'input/invalid' } });
  });

  test('an error of ours leaks nothing', async () => {
    const broken = await CloudKit.open(engine);
    const org = await broken.organisation();
    const key = await org.token('L5');
    await broken.database.close();
    const answer = await broken.call('GET /devices', undefined, { token: key });
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(isErrorCode(answer.body['code'])).toBe(true);
    expect(JSON.stringify(answer.body)).not.toMatch(/pool|driver|select/i);
    await broken.cloud.close();
  });

  test('a route without a level does not start', async () => {
    const database = await engine.open();
    const clock = new FakeClock();
    const cloud = await buildCloud({ database, clock, secret: SECRET });
    expect(cloud.app.hasRoute({ method: 'GET', url: '/healthz' })).toBe(true);
    await cloud.close();
    const { registerAuth } = await import('../../src-cloud/services/auth.ts');
    const { default: Fastify } = await import('fastify');
    const app = Fastify();
    registerAuth(app, cloud.ctx);
    app.get('/open', () => 'x');
    await expect(app.ready()).rejects.toThrow('routes without a level: GET /open');
    await database.close();
  });

  test('a broken request gets the same shape before any route is asked', async () => {
    const url = new URL(await kit.cloud.app.listen({ port: 0, host: '127.0.0.1' }));
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(url.port), url.hostname, () => socket.write('THIS IS NOT HTTP\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk) => (text += String(chunk)));
      socket.on('end', () => resolve(text));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))).toMatchObject({ code: 'input/invalid' });
  });
});

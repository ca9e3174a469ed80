import { generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LoginAnswer } from '#shared/contract/cloud-wire.ts';
import { CloudKit, type Reply, type Tenant, type Till } from '../helpers/cloud-kit.ts';
import { engines } from '../helpers/engines.ts';

const FRONTEND = 'https://pos.example.com';
const EMAIL = 'grace@example.com';
const PASSWORD = 'a long password';

describe.each(engines)('signing in on $name', (engine) => {
  let kit: CloudKit;
  let tenant: Tenant;
  beforeAll(async () => {
    kit = await CloudKit.open(engine, { frontendUrl: FRONTEND });
    tenant = await kit.organisation();
    const login = await kit.call(
      `PUT /staff/${tenant.staffId('L3')}/login`,
      { email: EMAIL, password: PASSWORD },
      { token: await tenant.token('L4') },
    );
    expect(login.status).toBe(200);
  });
  afterAll(() => kit.close());

  const logIn = (email = EMAIL, password = PASSWORD): Promise<Reply<LoginAnswer>> =>
    kit.call<LoginAnswer>('POST /auth/login', { email, password });
  const cookiesOf = (reply: Reply<unknown>): string => {
    const set = reply.headers['set-cookie'] as string[];
    return set.map((cookie) => cookie.split(';', 1)[0]).join('; ');
  };

  test('e-mail and password give a token of 15 minutes and cookies that no script can read', async () => {
    const reply = await logIn('GRACE@example.com');
    expect(reply).toMatchObject({
      status: 200,
      body: { expiresInS: 900, staff: { id: tenant.staffId('L3'), level: 'L3', orgId: tenant.orgId } },
    });
    const token = reply.body.accessToken;
    expect(await kit.call('GET /auth/me', undefined, { token })).toMatchObject({
      status: 200,
      body: { staff: { level: 'L3' } },
    });
    for (const cookie of reply.headers['set-cookie'] as string[]) {
      expect(cookie).toMatch(/; HttpOnly/);
      expect(cookie).toMatch(/; SameSite=Strict/);
      expect(cookie).toMatch(/; Secure/);
    }
    kit.clock.advance(900_001);
    expect(await kit.call('GET /auth/me', undefined, { token })).toMatchObject({
      status: 401,
      body: { code: 'auth/expired' },
    });
    expect(await kit.call('GET /auth/me', undefined, { token: `${token.slice(0, -3)}AAA` })).toMatchObject({
      status: 401,
      body: { code: 'auth/expired' },
    });
    expect(await kit.call('GET /auth/me')).toMatchObject({ status: 401, body: { code: 'auth/missing' } });
  });

  test('a wrong password, an unknown e-mail and somebody who left are told the same', async () => {
    const wrong = await logIn(EMAIL, 'not the password');
    expect(wrong).toMatchObject({ status: 401, body: { code: 'auth/wrong' } });
    expect((await logIn('nobody@example.com')).body).toEqual(wrong.body);
    expect(await kit.call('POST /auth/login', { email: 'no e-mail', password: 'x' })).toMatchObject({
      status: 422,
      body: { path: 'email' },
    });
  });

  test('a refresh token works once; used again it ends its whole family', async () => {
    const first = (await logIn()).body;
    const second = await kit.call<LoginAnswer>('POST /auth/refresh', { refreshToken: first.refreshToken });
    expect(second).toMatchObject({ status: 200, body: { staff: { level: 'L3' } } });
    const third = await kit.call<LoginAnswer>('POST /auth/refresh', { refreshToken: second.body.refreshToken });
    expect(third.status).toBe(200);
    expect(await kit.call('POST /auth/refresh', { refreshToken: first.refreshToken })).toMatchObject({
      status: 401,
      body: { code: 'auth/token-reused' },
    });
    expect(await kit.call('POST /auth/refresh', { refreshToken: third.body.refreshToken })).toMatchObject({
      status: 401,
      body: { code: 'auth/expired' },
    });
    for (const refreshToken of ['nonsense', 'org1.nonsense']) {
      expect(await kit.call('POST /auth/refresh', { refreshToken })).toMatchObject({
        status: 401,
        body: { code: 'auth/expired' },
      });
    }
    expect(await kit.call('POST /auth/refresh', {})).toMatchObject({ status: 401, body: { code: 'auth/missing' } });
  });

  test('signing out ends the refresh token', async () => {
    const { refreshToken } = (await logIn()).body;
    expect((await kit.call('POST /auth/logout', { refreshToken })).status).toBe(200);
    expect((await kit.call('POST /auth/refresh', { refreshToken })).status).toBe(401);
  });

  test('a write by cookie must come from our own pages; reading need not', async () => {
    const cookie = cookiesOf(await logIn());
    const open = (headers: Record<string, string>) =>
      kit.call(
        'POST /pos/orders',
        { orderId: `c${Math.abs(hash(headers))}`, type: 'takeaway' },
        { headers: { cookie, ...headers } },
      );
    expect((await kit.call('GET /auth/me', undefined, { headers: { cookie } })).status).toBe(200);
    expect(await open({})).toMatchObject({ status: 403, body: { code: 'auth/csrf' } });
    expect(await open({ origin: 'https://evil.example.com' })).toMatchObject({
      status: 403,
      body: { code: 'auth/csrf' },
    });
    expect((await open({ origin: FRONTEND })).status).toBe(201);
    expect((await open({ 'x-chefcloud-screen': '1' })).status).toBe(201);
    expect(await kit.call('POST /auth/refresh', undefined, { headers: { cookie } })).toMatchObject({
      status: 403,
      body: { code: 'auth/csrf' },
    });
    expect((await kit.call('POST /auth/refresh', undefined, { headers: { cookie, origin: FRONTEND } })).status).toBe(
      200,
    );
  });

  test('only the configured origin is allowed across origins', async () => {
    const answer = await kit.call('GET /healthz', undefined, { headers: { origin: 'https://evil.example.com' } });
    expect(answer.headers['access-control-allow-origin']).toBe(FRONTEND);
    expect(answer.headers['access-control-allow-credentials']).toBe('true');
  });

  test('a right that is taken away, and a person who leaves, count at once', async () => {
    const token = await tenant.token('L2');
    const save = async (change: Record<string, unknown>) =>
      kit.call(
        `PUT /staff/${tenant.staffId('L2')}`,
        { name: 'L2', level: 'L2', branchIds: [tenant.branchId], isActive: true, ...change },
        { token: await tenant.token('L5') },
      );
    await save({ level: 'L1' });
    expect(await kit.call('POST /pos/orders', { orderId: 'lost', type: 'takeaway' }, { token })).toMatchObject({
      status: 403,
      body: { code: 'auth/forbidden' },
    });
    await save({ isActive: false });
    expect(await kit.call('GET /auth/me', undefined, { token })).toMatchObject({
      status: 401,
      body: { code: 'auth/expired' },
    });
    await save({});
    expect((await kit.call('GET /auth/me', undefined, { token })).status).toBe(200);
  });

  test('managers give logins to staff up to L3, owners to everybody; an e-mail belongs to one person', async () => {
    const set = async (staff: 'L1' | 'L4', by: 'L4' | 'L5', email: string) =>
      kit.call(
        `PUT /staff/${tenant.staffId(staff)}/login`,
        { email, password: PASSWORD },
        { token: await tenant.token(by) },
      );
    expect(await set('L4', 'L4', 'four@example.com')).toMatchObject({
      status: 403,
      body: { code: 'staff/level-too-high' },
    });
    expect((await set('L4', 'L5', 'four@example.com')).status).toBe(200);
    expect(await set('L1', 'L4', EMAIL)).toMatchObject({ status: 422, body: { code: 'input/invalid', path: 'email' } });
    expect((await set('L1', 'L4', 'one@example.com')).status).toBe(200);
    const nobody = await kit.call(
      'PUT /staff/nobody/login',
      { email: 'n@example.com', password: PASSWORD },
      { token: await tenant.token('L5') },
    );
    expect(nobody).toMatchObject({ status: 404, body: { code: 'staff/not-found' } });
    // The login of the first e-mail still stands: the refused one changed nothing.
    expect((await logIn()).body.staff.id).toBe(tenant.staffId('L3'));
  });

  describe('terminals', () => {
    let till: Till;
    beforeAll(async () => {
      till = await tenant.till();
    });
    const challengeFor = async (deviceId: string): Promise<string> =>
      (await kit.call<{ challenge: string }>('POST /auth/device/challenge', { deviceId })).body.challenge;
    const tokenWith = (challenge: string, signature: string, certificate: string) =>
      kit.call<{ accessToken: string }>('POST /auth/device/token', { challenge, signature, certificate });

    test('prove themselves by their key', async () => {
      const challenge = await challengeFor(till.deviceId);
      const answer = await tokenWith(challenge, till.signature(challenge), till.certificate);
      expect(answer.status).toBe(200);
      const changes = await kit.call('GET /sync/changes', undefined, { token: answer.body.accessToken });
      expect(changes.status).toBe(200);
    });

    test('are refused with another key, certificate, challenge, or too late', async () => {
      const other = await tenant.till();
      const challenge = await challengeFor(till.deviceId);
      const unknown = { status: 401, body: { code: 'device/unknown' } };
      expect(await tokenWith(challenge, other.signature(challenge), till.certificate)).toMatchObject(unknown);
      expect(await tokenWith(challenge, other.signature(challenge), other.certificate)).toMatchObject(unknown);
      expect(
        await tokenWith(challenge, till.signature(challenge), `${till.certificate.slice(0, -3)}AAA`),
      ).toMatchObject(unknown);
      expect(await tokenWith(`${challenge}x`, till.signature(`${challenge}x`), till.certificate)).toMatchObject({
        status: 401,
        body: { code: 'auth/expired' },
      });
      kit.clock.advance(120_001);
      expect(await tokenWith(challenge, till.signature(challenge), till.certificate)).toMatchObject({
        status: 401,
        body: { code: 'auth/expired' },
      });
    });

    test('a terminal that a restored cloud has forgotten is known by its certificate', async () => {
      await kit.database.db.deleteFrom('device').where('id', '=', till.deviceId).execute();
      expect(await till.changes()).toMatchObject({ status: 401, body: { code: 'device/unknown' } });
      const challenge = await challengeFor(till.deviceId);
      expect((await tokenWith(challenge, till.signature(challenge), till.certificate)).status).toBe(200);
      expect((await till.taken(till.sale('again'))).every(({ status }) => status === 'applied')).toBe(true);
    });

    test('a certificate with a key that is not the enrolled one is worth nothing', async () => {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      const certificate = await kit.cloud.ctx.tokens.signCertificate({
        orgId: tenant.orgId,
        branchId: tenant.branchId,
        deviceId: till.deviceId,
        code: 'T1',
        name: 'Till 1',
        publicKey: publicKey.export({ format: 'jwk' }).x ?? '',
      });
      const challenge = await challengeFor(till.deviceId);
      const signature = sign(null, Buffer.from(challenge), privateKey).toString('base64url');
      expect(await tokenWith(challenge, signature, certificate)).toMatchObject({
        status: 401,
        body: { code: 'device/unknown' },
      });
    });

    test('people and terminals do not stand in for each other', async () => {
      expect(await kit.call('GET /sync/changes', undefined, { token: await tenant.token('L5') })).toMatchObject({
        status: 403,
      });
      expect(await kit.call('GET /devices', undefined, { token: await till.token() })).toMatchObject({ status: 403 });
      const other = await kit.organisation();
      expect(
        await kit.call(`POST /devices/${till.deviceId}/revoke`, {}, { token: await other.token('L5') }),
      ).toMatchObject({ status: 404 });
    });
  });
});

function hash(value: unknown): number {
  return [...JSON.stringify(value)].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 7);
}

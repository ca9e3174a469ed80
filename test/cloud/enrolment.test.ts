import { generateKeyPairSync, sign } from 'node:crypto';
import { verify } from '@node-rs/argon2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import type { ChangesPage } from '#shared/contract/sync-wire.ts';
import { EnrolAnswer, SetupAnswer } from '#shared/contract/cloud-wire.ts';
import { CloudKit, type Reply, SETUP_TOKEN } from '../helpers/cloud-kit.ts';
import { engines } from '../helpers/engines.ts';

type Enrolled = z.infer<typeof EnrolAnswer>;
const BRANCH = { name: 'Main', zone: 'Africa/Kampala', dayStartHour: 4, stations: [{ id: 'grill', name: 'Grill' }] };
const OWNER = { name: 'Owner', email: 'Owner@example.com', password: 'a long password', pin: '123456' };
const setupOf = (more: Record<string, unknown> = {}) => ({
  token: SETUP_TOKEN,
  organisation: { name: 'Cafe', currency: 'UGX' },
  branch: BRANCH,
  owner: OWNER,
  ...more,
});
const newKey = () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { publicKey: publicKey.export({ format: 'jwk' }).x ?? '', privateKey };
};

describe.each(engines)('setting up and enrolling on $name', (engine) => {
  let kit: CloudKit;
  let made: z.infer<typeof SetupAnswer>;
  let token: string;
  beforeAll(async () => {
    kit = await CloudKit.open(engine);
    const reply = await kit.call('POST /setup', setupOf());
    expect(reply.status).toBe(201);
    made = SetupAnswer.parse(reply.body);
    const login = await kit.call<{ accessToken: string }>('POST /auth/login', {
      email: 'owner@example.com',
      password: OWNER.password,
    });
    token = login.body.accessToken;
  });
  afterAll(() => kit.close());

  const enrol = (body: Record<string, unknown>): Promise<Reply<Enrolled>> =>
    kit.call<Enrolled>('POST /devices/enrol', { name: 'Till', publicKey: newKey().publicKey, ...body });
  const codeFor = async (branchId?: string): Promise<string> =>
    (await kit.call<{ code: string }>('POST /enrolment-codes', branchId === undefined ? {} : { branchId }, { token }))
      .body.code;

  test('needs the right token, an e-mail nobody has, and an owner PIN of six digits', async () => {
    expect(await kit.call('POST /setup', setupOf({ token: 'wrong' }))).toMatchObject({
      status: 403,
      body: { code: 'setup/closed' },
    });
    expect(await kit.call('POST /setup', setupOf())).toMatchObject({
      status: 422,
      body: { code: 'input/invalid', path: 'owner.email' },
    });
    const shortPin = setupOf({ owner: { ...OWNER, email: 'b@example.com', pin: '1234' } });
    expect(await kit.call('POST /setup', shortPin)).toMatchObject({ status: 422, body: { path: 'owner.pin' } });
    const wrongZone = setupOf({ branch: { ...BRANCH, zone: 'Mars/Base' } });
    expect(await kit.call('POST /setup', wrongZone)).toMatchObject({ status: 422, body: { path: 'branch.zone' } });
    // A refused set-up leaves no half of an organisation.
    const rows = await kit.database.db.selectFrom('entity').select('id').where('kind', '=', 'organisation').execute();
    expect(rows).toEqual([{ id: made.orgId }]);
  });

  test('is closed without a token of the installation', async () => {
    const closed = await CloudKit.open(engine, { setupToken: undefined });
    expect(await closed.call('POST /setup', setupOf({ token: '' }))).toMatchObject({
      status: 403,
      body: { code: 'setup/closed' },
    });
    await closed.close();
  });

  test('a code makes one terminal, which can sign in and finds the PIN of the owner', async () => {
    const key = newKey();
    const reply = await enrol({
      code: made.enrolmentCode.toLowerCase().replace('-', ' '),
      publicKey: key.publicKey,
      name: 'Counter',
    });
    expect(reply).toMatchObject({
      status: 201,
      body: {
        deviceCode: 'T1',
        deviceName: 'Counter',
        organisation: { id: made.orgId },
        branch: { id: made.branchId },
      },
    });
    const { deviceId, certificate, pinPepper } = EnrolAnswer.parse(reply.body);
    const { body } = await kit.call<{ challenge: string }>('POST /auth/device/challenge', { deviceId });
    const signature = sign(null, Buffer.from(body.challenge), key.privateKey).toString('base64url');
    const signedIn = await kit.call<{ accessToken: string }>('POST /auth/device/token', {
      challenge: body.challenge,
      signature,
      certificate,
    });
    expect(signedIn.status).toBe(200);
    const { rows } = (await kit.call<ChangesPage>('GET /sync/changes', undefined, { token: signedIn.body.accessToken }))
      .body;
    const pin = rows.find((row) => row.kind === 'pin')?.body?.['pinHash'] as string;
    expect(await verify(pin, OWNER.pin, { secret: Buffer.from(pinPepper, 'base64url') })).toBe(true);
    expect(await verify(pin, OWNER.pin).catch(() => false)).toBe(false);
    // The answer was lost: the same code and key again give the same terminal; another key does not.
    const again = await enrol({ code: made.enrolmentCode, publicKey: key.publicKey, name: 'Counter' });
    expect(again).toMatchObject({ status: 201, body: { deviceId, deviceCode: 'T1' } });
    expect(await enrol({ code: made.enrolmentCode })).toMatchObject({ status: 422, body: { code: 'device/bad-code' } });
  });

  test('codes run out, and wrong ones say nothing', async () => {
    const code = await codeFor(made.branchId);
    expect(await enrol({ code: 'AAAAA-BBBBB' })).toMatchObject({ status: 422, body: { code: 'device/bad-code' } });
    kit.clock.advance(24 * 3_600_000);
    expect(await enrol({ code })).toMatchObject({ status: 422, body: { code: 'device/bad-code' } });
    kit.clock.advance(-24 * 3_600_000);
    expect(await enrol({ code })).toMatchObject({ status: 201, body: { deviceCode: 'T2' } });
  });

  test('a code of the organisation makes a branch with its manager', async () => {
    const code = await codeFor();
    const manager = { name: 'Mary', email: 'mary@example.com', password: 'another password', pin: '654321' };
    expect(await enrol({ code })).toMatchObject({ status: 422, body: { code: 'input/invalid', path: 'newBranch' } });
    const taken = { ...BRANCH, manager: { ...manager, email: 'owner@example.com' } };
    expect(await enrol({ code, newBranch: taken })).toMatchObject({
      status: 422,
      body: { path: 'newBranch.manager.email' },
    });
    const key = newKey();
    const reply = await enrol({ code, newBranch: { ...BRANCH, name: 'Second', manager }, publicKey: key.publicKey });
    expect(reply).toMatchObject({ status: 201, body: { deviceCode: 'T1', branch: { name: 'Second' } } });
    expect(reply.body.managerId).toBeDefined();
    const again = await enrol({ code, newBranch: { ...BRANCH, name: 'Second', manager }, publicKey: key.publicKey });
    expect(again.body).toMatchObject({ deviceId: reply.body.deviceId, managerId: reply.body.managerId });
    const login = await kit.call<{ accessToken: string }>('POST /auth/login', {
      email: manager.email,
      password: manager.password,
    });
    expect(login).toMatchObject({
      status: 200,
      body: { staff: { id: reply.body.managerId, level: 'L4', branchIds: [reply.body.branch.id] } },
    });
    const asManager = { token: login.body.accessToken };
    expect(await kit.call('POST /enrolment-codes', {}, asManager)).toMatchObject({
      status: 403,
      body: { code: 'auth/forbidden' },
    });
    expect(await kit.call('POST /enrolment-codes', { branchId: made.branchId }, asManager)).toMatchObject({
      status: 403,
      body: { code: 'auth/other-branch' },
    });
    const { body } = await kit.call<{ devices: { id: string; branchId: string }[] }>(
      'GET /devices',
      undefined,
      asManager,
    );
    expect(body.devices.map(({ branchId }) => branchId)).toEqual([reply.body.branch.id]);
    const branchCode = await codeFor(made.branchId);
    expect(await enrol({ code: branchCode, newBranch: { ...BRANCH, manager } })).toMatchObject({
      status: 422,
      body: { path: 'newBranch' },
    });
  });

  test('a command over REST asks for the branch when there is more than one to mean', async () => {
    const open = (id: string, headers: Record<string, string> = {}, query = '') =>
      kit.call(`POST /pos/orders${query}`, { orderId: id, type: 'takeaway' }, { token, headers });
    // The owner works in one branch.
    expect((await open('b1')).status).toBe(201);
    const save = { name: 'Owner', level: 'L5', branchIds: [], isActive: true };
    await kit.call(`PUT /staff/${made.ownerId}`, save, { token, headers: { 'x-branch-id': made.branchId } });
    expect(await open('b2')).toMatchObject({ status: 422, body: { code: 'input/invalid', path: 'x-branch-id' } });
    expect((await open('b2', { 'x-branch-id': made.branchId })).status).toBe(201);
    expect((await open('b3', {}, `?branchId=${made.branchId}`)).status).toBe(201);
    expect(await open('b4', { 'x-branch-id': 'org' })).toMatchObject({
      status: 403,
      body: { code: 'auth/other-branch' },
    });
  });
});

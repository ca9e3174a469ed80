import { join } from 'node:path';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bridgeCalls, type CallInput, type CallOutput } from '#shared/contract/bridge.ts';
import type { CallName } from '#shared/contract/bridge-names.ts';
import type { Level } from '#shared/domain/level.ts';
import { buildIfStale } from '../../scripts/start/build-if-stale.ts';
import { createTestRestaurant, type TestRestaurant } from '../helpers/test-restaurant.ts';
import { bridges, type Connection } from './bridge-connections.ts';

const VAT = { code: 'VAT', ratePpm: 180_000, mode: 'inclusive' } as const;

let restaurant: TestRestaurant;
beforeAll(async () => {
  await buildIfStale(join(import.meta.dirname, '..', '..'));
  restaurant = await createTestRestaurant();
}, 120_000);
afterAll(() => restaurant.close());

describe.each(bridges)('the bridge over $name', (bridge) => {
  let screen: Connection;
  beforeAll(async () => {
    screen = await bridge.connect(restaurant);
  }, 30_000);
  afterAll(() => screen.close());

  /** Calls and reads the answer by the contract: what does not fit its schema fails here. */
  async function call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
    const answer = await screen.call(name, input);
    expect(answer).toMatchObject({ ok: true });
    return bridgeCalls[name].output.parse((answer as { value: unknown }).value) as CallOutput<N>;
  }
  const refusal = async (name: CallName, input: unknown): Promise<{ code: string; path?: string }> => {
    const answer = await screen.call(name, input);
    expect(answer).toMatchObject({ ok: false, error: { message: expect.stringMatching(/\w+/) } });
    return (answer as { error: { code: string; path?: string } }).error;
  };
  const idOf = async (level: Level): Promise<string> => {
    const { staff } = await call('terminal:info', {});
    return staff.find((face) => face.name === restaurant.person(level).name)?.id ?? '';
  };
  const signIn = async (level: Level) =>
    call('session:signIn', { staffId: await idOf(level), pin: restaurant.person(level).pin });

  const openOrder = (orderId: string) => ({ name: 'order.open', input: { orderId, type: 'takeaway' } });
  const add = (orderId: string, lineId: string) => ({
    name: 'order.addLine',
    input: {
      orderId,
      lineId,
      itemId: 'rolex',
      name: 'Rolex',
      quantity: 2,
      unitPriceMinor: 12_000,
      tax: VAT,
      stationId: 'kitchen',
    },
  });

  it('says before anybody has signed in where this is and who may', async () => {
    const info = await call('terminal:info', {});
    expect(info).toMatchObject({
      deviceName: bridge.terminal,
      session: null,
      organisation: { currency: 'UGX' },
      host: bridge.name === 'IPC' ? 'electron' : 'hub',
    });
    expect(info.staff.map((face) => face.level).sort()).toEqual(['L1', 'L2', 'L2', 'L3', 'L4', 'L5']);
    expect(JSON.stringify(info)).not.toContain('argon2');
  });

  it.each([
    'live:snapshot',
    'command:run',
    'shift:drawer',
    'outbox:list',
    'staff:setPin',
    'staff:liftLock',
    'sync:now',
  ] as const)('refuses %s before anybody has signed in', async (name) => {
    expect((await refusal(name, {})).code).toBe('auth/missing');
  });

  it('refuses a wrong PIN and an input that does not fit, naming the field', async () => {
    expect((await refusal('session:signIn', { staffId: await idOf('L2'), pin: '9999' })).code).toBe('auth/wrong-pin');
    expect(await refusal('session:signIn', { staffId: 'staff-amina' })).toMatchObject({
      code: 'input/invalid',
      path: 'pin',
    });
  });

  it('signs in, tells its screen so, and shows everything but PINs and figures', async () => {
    const session = await signIn('L2');
    expect(session).toMatchObject({ name: restaurant.person('L2').name, level: 'L2' });
    await screen.heard('session:changed', ({ session: heard }) => (heard as { level: string } | null)?.level === 'L2');
    const snapshot = await call('live:snapshot', {});
    const kinds = new Set(snapshot.rows.map((row) => row.kind));
    expect([kinds.has('menuItem'), kinds.has('table'), kinds.has('pin')]).toEqual([true, true, false]);
    expect(snapshot.kpis).toBeNull();
  });

  it('runs commands together or not at all', async () => {
    const orderId = ulid();
    const { results, rows } = await call('command:run', { commands: [openOrder(orderId), add(orderId, 'a')] });
    expect(results).toHaveLength(2);
    const order = rows.find((row) => row.id === orderId)?.body;
    expect(order).toMatchObject({
      status: 'open',
      number: expect.stringMatching(/\S/),
      lines: [{ id: 'a', quantity: 2 }],
    });
    await screen.heard('live:rows', ({ rows: heard }) => (heard as { id: string }[]).some((row) => row.id === orderId));

    const never = ulid();
    const doubled = await refusal('command:run', { commands: [openOrder(never), add(never, 'a'), add(never, 'a')] });
    expect(doubled.code).toBe('order/line-exists');
    const { rows: after } = await call('live:snapshot', {});
    expect([after.some((row) => row.id === orderId), after.some((row) => row.id === never)]).toEqual([true, false]);
  });

  it('asks for a right, and takes the PIN of somebody who has it', async () => {
    const orderId = ulid();
    await call('command:run', {
      commands: [openOrder(orderId), add(orderId, 'a'), { name: 'order.send', input: { orderId, lineIds: ['a'] } }],
    });
    const commands = [{ name: 'order.voidLine', input: { orderId, lineId: 'a', reason: 'Dropped' } }];
    expect((await refusal('command:run', { commands })).code).toBe('auth/forbidden');
    const staffId = (await idOf('L3')) as never;
    expect((await refusal('command:run', { commands, approval: { staffId, pin: '0000' } })).code).toBe(
      'auth/wrong-pin',
    );
    const { results } = await call('command:run', {
      commands,
      approval: { staffId, pin: restaurant.person('L3').pin },
    });
    expect(results[0]?.flags).toEqual(['void-after-send']);
  });

  it('tells what waits, what is refused, and what the cloud has', async () => {
    const newest = async () => (await call('outbox:list', { filter: 'recent', limit: 5 })).items[0];
    await expect
      .poll(newest, { timeout: 10_000 })
      .toMatchObject({ name: 'order.voidLine', status: 'SUCCESS', lastError: null });
    expect((await newest())?.endpoint).toMatch(/^POST \/pos\/orders\/\w+\/lines\/a\/void$/);
    await screen.heard('live:status', ({ link, waiting }) => link === 'online' && waiting === 0);
    expect(await call('outbox:list', { filter: 'waiting', limit: 5 })).toEqual({ items: [], total: 0 });
    expect((await refusal('outbox:list', { filter: 'all', limit: 5 })).code).toBe('input/invalid');
  });

  it('gives the figures to a manager, live', async () => {
    await signIn('L4');
    const { rows } = await call('live:snapshot', {});
    const open = rows.filter((row) => row.kind === 'order' && row.body?.['status'] === 'open').length;
    expect(open).toBeGreaterThan(0);
    const figures = async () => (await call('live:snapshot', {})).kpis;
    await expect
      .poll(figures, { timeout: 10_000 })
      .toMatchObject({ source: 'cloud', kpis: { openOrders: open, anomaliesToday: expect.any(Number) } });
    await call('command:run', { commands: [openOrder(ulid())] });
    const heard = await screen.heard(
      'live:kpis',
      ({ kpis }) => (kpis as { openOrders: number }).openOrders === open + 1,
    );
    expect(heard).toMatchObject({ source: 'cloud' });
  });

  it('locks a person out after five wrong PINs, and a supervisor lifts it', async () => {
    const staffId = (await idOf('L1')) as never;
    for (let tries = 0; tries < 5; tries += 1) await refusal('session:signIn', { staffId, pin: '9999' });
    expect((await refusal('session:signIn', { staffId, pin: restaurant.person('L1').pin })).code).toBe('auth/locked');
    const { staff } = await call('terminal:info', {});
    expect(Date.parse(staff.find((face) => face.id === staffId)?.lockedUntilAt ?? '')).toBeGreaterThan(
      Date.now() + 30_000,
    );
    await signIn('L3');
    await call('staff:liftLock', { staffId });
    expect(await call('session:signIn', { staffId, pin: restaurant.person('L1').pin })).toMatchObject({ level: 'L1' });
  });

  it('keeps the levels: the kitchen opens no order and lists no outbox', async () => {
    expect((await refusal('command:run', { commands: [openOrder(ulid())] })).code).toBe('auth/forbidden');
    expect((await refusal('outbox:list', { filter: 'recent', limit: 5 })).code).toBe('auth/forbidden');
  });

  it('is locked by its own call', async () => {
    await call('session:lock', {});
    await screen.heard('session:changed', ({ session }) => session === null);
    expect((await call('terminal:info', {})).session).toBeNull();
    expect((await refusal('live:snapshot', {})).code).toBe('auth/missing');
  });
});

import { describe, expect, test } from 'vitest';
import type { CallInput, PathReport, SyncStatus } from '#shared/contract/bridge.ts';
import type { PushRequest } from '#shared/contract/sync-wire.ts';
import { put } from '#shared/domain/entity.ts';
import type { Level } from '#shared/domain/level.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { createLinkState } from '../../../src-main/sync/link-state.ts';
import { startReplicator } from '../../../src-main/sync/replicator.ts';
import type { SyncStore } from '../../../src-main/sync/sync-store.ts';
import { CloudDouble, DEVICE, pinOf, type SeenRequest } from '../../helpers/cloud-double.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { quiet, TestTerminal } from '../../helpers/test-terminal.ts';
import { staffOf } from '../../helpers/world.ts';

async function screenOf(till: TestTerminal, level: Level) {
  const paths: PathReport[] = [];
  const screen = till.terminal.openScreen({
    onEvent: (name, payload) => name === 'sync:path' && void paths.push(payload as PathReport),
  });
  await till.terminal.handleCall(screen, 'session:signIn', { staffId: staffOf(level).id, pin: pinOf(level) });
  return {
    paths,
    run: (input: CallInput<'command:run'>) => till.terminal.handleCall(screen, 'command:run', input),
    refusals: async () => (await till.terminal.handleCall(screen, 'refusals:list', { limit: 10 })).items,
    history: async () => (await till.terminal.handleCall(screen, 'tasks:history', { limit: 10 })).tasks,
    terminals: () => till.terminal.handleCall(screen, 'sync:terminals', {}),
    testPath: () => till.terminal.handleCall(screen, 'sync:testPath', {}),
  };
}

const approval = { staffId: staffOf('L4').id, pin: pinOf('L4') };

/** A terminal with a stock adjustment that the cloud refused: the supervisor's right had been taken away meanwhile. */
async function withRefusal(): Promise<{ till: TestTerminal; commandId: string }> {
  const till = await TestTerminal.create();
  const input = { stockItemId: 'flour', deltaMilli: -500, reason: 'baked' };
  till.cloud.write([put('staff', { ...staffOf('L3'), level: 'L1' })]);
  const commandId = till.run('stock.adjust', input, 'L3').results[0]?.commandId ?? '';
  await quiet();
  expect(till.terminal.status()).toMatchObject({ refused: 1, waiting: 0 });
  return { till, commandId };
}
const isPush = ({ path }: SeenRequest): boolean => path === '/sync/push';

describe('a refused command', () => {
  test('stands in the list with who, what and why', async () => {
    const { till, commandId } = await withRefusal();
    expect(await (await screenOf(till, 'L2')).refusals()).toMatchObject([
      {
        commandId,
        isOwn: true,
        name: 'stock.adjust',
        actorId: 'staff-L3',
        error: { code: 'auth/forbidden', message: expect.stringContaining('level L3') as string },
        input: { stockItemId: 'flour', deltaMilli: -500, reason: 'baked' },
      },
    ]);
  });

  test('tried again, it is a new command of the person who decides; the old one is done with and stays in the history', async () => {
    const { till, commandId } = await withRefusal();
    const screen = await screenOf(till, 'L4');
    const before = till.terminal.find('stockItem', 'flour')?.onHandMilli ?? 0;
    const [refusal] = await screen.refusals();
    const { results } = await screen.run({
      commands: [
        { name: 'stock.adjust', input: refusal?.input ?? {} },
        { name: 'refusal.decide', input: { commandId, deviceId: DEVICE, decision: 'retry' } },
      ],
    });
    expect(till.terminal.find('stockItem', 'flour')?.onHandMilli).toBe(before - 500);
    expect(results[0]?.commandId).not.toBe(commandId);
    expect(await screen.refusals()).toEqual([]);
    expect(till.terminal.status().refused).toBe(0);
    await till.pass(1_000);
    const newCommandId = results[0]?.commandId;
    const resolved = { decision: 'retry', by: 'staff-L4', on: DEVICE, newCommandId };
    expect(till.cloud.find('anomaly', `${commandId}.command-refused`)).toMatchObject({ resolved });
    expect(await screen.history()).toMatchObject([{ code: 'command-refused', commandId, resolved }]);
  });

  test('tried again in vain nothing is decided, and tried again after a decision neither', async () => {
    const { till, commandId } = await withRefusal();
    const screen = await screenOf(till, 'L4');
    const decide = { name: 'refusal.decide', input: { commandId, deviceId: DEVICE, decision: 'fix' } };
    const adjust = (stockItemId: string) => ({
      name: 'stock.adjust',
      input: { stockItemId, deltaMilli: -1, reason: 'r' },
    });
    await expect(screen.run({ commands: [adjust('gone'), decide] })).rejects.toMatchObject({ code: 'stock/not-found' });
    expect(till.terminal.status().refused).toBe(1);
    await screen.run({ commands: [adjust('flour'), decide] });
    const after = till.terminal.find('stockItem', 'flour')?.onHandMilli;
    await expect(screen.run({ commands: [adjust('flour'), decide] })).rejects.toMatchObject({
      code: 'refusal/decided',
    });
    expect(till.terminal.find('stockItem', 'flour')?.onHandMilli).toBe(after);
  });

  test('is discarded only with a PIN of level 4 and a reason, whoever is signed in', async () => {
    const { till, commandId } = await withRefusal();
    const discard = (reason?: string) => [
      {
        name: 'refusal.decide',
        input: { commandId, deviceId: DEVICE, decision: 'discard', ...(reason === undefined ? {} : { reason }) },
      },
    ];
    const [cashier, manager] = [await screenOf(till, 'L2'), await screenOf(till, 'L4')];
    await expect(manager.run({ commands: discard('twice') })).rejects.toMatchObject({ code: 'auth/pin-needed' });
    await expect(manager.run({ commands: discard(), approval })).rejects.toMatchObject({ path: 'reason' });
    const low = { staffId: staffOf('L3').id, pin: pinOf('L3') };
    await expect(cashier.run({ commands: discard('twice'), approval: low })).rejects.toMatchObject({
      code: 'auth/forbidden',
    });
    expect(till.terminal.status().refused).toBe(1);
    await cashier.run({ commands: discard('twice'), approval });
    expect(till.terminal.status().refused).toBe(0);
    await till.pass(1_000);
    expect(till.cloud.find('anomaly', `${commandId}.command-refused`)?.resolved).toMatchObject({
      decision: 'discard',
      note: 'twice',
      by: 'staff-L2',
      approvedBy: 'staff-L4',
    });
  });
});

describe('open tasks', () => {
  test('are in the snapshot whatever their day, until somebody has seen to them', async () => {
    const till = await TestTerminal.create();
    till.run('order.close', { orderId: 'unknown' });
    const task = till.terminal.list('anomaly')[0];
    await till.pass(3 * 86_400_000);
    expect(till.terminal.status().tasks).toBe(1);
    const screen = till.terminal.openScreen({ onEvent: () => undefined });
    await till.terminal.handleCall(screen, 'session:signIn', { staffId: staffOf('L3').id, pin: pinOf('L3') });
    const tasks = async () =>
      (await till.terminal.handleCall(screen, 'live:snapshot', {})).rows.filter(({ kind }) => kind === 'anomaly');
    expect(await tasks()).toMatchObject([{ body: { code: 'order-unknown' } }]);
    till.run('anomaly.resolve', { anomalyId: task?.id, note: 'asked' }, 'L3');
    expect(till.terminal.status().tasks).toBe(0);
    expect(await tasks()).toEqual([]);
  });
});

const wire = (status: number, code: string) => Response.json({ code, message: `${code}.` }, { status });
const retry = (code: string) => (request: SeenRequest) =>
  Response.json({
    outcomes: ((request.body as PushRequest).entries as { seq: number; id: string }[]).map(({ seq, id }) => ({
      seq,
      id,
      status: 'retry',
      flags: [],
      error: { code, message: `${code}.` },
    })),
    watermark: 0,
    lamport: 0,
    serverAt: '2026-03-02T12:00:00.000Z',
  });

describe('no queue stands still without a name for it', () => {
  const cases: [what: string, cause: string | undefined, answer: (request: SeenRequest) => Response | Error][] = [
    ['the network is cut', undefined, () => new Error('cut')],
    ['what is sent is lost, although the cloud answers other questions', 'failing', () => new Error('cut')],
    ['the sign-in is refused (401)', 'refused', () => wire(401, 'auth/expired')],
    ['the terminal is switched off (403)', 'refused', () => wire(403, 'device/revoked')],
    ['the cloud is too old for a command', 'upgrade', retry('command/unknown')],
    ['the cloud is too new for this terminal (426)', 'upgrade', () => wire(426, 'internal')],
    ['the cloud asks to wait (429)', 'busy', () => wire(429, 'rate/limited')],
    ['the cloud is overloaded (503)', 'busy', () => wire(503, 'server/busy')],
    ['the cloud is busy with each entry', 'busy', retry('server/busy')],
    ['the cloud fails at it again and again (500)', 'failing', () => wire(500, 'internal')],
    ['an entry is too large for the way (413)', 'failing', () => wire(413, 'input/too-large')],
    ['the request is not what the cloud takes (422)', 'failing', () => wire(422, 'input/invalid')],
    ['something else answers in its place', 'failing', () => new Response('<html>Welcome to this Wi-Fi</html>')],
    [
      'the cloud answers and says nothing',
      'failing',
      () => retry('x')({ method: '', path: '', body: { entries: [] } }),
    ],
    [
      'the cloud asks for earlier entries for ever',
      'failing',
      () => Response.json({ code: 'sync/gap', message: 'Gap. Expected: 1.', expectedSeq: 1 }, { status: 409 }),
    ],
  ];
  test.each(cases)('%s', async (_what, cause, answer) => {
    const till = await TestTerminal.create();
    till.cloud.intercept = (request) => (isPush(request) || cause === undefined ? answer(request) : undefined);
    till.openOrder();
    await quiet();
    await till.pass(1_500);
    const status = till.terminal.status();
    expect(status.waiting).toBe(2);
    expect([status.link, status.hold?.cause]).toEqual([cause === undefined ? 'offline' : 'online', cause]);
    expect(status.trouble === null).toBe(cause === undefined);
    till.cloud.intercept = undefined;
    for (let tries = 0; till.terminal.status().waiting > 0 && tries < 10; tries += 1) await till.pass(61_000);
    expect(till.terminal.status()).toMatchObject({ waiting: 0, trouble: null });
    expect(till.terminal.status().hold).toBeUndefined();
  });

  test('the first pull fails again and again, so that nothing is sent', async () => {
    const cloud = new CloudDouble();
    const till = await TestTerminal.create({ isOffline: true, cloud });
    till.openOrder();
    cloud.intercept = ({ path }) => (path.startsWith('/sync/changes') ? wire(500, 'internal') : undefined);
    await till.terminal.start();
    await quiet();
    expect(till.terminal.status()).toMatchObject({ link: 'online', waiting: 2, hold: { cause: 'failing' } });
    cloud.intercept = undefined;
    await till.pass(61_000);
    expect(till.terminal.status()).toMatchObject({ waiting: 0, trouble: null });
  });

  test('a terminal that is switched off says so although nothing waits', async () => {
    const till = await TestTerminal.create();
    till.cloud.intercept = ({ path }) => (path.startsWith('/sync') ? wire(403, 'device/revoked') : undefined);
    await till.pass(21_000);
    expect(till.terminal.status()).toMatchObject({
      waiting: 0,
      hold: { cause: 'refused' },
      trouble: 'device/revoked.',
    });
  });

  test('a disk that takes nothing: the queue says so and goes on when there is room', async () => {
    const clock = new FakeClock();
    const link = createLinkState(clock, undefined, () => undefined);
    let isFull = true;
    const store = {
      deviceId: DEVICE,
      incarnation: () => 'a1b2c3d4',
      waiting: () => ({ count: 1, oldestAt: null }),
      unarrived: () => 0,
      takeBatch: () => {
        if (isFull) throw new AppError('store/full');
        return isSent ? undefined : { incarnation: 'a1b2c3d4', entries: [{ seq: 1 }] };
      },
      applyOutcomes: () => {
        isSent = true;
        return { retry: undefined, applied: 1 };
      },
    } as unknown as SyncStore;
    let isSent = false;
    const answer = { outcomes: [], watermark: 1, lamport: 1, serverAt: '2026-03-02T12:00:00.000Z' };
    const client = { send: () => Promise.resolve(answer as never) };
    const log = (): void => undefined;
    const queue = startReplicator({
      store,
      client,
      clock,
      link,
      log,
      random: () => 0.5,
      onProgress: log,
      onLost: log,
    });
    queue.wake();
    await quiet();
    expect(link.hold).toMatchObject({ cause: 'disk', text: new AppError('store/full').message });
    isFull = false;
    clock.advance(10_000);
    await quiet();
    expect(isSent).toBe(true);
    expect(link.hold).toBeUndefined();
    await queue.stop();
  });

  test('a clock that is off is known from the next answer', async () => {
    const till = await TestTerminal.create();
    await till.pass(3 * 3_600_000);
    await till.pass(21_000);
    const status: SyncStatus = till.terminal.status();
    expect(status.clockOffsetMs).toBeGreaterThan(3 * 3_600_000 - 1_000);
  });
});

describe('a terminal with nothing to send', () => {
  const beats = (till: TestTerminal) =>
    till.cloud.sent('/sync/push').filter(({ body }) => (body as PushRequest).entries.length === 0).length;

  test('says every 20 s that it is there, and not while it sells', async () => {
    const till = await TestTerminal.create();
    await till.pass(20_000);
    await till.pass(20_000);
    expect(beats(till)).toBe(2);
    for (let n = 0; n < 5; n += 1) {
      till.openOrder();
      await till.pass(15_000);
    }
    expect(beats(till)).toBe(2);
    expect(till.terminal.status()).toMatchObject({ waiting: 0 });
  });
});

describe('the test of the whole path', () => {
  const states = (report: PathReport) => Object.fromEntries(report.steps.map(({ step, state }) => [step, state]));

  test('is green from the disk to the clock, and comes back by the stream', async () => {
    const cloud = new CloudDouble();
    cloud.hasStream = true;
    const till = await TestTerminal.create({ cloud });
    const screen = await screenOf(till, 'L2');
    const report = await screen.testPath();
    expect(new Set(Object.values(states(report)))).toEqual(new Set(['ok']));
    expect(report).toMatchObject({ isDone: true, clockOffsetMs: 0 });
    expect(report.steps.every(({ ms }) => ms !== null)).toBe(true);
    expect(screen.paths.length).toBeGreaterThan(report.steps.length);
    expect(till.cloud.sent('/auth/device/token').length).toBe(3);
    expect(till.terminal.backlog().waiting).toBe(0);
  });

  test('offline it ends at the network, and the disk is proven all the same', async () => {
    const till = await TestTerminal.create();
    till.cloud.isDown = true;
    const report = await (await screenOf(till, 'L2')).testPath();
    expect(states(report)).toEqual({
      store: 'ok',
      network: 'failed',
      signIn: 'skipped',
      push: 'skipped',
      database: 'skipped',
      stream: 'skipped',
      clock: 'skipped',
    });
  });

  test('a terminal that was switched off ends at the sign-in with the cloud’s words', async () => {
    const till = await TestTerminal.create();
    till.cloud.intercept = ({ path }) => (path === '/auth/device/challenge' ? wire(403, 'device/revoked') : undefined);
    const report = await (await screenOf(till, 'L2')).testPath();
    expect(report.steps[2]).toMatchObject({ step: 'signIn', state: 'failed', error: { code: 'device/revoked' } });
    expect(report.steps[3]).toMatchObject({ state: 'skipped' });
  });

  test('a stream that brings nothing is red, a pull does not hide it; a wrong clock is red', async () => {
    const till = await TestTerminal.create();
    till.clock.advance(-600_000);
    const running = (await screenOf(till, 'L2')).testPath();
    await quiet();
    await till.pass(11_000);
    const report = await running;
    expect(states(report)).toMatchObject({ database: 'ok', stream: 'failed', clock: 'failed' });
    expect(report.steps.at(-1)?.error).toMatchObject({ code: 'device/clock-off' });
  });
});

describe('what a switched-off terminal has sent', () => {
  const held = (seq: number, status = 'held') => ({
    deviceId: 'old-tablet',
    branchId: 'branch1',
    incarnation: 'a1b2c3d4',
    seq,
    id: `c${seq}`,
    receivedAt: `2026-03-02T12:00:0${seq}.000Z`,
    status,
    decidedBy: null,
    decidedAt: null,
    entry: JSON.stringify({ body: JSON.stringify({ name: 'order.open', at: 'then', actorId: 'staff-L2' }) }),
  });
  const desk = async (till: TestTerminal, level: Level) => {
    const screen = till.terminal.openScreen({ onEvent: () => undefined });
    await till.terminal.handleCall(screen, 'session:signIn', { staffId: staffOf(level).id, pin: pinOf(level) });
    return screen;
  };

  test('is listed for a manager, newest first, without what was decided', async () => {
    const till = await TestTerminal.create();
    till.cloud.quarantine = [held(1), held(2), held(3, 'left')];
    const { terminals } = await till.terminal.handleCall(await desk(till, 'L4'), 'quarantine:list', {});
    expect(terminals).toMatchObject([
      { deviceId: 'old-tablet', count: 2, lastAt: '2026-03-02T12:00:02.000Z', entries: [{ name: 'order.open' }, {}] },
    ]);
    till.cloud.isDown = true;
    expect(await till.terminal.handleCall(await desk(till, 'L4'), 'quarantine:list', {})).toEqual({
      terminals: [],
      isKnown: false,
    });
  });

  test('is accepted in the name of whoever typed the PIN, and not without it', async () => {
    const till = await TestTerminal.create();
    const what = { deviceId: 'old-tablet', decision: 'accept' };
    const decide = async (pin: string) =>
      till.terminal.handleCall(await desk(till, 'L4'), 'quarantine:decide', {
        ...what,
        approval: { staffId: staffOf('L5').id, pin },
      });
    await expect(decide('000000')).rejects.toMatchObject({ code: 'auth/wrong-pin' });
    expect(till.cloud.sent('/sync/quarantine/')).toEqual([]);
    expect(await decide(pinOf('L5'))).toMatchObject({ accepted: 1 });
    expect(till.cloud.sent('/sync/quarantine/old-tablet/accept')).toMatchObject([{ body: { actorId: 'staff-L5' } }]);
  });
});

import { describe, expect, test } from 'vitest';
import { bridgeCalls, bridgeEvents, type LiveRow } from '#shared/contract/bridge.ts';
import { CALL_NAMES, type CallName, type EventName } from '#shared/contract/bridge-names.ts';
import { hasLevel, type Level } from '#shared/domain/level.ts';
import type { Screen } from '../../../src-main/core/terminal.ts';
import { pinOf } from '../../helpers/cloud-double.ts';
import { quiet, TestTerminal } from '../../helpers/test-terminal.ts';
import { LEVELS, staffOf } from '../../helpers/world.ts';

class TestScreen {
  readonly events: { name: EventName; payload: unknown }[] = [];
  readonly screen: Screen;
  readonly #till: TestTerminal;
  constructor(till: TestTerminal) {
    this.#till = till;
    this.screen = till.terminal.openScreen({ onEvent: (name, payload) => this.events.push({ name, payload }) });
  }
  static async of(till: TestTerminal, level?: Level): Promise<TestScreen> {
    const made = new TestScreen(till);
    if (level !== undefined) await made.call('session:signIn', { staffId: staffOf(level).id, pin: pinOf(level) });
    return made;
  }
  call<N extends CallName>(name: N, input: unknown) {
    return this.#till.terminal.handleCall(this.screen, name, input);
  }
  rows(): LiveRow[] {
    return this.events
      .filter(({ name }) => name === 'live:rows')
      .flatMap(({ payload }) => (payload as { rows: LiveRow[] }).rows);
  }
}

/** An input that fits each call; whether it does anything is not the question here. */
const INPUTS: Record<CallName, unknown> = {
  'terminal:info': {},
  'session:signIn': { staffId: 'staff-L1', pin: pinOf('L1') },
  'session:lock': {},
  'live:snapshot': {},
  'command:run': { commands: [{ name: 'menu.set86', input: { itemId: 'burger', is86: true } }] },
  'shift:drawer': { shiftId: 'shift-1' },
  'outbox:list': { filter: 'recent', limit: 10 },
  'staff:setPin': { staffId: 'staff-L1', pin: '123456' },
  'staff:liftLock': { staffId: 'staff-L1' },
  'sync:now': {},
  'sync:terminals': {},
  'sync:testPath': {},
  'refusals:list': { limit: 10 },
  'tasks:history': { limit: 10 },
  'quarantine:list': {},
  'quarantine:decide': {
    deviceId: 'old',
    decision: 'leave',
    approval: { staffId: 'staff-L4', pin: pinOf('L4') },
  },
};

describe('every call of the bridge × every level', () => {
  test.each(CALL_NAMES)('%s', async (name) => {
    const till = await TestTerminal.create({ isOffline: true });
    till.run('shift.open', { shiftId: 'shift-1', floatMinor: 0 });
    const { needs, output } = bridgeCalls[name];
    for (const level of [undefined, ...LEVELS]) {
      const screen = await TestScreen.of(till, level);
      const isAllowed = needs === 'anybody' || (level !== undefined && hasLevel(level, needs));
      const expected = isAllowed ? 'answer that fits' : level === undefined ? 'auth/missing' : 'auth/forbidden';
      const outcome = await screen.call(name, INPUTS[name]).then(
        (answer) => (output.safeParse(answer).success ? 'answer that fits' : 'answer that does not fit'),
        (error: { code: string }) => error.code,
      );
      expect({ level, outcome }).toEqual({ level, outcome: expected });
    }
  });

  test('an input that does not fit names the field; a name that is no call is not one', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const screen = await TestScreen.of(till, 'L2');
    await expect(screen.call('outbox:list', { filter: 'all', limit: 1 })).rejects.toMatchObject({
      code: 'input/invalid',
      path: 'filter',
    });
    await expect(screen.call('constructor' as CallName, {})).rejects.toMatchObject({ code: 'route/unknown' });
    await expect(screen.call('command:run', { commands: [{ name: 'order.nope', input: {} }] })).rejects.toMatchObject({
      path: 'commands.0.name',
    });
    const pinHash = '$argon2id$mine';
    await expect(
      screen.call('command:run', { commands: [{ name: 'staff.setPin', input: { staffId: 'staff-L1', pinHash } }] }),
    ).rejects.toMatchObject({ code: 'input/invalid' });
  });

  test('a screen that was closed has no session any more', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const screen = await TestScreen.of(till, 'L5');
    screen.screen.close();
    await expect(screen.call('live:snapshot', {})).rejects.toMatchObject({ code: 'auth/missing' });
  });

  test('nothing is possible on a folder that was never enrolled, and it says so', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const { createTerminal } = await import('../../../src-main/core/terminal.ts');
    const { testFolder } = await import('../../helpers/test-terminal.ts');
    const fresh = createTerminal({
      dataDir: testFolder(),
      clock: till.clock,
      host: 'hub',
      version: '0',
      log: () => {},
    });
    const screen = fresh.openScreen({ onEvent: () => {} });
    await expect(fresh.handleCall(screen, 'terminal:info', {})).rejects.toMatchObject({ code: 'device/unknown' });
    await fresh.close();
  });
});

describe('approvals', () => {
  test('somebody with the right types their PIN for one call', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const orderId = till.openOrder();
    const lineId = till.terminal.find('order', orderId)?.lines[0]?.id ?? '';
    till.run('order.send', { orderId, lineIds: [lineId] });
    const screen = await TestScreen.of(till, 'L2');
    const voidIt = (approval?: { staffId: string; pin: string }) =>
      screen.call('command:run', {
        commands: [{ name: 'order.voidLine', input: { orderId, lineId, reason: 'wrong' } }],
        ...(approval && { approval }),
      });
    await expect(voidIt()).rejects.toMatchObject({ code: 'auth/forbidden' });
    await expect(voidIt({ staffId: 'staff-L1', pin: pinOf('L1') })).rejects.toMatchObject({ code: 'auth/forbidden' });
    await expect(voidIt({ staffId: 'staff-L3', pin: '000000' })).rejects.toMatchObject({ code: 'auth/wrong-pin' });
    const answer = await voidIt({ staffId: 'staff-L3', pin: pinOf('L3') });
    expect(answer.results[0]?.flags).toEqual(['void-after-send']);
    expect(till.terminal.find('order', orderId)?.lines[0]?.void).toMatchObject({
      by: 'staff-L2',
      approvedBy: 'staff-L3',
    });
    // An anomaly is not shown to those below L3, not even in the answer that made it.
    expect(answer.rows.map((row) => row.kind)).toEqual(['order', 'ticket']);
    expect(screen.screen.session?.level).toBe('L2');
  });
});

describe('what a screen sees', () => {
  test('the snapshot fits its schema, knows no PIN and no former rights, and anomalies only from L3', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    till.run('staff.save', {
      staffId: 'staff-L1',
      name: 'Renamed',
      level: 'L2',
      branchIds: ['branch1'],
      isActive: true,
    });
    const shiftId = 'shift-1';
    till.run('shift.open', { shiftId, floatMinor: 0 });
    till.run('shift.noSale', { shiftId, reason: 'change' });
    const orderId = till.openOrder();
    for (const level of LEVELS) {
      const screen = await TestScreen.of(till, level);
      const snapshot = await screen.call('live:snapshot', {});
      const kinds = new Set(snapshot.rows.map((row) => row.kind));
      expect(kinds.has('pin')).toBe(false);
      expect(kinds.has('anomaly')).toBe(hasLevel(level, 'L3'));
      expect(snapshot.kpis === null).toBe(!hasLevel(level, 'L4'));
      expect(snapshot.rows.find((row) => row.kind === 'order')?.id).toBe(orderId);
      expect(snapshot.rows.find((row) => row.id === 'staff-L1')?.body).not.toHaveProperty('formerRights');
    }
  });

  test('every commit is told to those who are signed in, with a growing revision', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const [cashier, nobody] = [await TestScreen.of(till, 'L2'), await TestScreen.of(till)];
    const { revision: at = 0 } = await cashier.call('live:snapshot', {});
    const answer = await cashier.call('command:run', {
      commands: [{ name: 'order.open', input: { orderId: 'o1', type: 'takeaway' } }],
    });
    expect(answer.revision).toBeGreaterThan(at);
    expect(cashier.rows()).toMatchObject([{ kind: 'order', id: 'o1', body: { status: 'open' } }]);
    expect(nobody.rows()).toEqual([]);
    for (const { name, payload } of cashier.events) expect(bridgeEvents[name].safeParse(payload).error).toBeUndefined();
  });

  test("another terminal's rows reach the screens when they have been pulled", async () => {
    const till = await TestTerminal.create();
    const screen = await TestScreen.of(till, 'L3');
    till.cloud.runElsewhere('order.open', { orderId: 'elsewhere', type: 'takeaway' });
    await till.pass(10_000);
    expect(screen.rows()).toMatchObject([{ kind: 'order', id: 'elsewhere' }]);
  });

  test('the pill is told when it changes: waiting, offline, back', async () => {
    const till = await TestTerminal.create();
    const screen = await TestScreen.of(till, 'L2');
    const statuses = () =>
      screen.events
        .filter(({ name }) => name === 'live:status')
        .map(({ payload }) => payload as { link: string; waiting: number });
    till.cloud.isDown = true;
    till.openOrder();
    await till.pass(5_000);
    expect(statuses().at(-1)).toMatchObject({ link: 'offline', waiting: 2 });
    till.cloud.isDown = false;
    await till.pass(5_000);
    await till.pass(5_000);
    expect(statuses().at(-1)).toMatchObject({ link: 'online', waiting: 0 });
  });

  test('figures: the terminal’s own while the cloud is silent, and only for L4 and above', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const [manager, cashier] = [await TestScreen.of(till, 'L4'), await TestScreen.of(till, 'L2')];
    const orderId = till.openOrder();
    till.pay(orderId);
    till.run('order.close', { orderId });
    till.run('stock.adjust', { stockItemId: 'flour', deltaMilli: -4500, reason: 'baked' });
    await till.pass(1_000);
    const figures = manager.events.filter(({ name }) => name === 'live:kpis');
    expect(figures.at(-1)?.payload).toMatchObject({
      source: 'terminal',
      kpis: { salesToday: 1295, salesMTD: 1295, paymentsMomo: 1295, paymentsCash: 0, openOrders: 0, stockAtRisk: 1 },
    });
    expect(cashier.events.some(({ name }) => name === 'live:kpis')).toBe(false);
  });

  test('the list of what waits and what was refused is for people', async () => {
    const till = await TestTerminal.create();
    const orderId = till.openOrder();
    await till.pass(10_000);
    till.cloud.intercept = ({ path }) => (path.startsWith('/sync/changes') ? new Error('cut') : undefined);
    till.cloud.runElsewhere('order.send', { orderId, lineIds: ['line-2'] });
    till.run('order.removeLine', { orderId, lineId: 'line-2' });
    await quiet();
    const screen = await TestScreen.of(till, 'L2');
    expect(await screen.call('refusals:list', { limit: 10 })).toMatchObject({
      total: 1,
      items: [{ name: 'order.removeLine', isOwn: true, error: { code: 'order/line-sent' }, order: { id: orderId } }],
    });
    till.cloud.isDown = true;
    till.addLine(orderId);
    await till.pass(3_000);
    const waiting = await screen.call('outbox:list', { filter: 'waiting', limit: 10 });
    expect(waiting.total).toBe(1);
    expect(waiting.items[0]).toMatchObject({ status: 'PENDING', endpoint: `POST /pos/orders/${orderId}/lines` });
    expect(waiting.items[0]?.attempts).toBeGreaterThan(0);
  });
});

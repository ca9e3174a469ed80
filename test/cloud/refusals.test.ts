import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EchoAnswer } from '#shared/contract/sync-wire.ts';
import type { KpiStatus } from '#shared/contract/cloud-wire.ts';
import { burger, CloudKit, type Tenant, type Till } from '../helpers/cloud-kit.ts';
import { engines } from '../helpers/engines.ts';

describe.each(engines)('what the cloud refuses, on $name', (engine) => {
  let kit: CloudKit;
  let tenant: Tenant;
  let till: Till;
  beforeAll(async () => {
    kit = await CloudKit.open(engine);
    tenant = await kit.organisation();
    till = await tenant.till();
  });
  afterAll(() => kit.close());

  const taskOf = async (commandId: string, at = till) =>
    (await at.pull()).rows.get(`anomaly/${commandId}.command-refused`);
  /** A change of a line that nobody added. */
  const refused = (orderId: string, more = {}) =>
    till.entry('order.changeLine', { orderId, lineId: 'l9', quantity: 2 }, more);

  test('a refused command is a task that every terminal of the branch gets, with what it wanted and why not', async () => {
    const other = await tenant.till();
    const entry = refused('o1');
    const next = till.entry('order.open', { orderId: 'o2', type: 'takeaway' });
    expect(await till.taken([entry, next])).toMatchObject([{ status: 'rejected' }, { status: 'applied' }]);
    expect(await taskOf(entry.id, other)).toMatchObject({
      code: 'command-refused',
      deviceId: till.deviceId,
      actorId: tenant.staffId('L3'),
      orderId: 'o1',
      refused: {
        name: 'order.changeLine',
        code: 'order/not-found',
        message: expect.stringContaining('not known') as string,
        input: { orderId: 'o1', lineId: 'l9', quantity: 2 },
      },
    });
  });

  test('it is not counted among the anomalies of the day', async () => {
    const figures = async () =>
      (
        await kit.call<{ kpis: { anomaliesToday: number } }>(
          `GET /kpis?scope=branch&branchId=${tenant.branchId}`,
          undefined,
          { token: await tenant.token('L4') },
        )
      ).body.kpis.anomaliesToday;
    const before = await figures();
    await till.taken([refused('o3')]);
    expect(await figures()).toBe(before);
  });

  test('a decision is taken once, is seen by all, and outlives the refusal sent again', async () => {
    const entry = refused('o4');
    await till.taken([entry]);
    const other = await tenant.till();
    const decide = (decision: string, by: Till) =>
      by.entry(
        'refusal.decide',
        { commandId: entry.id, deviceId: till.deviceId, decision, reason: 'typed twice', newCommandId: 'n1' },
        { actorId: tenant.staffId('L4') },
      );
    expect(await other.taken([decide('retry', other)])).toMatchObject([{ status: 'applied', flags: [] }]);
    expect(await till.taken([decide('fix', till)])).toMatchObject([{ status: 'applied', flags: ['decided-twice'] }]);
    expect(await taskOf(entry.id)).toMatchObject({
      resolved: { decision: 'retry', by: tenant.staffId('L4'), on: other.deviceId, newCommandId: 'n1' },
    });
  });

  test('a decision that comes before its refusal stands, and the refusal fills in what it was about', async () => {
    const entry = refused('o5');
    till.seq -= 1;
    const other = await tenant.till();
    const decision = { commandId: entry.id, deviceId: till.deviceId, decision: 'discard', reason: 'of no use' };
    await other.taken([other.entry('refusal.decide', decision, { actorId: tenant.staffId('L4') })]);
    till.seq += 1;
    await till.taken([entry]);
    expect(await taskOf(entry.id)).toMatchObject({
      resolved: { decision: 'discard', note: 'of no use' },
      refused: { name: 'order.changeLine' },
    });
  });

  test('only level 4 decides, and a discard says why', async () => {
    const input = { commandId: ulid(), deviceId: till.deviceId, decision: 'discard' };
    const [low, mute] = await till.taken([
      till.entry('refusal.decide', { ...input, reason: 'r' }, { actorId: tenant.staffId('L3') }),
      till.entry('refusal.decide', input, { actorId: tenant.staffId('L4') }),
    ]);
    expect(low).toMatchObject({ status: 'rejected', error: { code: 'auth/forbidden' } });
    expect(mute).toMatchObject({ status: 'rejected', error: { code: 'input/invalid', path: 'body.input.reason' } });
  });

  test('what nobody may read, what is too long and what no database takes stays out of the task', async () => {
    const secret = till.entry('staff.setPin', { staffId: tenant.staffId('L2'), pinHash: '$argon2id$v=19$secret' });
    const long = till.entry('order.send', { orderId: 'o6', lineIds: Array(400).fill('x'.repeat(90)), no: '' });
    const nul = till.entry('order.changeLine', { orderId: 'o\u0000', lineId: 'l', note: '\ud800' });
    const unreadable = till.rawEntry(ulid(), '{"half":');
    const outcomes = await till.taken([secret, long, nul, unreadable]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'applied', 'rejected', 'rejected']);
    for (const { id } of [secret, nul, unreadable]) {
      const task = await taskOf(id);
      expect(task).toMatchObject({ code: 'command-refused', refused: expect.any(Object) as object });
      expect(task).not.toHaveProperty('refused.input');
    }
    expect(await till.taken([till.entry('order.open', { orderId: 'after', type: 'takeaway' })])).toMatchObject([
      { status: 'applied' },
    ]);
  });

  test('a flagged task is resolved once, with a note', async () => {
    const close = till.entry('order.close', { orderId: 'unknown' });
    await till.taken([close]);
    const key = `anomaly/${close.id}.order-unknown`;
    const anomalyId = key.slice('anomaly/'.length);
    const resolve = (note: string) => till.entry('anomaly.resolve', { anomalyId, note });
    await till.taken([resolve('asked the waiter'), resolve('again')]);
    expect((await till.pull()).rows.get(key)).toMatchObject({ resolved: { note: 'asked the waiter' } });
    expect(await till.taken([till.entry('anomaly.resolve', { anomalyId: 'none', note: 'x' })])).toMatchObject([
      { error: { code: 'anomaly/not-found' } },
    ]);
  });

  test('an overpayment at two tills is kept in full and is a task', async () => {
    const other = await tenant.till();
    await till.taken([
      till.entry('order.open', { orderId: 'twice', type: 'takeaway' }),
      till.entry('order.addLine', burger('twice', 'l1')),
    ]);
    const pay = (by: Till, paymentId: string) =>
      by.entry('payment.take', { orderId: 'twice', paymentId, method: 'cash', amountMinor: 1000 });
    await till.taken([pay(till, 'p1')]);
    const second = pay(other, 'p2');
    expect(await other.taken([second])).toMatchObject([{ status: 'applied', flags: ['overpayment'] }]);
    const { rows } = await till.pull();
    expect(rows.get('order/twice')).toMatchObject({
      payments: [{ takenOn: till.deviceId }, { takenOn: other.deviceId }],
    });
    expect(rows.get(`anomaly/${second.id}.overpayment.p2`)).toMatchObject({ amountMinor: 1000 });
  });

  test('the echo moves the branch and changes nothing', async () => {
    const before = await till.pull();
    const { status, body } = await kit.call<EchoAnswer>('POST /sync/echo', {}, { token: await till.token() });
    expect(status).toBe(200);
    const after = await till.pull(before.cursor);
    expect(after.rows.size).toBe(0);
    expect(Number(after.cursor.split('.')[2])).toBe(body.visible.branch);
    expect(body.visible.branch).toBe(Number(before.cursor.split('.')[2]) + 1);
  });

  test('a terminal that beats is online as long as it says so itself', async () => {
    const quiet = await tenant.till();
    const seen = async () =>
      (
        await kit.call<KpiStatus>(`GET /kpis/status?scope=branch&branchId=${tenant.branchId}`, undefined, {
          token: await tenant.token('L4'),
        })
      ).body.terminals.find(({ deviceId }) => deviceId === quiet.deviceId);
    expect(await seen()).toMatchObject({ isOnline: false, lastHeardAt: null });
    await quiet.push([], { clockMs: kit.clock.now() + 90_000 });
    expect(await seen()).toMatchObject({ isOnline: true, clockOffsetMs: 90_000 });
    kit.clock.advance(46_000);
    expect(await seen()).toMatchObject({ isOnline: false });
  });
});

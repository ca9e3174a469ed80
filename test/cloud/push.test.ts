import { sql } from 'kysely';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EntryOutcome } from '#shared/contract/sync-wire.ts';
import type { Order } from '#shared/domain/order.ts';
import { withOrg } from '../../src-cloud/store/with-org.ts';
import { burger, CloudKit, type Tenant, type Till } from '../helpers/cloud-kit.ts';
import { engines } from '../helpers/engines.ts';

const statuses = (outcomes: readonly EntryOutcome[]): string[] => outcomes.map(({ status }) => status);

describe.each(engines)('push on $name', (engine) => {
  let kit: CloudKit;
  let tenant: Tenant;
  let till: Till;
  beforeAll(async () => {
    kit = await CloudKit.open(engine);
    tenant = await kit.organisation();
    till = await tenant.till();
  });
  afterAll(() => kit.close());

  const order = async (id: string): Promise<Order> => {
    const found = (await till.pull()).rows.get(`order/${id}`);
    if (found === undefined) throw new Error(`no order ${id}`);
    return found as unknown as Order;
  };
  const anomalies = async (code: string): Promise<Record<string, unknown>[]> =>
    [...(await till.pull()).rows]
      .filter(([key, body]) => key.startsWith('anomaly/') && body['code'] === code)
      .map(([, body]) => body);

  test('a sale is applied in order and can be read where its outcomes say', async () => {
    const before = (await till.pull()).cursor;
    const outcomes = await till.taken(till.sale('s1'));
    expect(statuses(outcomes)).toEqual(Array(6).fill('applied'));
    expect(outcomes.flatMap(({ flags }) => flags)).toEqual([]);
    const after = await till.pull(before);
    expect(after.rows.get('order/s1')).toMatchObject({ status: 'closed', closedDay: '2026-03-02' });
    expect(after.cursor.split('.')[2]).toBe(String(outcomes[0]?.visible?.branch));
    expect(after.outcomes.map(({ id }) => id)).toEqual(outcomes.map(({ id }) => id));
  });

  test('sent again, an entry gets its stored outcome and changes nothing', async () => {
    const sale = till.sale('s2');
    const first = await till.taken(sale.slice(0, 4));
    const { cursor } = await till.pull();
    const second = await till.taken(sale);
    expect(second.slice(0, 4)).toEqual(first);
    expect(statuses(second)).toEqual(Array(6).fill('applied'));
    const third = await till.taken(sale);
    expect(third).toEqual(second);
    expect((await till.pull(cursor)).rows.get('order/s2')).toMatchObject({
      lines: [{ id: 'l1' }, { id: 'l2' }],
      payments: [{ id: 's2-p' }],
    });
  });

  test('a gap is refused with the seq that is expected, and what stands before a later gap is done', async () => {
    const [open, line, send] = [
      till.entry('order.open', { orderId: 'g1', type: 'takeaway' }),
      till.entry('order.addLine', burger('g1', 'l1')),
      till.entry('order.send', { orderId: 'g1', lineIds: ['l1'] }),
    ];
    const early = await till.push([line, send]);
    expect(early).toMatchObject({ status: 409, body: { code: 'sync/gap', expectedSeq: open.seq } });
    const { body } = await till.push([open, send]);
    expect(body.outcomes).toMatchObject([
      { status: 'applied' },
      { seq: send.seq, status: 'retry', error: { code: 'sync/gap' } },
    ]);
    expect(body.watermark).toBe(open.seq);
    expect(statuses(await till.taken([line, send]))).toEqual(['applied', 'applied']);
  });

  test('a known seq with another command is executed as a flagged fork, and is known from then on', async () => {
    const restored = await tenant.till();
    await restored.taken([restored.entry('order.open', { orderId: 'f1', type: 'takeaway' })]);
    restored.seq = 0;
    const fork = restored.entry('order.open', { orderId: 'f2', type: 'takeaway' });
    const [outcome] = await restored.taken([fork]);
    expect(outcome).toMatchObject({ seq: 1, status: 'applied', flags: ['forked-series'] });
    expect(await order('f2')).toMatchObject({ status: 'open' });
    expect(await restored.taken([fork])).toEqual([outcome]);
    expect((await anomalies('forked-series')).filter(({ commandId }) => commandId === fork.id)).toHaveLength(1);
    restored.seq = 1;
    expect(await restored.taken([restored.entry('order.open', { orderId: 'f3', type: 'takeaway' })])).toMatchObject([
      { status: 'applied', flags: [] },
    ]);
  });

  test('a command that came over REST, or under another series, keeps its outcome', async () => {
    const key = ulid(kit.clock.now());
    const rest = await kit.call(
      'POST /pos/orders',
      { orderId: 'r1', type: 'takeaway' },
      { token: await tenant.token('L2'), headers: { 'idempotency-key': key } },
    );
    expect(rest).toMatchObject({ status: 201, body: { commandId: key } });
    const [again, next] = await till.taken([
      till.entry('order.open', { orderId: 'r1', type: 'dine-in' }, { id: key }),
      till.entry('order.addLine', burger('r1', 'l1')),
    ]);
    expect(again).toMatchObject({ id: key, status: 'applied' });
    expect(next).toMatchObject({ status: 'applied' });
    expect(await order('r1')).toMatchObject({ type: 'takeaway', lines: [{ id: 'l1' }] });
    const other = await tenant.till();
    expect(
      await other.taken([other.entry('order.open', { orderId: 'r1', type: 'dine-in' }, { id: key })]),
    ).toMatchObject([{ seq: 1, status: 'applied' }]);
    expect(await other.taken([other.entry('order.addLine', burger('r1', 'l2'))])).toMatchObject([
      { seq: 2, status: 'applied' },
    ]);
  });

  test('an entry that the database refuses fails alone: refused, or kept and flagged when it has happened', async () => {
    const entries = [
      till.entry('order.open', { orderId: 'p1', type: 'takeaway' }),
      ...Array.from({ length: 30 }, (_, n) => till.entry('order.addLine', burger('p1', `l${n}`))),
    ];
    const poison = till.entry('order.addLine', burger('p1', 'bad', { name: 'Bur\u0000ger' }));
    const pay = till.entry('payment.take', {
      orderId: 'p1',
      paymentId: 'p1-p',
      method: 'momo',
      amountMinor: 30_000,
      reference: 'MP\u0000X',
    });
    const last = till.entry('order.addLine', burger('p1', 'last'));
    const outcomes = await till.taken([...entries, poison, pay, last]);
    const of = (id: string): EntryOutcome | undefined => outcomes.find((outcome) => outcome.id === id);
    expect(of(poison.id)).toMatchObject({ status: 'rejected', error: { code: 'internal' } });
    expect(of(pay.id)).toMatchObject({ status: 'applied', flags: ['failed-inside'] });
    expect(outcomes.filter(({ status }) => status === 'applied')).toHaveLength(33);
    expect((await order('p1')).lines.map(({ id }) => id)).toEqual([
      ...Array.from({ length: 30 }, (_, n) => `l${n}`),
      'last',
    ]);
    expect((await anomalies('failed-inside')).map(({ commandId }) => commandId)).toContain(pay.id);
    expect(await till.taken([poison, pay])).toEqual([of(poison.id), of(pay.id)]);
  });

  test('what does not fit is refused with its field; a physical command is kept and flagged; nothing blocks the rest', async () => {
    const quantity = till.entry('order.addLine', burger('s1', 'x', { quantity: 'two' }));
    const money = till.entry('payment.take', { orderId: 's1', paymentId: 'x', method: 'cash', amountMinor: -5 });
    const text = till.rawEntry(ulid(), 'not json \u0000 \u001f');
    const otherId = till.rawEntry(ulid(), { ...(JSON.parse(quantity.body) as object), id: ulid() });
    const noId = { ...till.entry('order.open', { orderId: 'm1', type: 'takeaway' }), id: 'no id of ours \u0000' };
    const noCreatedAt = { ...till.entry('order.open', { orderId: 'm2', type: 'takeaway' }), createdAt: 'yesterday' };
    const fine = till.entry('order.open', { orderId: 'm3', type: 'takeaway' });
    const noSeq = { ...fine, seq: 'seven' };
    const sent = [quantity, money, text, otherId, noId, noCreatedAt, fine];
    const outcomes = await till.taken([noSeq, ...sent]);
    expect(outcomes).toMatchObject([
      { seq: 0, status: 'rejected', error: { code: 'input/invalid', path: 'seq' } },
      { status: 'rejected', error: { code: 'input/invalid', path: 'body.input.quantity' } },
      { status: 'applied', flags: ['failed-inside'] },
      { status: 'rejected', error: { code: 'input/invalid', path: 'body' } },
      { status: 'rejected', error: { code: 'input/invalid', path: 'body.id' } },
      { status: 'rejected', error: { code: 'input/invalid' } },
      { status: 'rejected', error: { code: 'input/invalid', path: 'createdAt' } },
      { status: 'applied' },
    ]);
    expect((await till.taken(sent)).map(({ status }) => status)).toEqual(outcomes.slice(1).map(({ status }) => status));
  });

  test('a command that this version does not know waits, and what comes after it waits with it', async () => {
    const known = till.entry('order.open', { orderId: 'u1', type: 'takeaway' });
    const unknown = till.entry('order.split', { orderId: 'u1' });
    const newer = till.entry('order.addLine', burger('u1', 'l1'), { version: 99 });
    const { body } = await till.push([known, unknown, newer]);
    expect(body.outcomes).toMatchObject([
      { status: 'applied' },
      { id: unknown.id, status: 'retry', error: { code: 'command/unknown' } },
      { id: newer.id, status: 'retry', error: { code: 'command/unknown' } },
    ]);
    expect(body.watermark).toBe(known.seq);
    till.seq = known.seq;
  });

  test('a terminal cannot act for another branch, nor send for another terminal', async () => {
    const foreign = till.entry(
      'payment.take',
      { orderId: 'b1', paymentId: 'b1', method: 'cash', amountMinor: 5 },
      { branchId: 'elsewhere' },
    );
    const next = till.entry('order.open', { orderId: 'b2', type: 'takeaway' });
    expect(await till.taken([foreign, next])).toMatchObject([
      { status: 'rejected', error: { code: 'auth/other-branch' } },
      { status: 'applied' },
    ]);
    expect(await till.push([], { deviceId: 'somebody-else' })).toMatchObject({
      status: 422,
      body: { code: 'input/invalid', path: 'deviceId' },
    });
  });

  test('what a terminal that was switched off sends is not run, and it reads nothing', async () => {
    const lost = await tenant.till();
    const revoked = await kit.call(`POST /devices/${lost.deviceId}/revoke`, {}, { token: await tenant.token('L4') });
    expect(revoked).toMatchObject({ status: 200, body: { status: 'revoked' } });
    const outcomes = await lost.taken(lost.sale('x1'));
    expect(outcomes.map(({ error }) => error?.code)).toEqual(Array(6).fill('sync/quarantined'));
    expect(await lost.changes()).toMatchObject({ status: 403, body: { code: 'device/revoked' } });
  });

  test('a clock that is a day off is flagged once a day; what was sent is taken', async () => {
    const clockMs = kit.clock.now() + 86_400_000;
    const push = (id: string) => till.push([till.entry('order.open', { orderId: id, type: 'takeaway' })], { clockMs });
    expect((await push('c1')).body.outcomes).toMatchObject([{ status: 'applied' }]);
    expect((await push('c2')).body.outcomes).toMatchObject([{ status: 'applied' }]);
    const found = await anomalies('clock-off');
    expect(found).toMatchObject([
      { deviceId: till.deviceId, day: '2026-03-02', detail: 'The clock of this terminal is 24 h ahead.' },
    ]);
    const devices = await kit.call<{ devices: { id: string; clockOffsetMs: number }[] }>('GET /devices', undefined, {
      token: await tenant.token('L4'),
    });
    expect(devices.body.devices.find(({ id }) => id === till.deviceId)).toMatchObject({ clockOffsetMs: 86_400_000 });
  });

  test('a terminal is judged by the rights it could know; a right lost later does not undo what was done before', async () => {
    const early = await tenant.till();
    const byL4 = { actorId: tenant.staffId('L4') };
    kit.clock.advance(60_000);
    const done = early.entry(
      'stock.saveItem',
      { stockItemId: 'k1', name: 'Flour', unit: 'kg', reorderLevelMilli: 1 },
      byL4,
    );
    const later = early.entry(
      'stock.saveItem',
      { stockItemId: 'k2', name: 'Salt', unit: 'kg', reorderLevelMilli: 1 },
      byL4,
    );
    kit.clock.advance(60_000);
    const gone = { name: 'L4', level: 'L1', branchIds: [tenant.branchId], isActive: true };
    expect(
      (await kit.call(`PUT /staff/${tenant.staffId('L4')}`, gone, { token: await tenant.token('L5') })).status,
    ).toBe(200);
    kit.clock.advance(1);
    // Two still wait after the first push: nothing more can have been heard.
    expect((await early.push([done], { pending: { count: 2, oldestAt: null } })).body.outcomes).toMatchObject([
      { status: 'applied' },
    ]);
    expect(await early.taken([later])).toMatchObject([{ status: 'applied' }]);
    const after = early.entry(
      'stock.saveItem',
      { stockItemId: 'k3', name: 'Oil', unit: 'l', reorderLevelMilli: 1 },
      byL4,
    );
    const physical = early.entry('shift.noSale', { shiftId: 'n1', reason: 'change' }, byL4);
    expect(await early.taken([after, physical])).toMatchObject([
      { status: 'rejected', error: { code: 'auth/forbidden' } },
      { status: 'applied', flags: ['not-permitted', 'no-sale', 'shift-unknown'] },
    ]);
    await kit.call(`PUT /staff/${tenant.staffId('L4')}`, { ...gone, level: 'L4' }, { token: await tenant.token('L5') });
  });

  test('a damaged row stops neither the batch nor the queue', async () => {
    await till.taken([till.entry('order.open', { orderId: 'd1', type: 'takeaway' })]);
    await sql`update entity set body = '{"id": "d1"}' where org_id = ${tenant.orgId} and kind = 'order' and id = 'd1'`.execute(
      kit.database.db,
    );
    const outcomes = await till.taken([
      till.entry('order.changeLine', { orderId: 'd1', lineId: 'l1', quantity: 2 }),
      ...till.sale('d2'),
    ]);
    expect(statuses(outcomes)).toEqual(['rejected', ...Array(6).fill('applied')]);
  });

  test('sales and refunds add up by day, and a late one drops the rollup of its day', async () => {
    const other = await kit.organisation();
    const counter = await other.till();
    const day = '2026-03-02';
    const figures = () =>
      withOrg(kit.database.db, other.orgId, (tx) =>
        sql<
          Record<string, number | string>
        >`select day, sum(sales_minor)::int8 as sales, sum(cash_minor)::int8 as cash, sum(orders)::int8 as orders
          from order_day where org_id = ${other.orgId} group by day order by day`.execute(tx),
      ).then(({ rows }) => rows);
    await counter.taken([...counter.sale('a', 2), ...counter.sale('b', 3)]);
    expect(await figures()).toEqual([{ day, sales: 5000, cash: 5000, orders: 2 }]);
    const rollup = {
      org_id: other.orgId,
      branch_id: other.branchId,
      day,
      sales_minor: 5000,
      cash_minor: 5000,
      momo_minor: 0,
      card_minor: 0,
      orders: 2,
    };
    await kit.database.db.insertInto('day_rollup').values(rollup).execute();
    kit.clock.advance(86_400_000);
    const refund = { orderId: 'a', paymentId: 'a-p', refundId: 'r1', amountMinor: 500, reason: 'cold' };
    await counter.taken([counter.entry('payment.refund', refund)]);
    expect(await figures()).toEqual([
      { day, sales: 5000, cash: 5000, orders: 2 },
      { day: '2026-03-03', sales: -500, cash: -500, orders: 0 },
    ]);
    expect(
      await kit.database.db.selectFrom('day_rollup').select('day').where('org_id', '=', other.orgId).execute(),
    ).toHaveLength(1);
    // A sale of yesterday that arrives late.
    const late = counter.sale('c', 1).map((entry) => ({ ...entry, body: entry.body.replaceAll('2026-03-03', day) }));
    await counter.taken(late);
    expect((await figures())[0]).toEqual({ day, sales: 6000, cash: 6000, orders: 3 });
    expect(
      await kit.database.db.selectFrom('day_rollup').select('day').where('org_id', '=', other.orgId).execute(),
    ).toEqual([]);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HeldEntry } from '../../src-cloud/services/quarantine.ts';
import { verified } from '../helpers/audit-kit.ts';
import { CloudKit, type Tenant, type Till } from '../helpers/cloud-kit.ts';
import { engines } from '../helpers/engines.ts';
import { BranchId } from '#shared/kernel/ids.ts';
import type { Level } from '#shared/domain/level.ts';

describe.each(engines)('quarantine on $name', (engine) => {
  let kit: CloudKit;
  let tenant: Tenant;
  let till: Till;
  beforeAll(async () => {
    kit = await CloudKit.open(engine);
  });
  afterAll(() => kit.close());

  const as = async <T = Record<string, unknown>>(route: string, level: Level = 'L4', who = tenant, body?: unknown) =>
    kit.call<T>(route, body, { token: await who.token(level) });
  const held = async (level: Level = 'L4', who = tenant): Promise<HeldEntry[]> =>
    (await as<{ entries: HeldEntry[] }>('GET /sync/quarantine', level, who)).body.entries;
  const revoke = async (): Promise<void> => {
    expect((await as(`POST /devices/${till.deviceId}/revoke`)).status).toBe(200);
  };
  /** A terminal that has rung up half a sale, was switched off, and then sends the other half. */
  const revokedHalfWay = async () => {
    tenant = await kit.organisation();
    till = await tenant.till();
    const sale = till.sale('s1');
    await till.taken(sale.slice(0, 3));
    await revoke();
    return sale;
  };

  test('a switched-off terminal may send and nothing else; what it sends is kept as it came and not run', async () => {
    const sale = await revokedHalfWay();
    const outcomes = await till.taken(sale.slice(2));
    expect(outcomes.map(({ status, error }) => [status, error?.code])).toEqual([
      ['applied', undefined],
      ...Array(3).fill(['rejected', 'sync/quarantined']),
    ]);
    expect((await till.changes()).status).toBe(403);
    expect((await kit.call('POST /sync/echo', {}, { token: await till.token() })).status).toBe(403);
    expect((await kit.call('POST /sync/audit-heads', { heads: [] }, { token: await till.token() })).status).toBe(403);
    const kept = await held();
    expect(kept.map(({ id, seq, status }) => [id, seq, status])).toEqual(
      sale.slice(3).map(({ id, seq }) => [id, seq, 'held']),
    );
    expect(kept.map(({ entry }) => JSON.parse(entry) as unknown)).toEqual(sale.slice(3));
    const other = await tenant.till();
    expect((await other.pull()).rows.get('order/s1')).toMatchObject({ status: 'open', payments: [] });
    // Sent again it is kept once.
    await till.taken(sale.slice(2));
    expect(await held()).toHaveLength(3);
  });

  test('it can still get its token, so that it comes to send after its restart too', async () => {
    await revokedHalfWay();
    const asked = await kit.call<{ challenge: string }>('POST /auth/device/challenge', { deviceId: till.deviceId });
    const { challenge } = asked.body;
    const signed = { challenge, signature: till.signature(challenge), certificate: till.certificate };
    expect((await kit.call('POST /auth/device/token', signed)).status).toBe(200);
  });

  test('accepted, it is run in its order, flagged, outside the series, and audited', async () => {
    const sale = await revokedHalfWay();
    await till.taken(sale.slice(3));
    const done = await as(`POST /sync/quarantine/${till.deviceId}/accept`);
    expect(done).toMatchObject({ status: 200, body: { accepted: 3, refused: 0, held: 0 } });
    const other = await tenant.till();
    const { rows } = await other.pull();
    expect(rows.get('order/s1')).toMatchObject({ status: 'closed', payments: [{ amountMinor: 2000 }] });
    expect([...rows.values()].filter(({ code }) => code === 'after-revocation')).toHaveLength(3);
    expect((await held()).map(({ status, decidedBy }) => [status, decidedBy])).toEqual(
      Array(3).fill(['accepted', tenant.staffId('L4')]),
    );
    expect((await as(`POST /sync/quarantine/${till.deviceId}/accept`)).body).toEqual({
      accepted: 0,
      refused: 0,
      held: 0,
    });
    const { body } = await as<{ lines: { content: string }[] }>(`GET /audit?branchId=${tenant.branchId}`);
    const names = body.lines.map(({ content }) => (JSON.parse(content) as { name: string }).name);
    expect(names.slice(-3)).toEqual(['payment.take', 'order.close', 'quarantine.accepted']);
    expect(await verified(kit, tenant)).toEqual({ problems: [], notes: [] });
    // The terminal that sends them again hears what became of them.
    expect((await till.taken(sale.slice(3))).map(({ status }) => status)).toEqual(Array(3).fill('applied'));
  });

  test('what has happened physically is applied whatever came between; the rest may be refused', async () => {
    await revokedHalfWay();
    await till.taken([
      till.entry('payment.take', { orderId: 'nobody', paymentId: 'p1', method: 'cash', amountMinor: 700 }),
      till.entry('order.removeLine', { orderId: 's1', lineId: 'no-such-line' }),
    ]);
    expect((await as(`POST /sync/quarantine/${till.deviceId}/accept`)).body).toMatchObject({ accepted: 1, refused: 1 });
    const { rows } = await (await tenant.till()).pull();
    expect(rows.get('order/nobody')).toMatchObject({ isShell: true, payments: [{ amountMinor: 700 }] });
  });

  test('left, it stays and is not run; it can be accepted later', async () => {
    const sale = await revokedHalfWay();
    await till.taken(sale.slice(3));
    expect((await as(`POST /sync/quarantine/${till.deviceId}/leave`)).body).toEqual({ left: 3 });
    expect((await held()).map(({ status }) => status)).toEqual(Array(3).fill('left'));
    const accepted = await as(`POST /sync/quarantine/${till.deviceId}/accept`, 'L5');
    expect(accepted.body).toEqual({ accepted: 3, refused: 0, held: 0 });
  });

  test('only an L4 of the branch or an L5 of the organisation sees it and decides', async () => {
    const sale = await revokedHalfWay();
    await till.taken(sale.slice(3));
    const own = tenant;
    const stranger = await kit.organisation();
    const routes = [`POST /sync/quarantine/${till.deviceId}/accept`, `POST /sync/quarantine/${till.deviceId}/leave`];
    for (const route of routes) {
      expect((await as(route, 'L3')).status).toBe(403);
      expect((await as(route, 'L5', stranger)).status).toBe(404);
      expect((await kit.call(route, undefined, { token: await till.token() })).status).toBe(403);
    }
    expect((await as('GET /sync/quarantine', 'L3')).status).toBe(403);
    expect(await held('L5', stranger)).toEqual([]);
    // A terminal of a branch that is not the L4's.
    await own.addBranch(BranchId.parse(`${own.orgId}-far`));
    till = await own.till(BranchId.parse(`${own.orgId}-far`));
    const far = till.sale('s2');
    await as(`POST /devices/${till.deviceId}/revoke`, 'L5');
    await till.taken(far);
    expect((await held('L5')).filter(({ branchId }) => branchId === `${own.orgId}-far`)).toHaveLength(6);
    expect((await held('L4')).filter(({ branchId }) => branchId === `${own.orgId}-far`)).toEqual([]);
    expect((await as(`POST /sync/quarantine/${till.deviceId}/accept`, 'L4')).status).toBe(403);
    expect((await held('L5')).every(({ status }) => status === 'held')).toBe(true);
  });

  test('a terminal of the branch decides for the manager at its screen, and for nobody below', async () => {
    const sale = await revokedHalfWay();
    await till.taken(sale.slice(3));
    const office = await tenant.till();
    const token = await office.token();
    const route = `POST /sync/quarantine/${till.deviceId}/accept`;
    const list = await kit.call<{ entries: HeldEntry[] }>('GET /sync/quarantine', undefined, { token });
    expect(list.body.entries.filter(({ deviceId }) => deviceId === till.deviceId)).toHaveLength(3);
    for (const body of [undefined, {}, { actorId: tenant.staffId('L3') }, { actorId: 'nobody' }])
      expect((await kit.call(route, body, { token })).status).toBe(403);
    expect(await kit.call(route, { actorId: tenant.staffId('L4') }, { token })).toMatchObject({
      status: 200,
      body: { accepted: 3 },
    });
    const decided = (await held('L4')).filter(({ deviceId }) => deviceId === till.deviceId);
    expect(decided.every(({ decidedBy }) => decidedBy === tenant.staffId('L4'))).toBe(true);
  });

  test('entries of a terminal that is not switched off cannot be decided about', async () => {
    tenant = await kit.organisation();
    till = await tenant.till();
    expect((await as(`POST /sync/quarantine/${till.deviceId}/accept`)).status).toBe(404);
  });
});

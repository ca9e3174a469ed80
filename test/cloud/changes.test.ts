import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CloudKit, burger, type Tenant, type Till } from '../helpers/cloud-kit.ts';
import { engines } from '../helpers/engines.ts';

describe.each(engines)('changes on $name', (engine) => {
  let kit: CloudKit;
  let tenant: Tenant;
  let till: Till;
  beforeAll(async () => {
    kit = await CloudKit.open(engine);
    tenant = await kit.organisation();
    till = await tenant.till();
  });
  afterAll(() => kit.close());

  test('pages end where a transaction ended and together give what one page gives', async () => {
    for (const id of ['a', 'b', 'c']) await till.taken(till.sale(id));
    const whole = await till.pull();
    for (const limit of [1, 2, 3, 8]) {
      const paged = await till.pull(undefined, limit);
      expect(paged.cursor).toBe(whole.cursor);
      expect(Object.fromEntries(paged.rows)).toEqual(Object.fromEntries(whole.rows));
    }
    const first = (await till.changes(undefined, 1)).body;
    expect(first).toMatchObject({ hasMore: true, reset: false });
    // The first transaction is larger than the page: it is sent whole.
    expect(first.rows.length).toBeGreaterThan(1);
  });

  test('a start from nothing carries no outcomes, on none of its pages; later pages carry those of their range', async () => {
    const start = await till.pull(undefined, 2);
    expect(start.outcomes).toEqual([]);
    const outcomes = await till.taken([...till.sale('d'), till.entry('order.addLine', { orderId: 'd' })]);
    const { body } = await till.changes(start.cursor);
    expect(body.outcomes).toEqual(
      outcomes.map((outcome) => ({ ...outcome, deviceId: till.deviceId, incarnation: till.incarnation })),
    );
    expect(body.watermarks).toEqual([{ deviceId: till.deviceId, incarnation: till.incarnation, seq: till.seq }]);
    expect(body.lamport).toBe(till.lamport);
  });

  test('an outcome without rows moves the cursor too: its readers are not left waiting', async () => {
    await till.taken([
      till.entry('order.open', { orderId: 'e1', type: 'takeaway' }),
      till.entry('order.close', { orderId: 'e1' }),
    ]);
    const before = await till.pull();
    const again = till.entry('order.close', { orderId: 'e1' });
    await till.taken([again]);
    const after = await till.pull(before.cursor);
    expect(after.rows.size).toBe(0);
    expect(after.outcomes).toMatchObject([{ id: again.id, status: 'applied' }]);
    expect(after.cursor).not.toBe(before.cursor);
  });

  test('a terminal hears nothing of another branch', async () => {
    const elsewhere = 'org1-other' as Tenant['branchId'];
    await tenant.addBranch(elsewhere);
    const other = await tenant.till(elsewhere);
    const owner = { actorId: tenant.staffId('L5') };
    await other.taken([other.entry('order.open', { orderId: 'z', type: 'takeaway' }, owner)]);
    expect((await till.pull()).rows.has('order/z')).toBe(false);
    expect((await other.pull()).rows.has('order/a')).toBe(false);
    expect((await other.pull()).rows.has('order/z')).toBe(true);
  });

  test('a cursor with another token, ahead of the cloud, or too old is answered with a reset', async () => {
    const { cursor } = await till.pull();
    const [orgSeq, orgToken, seq, token] = cursor.split('.');
    expect((await till.changes(cursor)).body.reset).toBe(false);
    const wrong = [
      `${orgSeq}.${orgToken}.${seq}.${'A'.repeat(12)}`,
      `${orgSeq}.${'A'.repeat(12)}.${seq}.${token}`,
      `${orgSeq}.${orgToken}.${Number(seq) + 5}.${token}`,
      `${orgSeq}..${seq}.`,
    ];
    for (const text of wrong) {
      expect((await till.changes(text)).body).toMatchObject({ reset: true, rows: [], cursor: '0..0.', hasMore: true });
    }
    await kit.database.db
      .deleteFrom('counter_token')
      .where('scope', '=', tenant.branchId)
      .where('seq', '=', Number(seq))
      .execute();
    expect((await till.changes(cursor)).body.reset).toBe(true);
    expect((await till.changes('nonsense')).status).toBe(422);
  });

  test('a cloud restored from a backup that has moved on since is noticed', async () => {
    await till.taken([till.entry('order.open', { orderId: 'e', type: 'takeaway' })]);
    const { cursor } = await till.pull();
    // The backup: the counter stands where it stood before, and goes on from there with another token.
    const seq = Number(cursor.split('.')[2]);
    const db = kit.database.db;
    await db.deleteFrom('counter_token').where('scope', '=', tenant.branchId).where('seq', '=', seq).execute();
    await db
      .updateTable('counter')
      .set({ seq: seq - 1, token: 'of-the-backup' })
      .where('scope', '=', tenant.branchId)
      .execute();
    await till.taken([till.entry('order.addLine', burger('e', 'l1'))]);
    expect((await till.changes(cursor)).body.reset).toBe(true);
  });

  test('what nobody touched for 90 days stays behind on a start, unless it is still open', async () => {
    await till.taken([...till.sale('old'), till.entry('order.open', { orderId: 'old-open', type: 'takeaway' })]);
    const { cursor } = await till.pull();
    kit.clock.advance(91 * 86_400_000);
    await till.taken(till.sale('new'));
    const start = await till.pull();
    expect(start.rows.has('order/old')).toBe(false);
    expect(start.rows.has('order/old-open')).toBe(true);
    expect(start.rows.has('order/new')).toBe(true);
    expect(start.rows.has('menuItem/burger')).toBe(true);
    expect((await till.pull(cursor)).rows.has('order/new')).toBe(true);
  });
});

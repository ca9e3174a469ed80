import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AuditHeadsAnswer } from '#shared/contract/sync-wire.ts';
import { chainStart, linkHash } from '../../src-cloud/store/audit-log.ts';
import { seriesHash, seriesStart } from '../../src-cloud/store/watermarks.ts';
import { sqlState, withOrg } from '../../src-cloud/store/with-org.ts';
import { backUp, KeptTerminal, tamper, verified } from '../helpers/audit-kit.ts';
import { CloudKit, type Tenant, type Till } from '../helpers/cloud-kit.ts';
import { engines } from '../helpers/engines.ts';

interface Line {
  n: number;
  prev: string;
  hash: string;
  content: string;
}
type Content = Record<string, unknown> & { name: string; changes: { kind: string; before: unknown; after: unknown }[] };

describe.each(engines)('the audit log on $name', (engine) => {
  let kit: CloudKit;
  let tenant: Tenant;
  let till: Till;
  beforeAll(async () => {
    kit = await CloudKit.open(engine);
  });
  afterAll(() => kit.close());

  /** An organisation that no other test has touched. */
  const fresh = async (): Promise<void> => {
    tenant = await kit.organisation();
    till = await tenant.till();
  };
  const page = async (branchId = '', level: 'L4' | 'L5' = 'L5') => {
    const query = branchId === '' ? '' : `&branchId=${branchId}`;
    return kit.call<{ lines: Line[]; hasMore: boolean; head: { n: number; hash: string } | null }>(
      `GET /audit?limit=1000${query}`,
      undefined,
      { token: await tenant.token(level) },
    );
  };
  const contents = async (branchId = ''): Promise<Content[]> =>
    (await page(branchId)).body.lines.map(({ content }) => JSON.parse(content) as Content);

  /** A text with its names in order, at every depth. */
  const canonical = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(canonical);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, part]) => [name, canonical(part)]),
    );
  };

  test('a pushed sale has a line for each command that touches money: who, where, when, before and after', async () => {
    await fresh();
    await till.taken(till.sale('s1'));
    const lines = await contents(tenant.branchId);
    expect(lines.map(({ name }) => name)).toEqual(['order.addLine', 'order.addLine', 'payment.take', 'order.close']);
    expect(lines[2]).toMatchObject({
      actor: tenant.staffId('L3'),
      device: till.deviceId,
      branch: tenant.branchId,
      at: '2026-03-02T12:00:00.000Z',
      received: '2026-03-02T12:00:00.000Z',
      status: 'applied',
      changes: [
        {
          kind: 'order',
          id: 's1',
          before: { status: 'open', total: 2000, paid: 0, due: 2000 },
          after: { status: 'open', total: 2000, paid: 2000, due: 0 },
        },
        { kind: 'payment', id: 's1-p', before: null, after: { amount: 2000, method: 'cash' } },
      ],
    });
    expect(lines[3]?.changes).toMatchObject([{ before: { status: 'open' }, after: { status: 'closed' } }]);
    for (const { content } of (await page(tenant.branchId)).body.lines)
      expect(content).toBe(JSON.stringify(canonical(JSON.parse(content))));
  });

  test('each chain is gap-free, and each hash is made of the one before and the text', async () => {
    await fresh();
    await till.taken(till.sale('s1'));
    await till.taken(till.sale('s2'));
    const { lines, head } = (await page(tenant.branchId)).body;
    lines.forEach((line, index) => {
      expect(line.n).toBe(index + 1);
      expect(line.prev).toBe(lines[index - 1]?.hash ?? chainStart(tenant.orgId, tenant.branchId));
      expect(line.hash).toBe(linkHash(line.prev, line.content));
    });
    expect(head).toMatchObject({ n: lines.length, hash: lines.at(-1)?.hash });
  });

  test('rights stand in the chain of the organisation, by push and by REST; a refused try stands there too', async () => {
    await fresh();
    const person = { name: 'New', branchIds: [tenant.branchId], isActive: true };
    await till.taken([
      till.entry('staff.save', { staffId: 'new', level: 'L2', ...person }, { actorId: tenant.staffId('L4') }),
      till.entry('staff.save', { staffId: 'new', level: 'L5', ...person }, { actorId: tenant.staffId('L4') }),
    ]);
    const done = await kit.call(
      'PUT /staff/new',
      { level: 'L3', ...person },
      { token: await tenant.token('L5'), headers: { 'x-branch-id': tenant.branchId } },
    );
    expect(done.status).toBe(200);
    expect(await contents()).toMatchObject([
      { name: 'staff.save', status: 'applied', changes: [{ before: null, after: { level: 'L2', active: true } }] },
      { name: 'staff.save', status: 'rejected', error: 'staff/level-too-high', changes: [] },
      { name: 'staff.save', device: 'rest', changes: [{ before: { level: 'L2' }, after: { level: 'L3' } }] },
    ]);
  });

  test('what is no command has a line as well: codes, logins, terminals', async () => {
    await fresh();
    const token = await tenant.token('L5');
    const made = await kit.call<{ code: string }>('POST /enrolment-codes', { branchId: tenant.branchId }, { token });
    const key = 'k'.repeat(43);
    await kit.call('POST /devices/enrol', { code: made.body.code, name: 'Till 2', publicKey: key });
    await kit.call(`POST /devices/${till.deviceId}/revoke`, undefined, { token });
    const login = { email: `${tenant.orgId}@example.com`, password: 'a-long-password' };
    await kit.call(`PUT /staff/${tenant.staffId('L2')}/login`, login, { token });
    expect((await contents(tenant.branchId)).map(({ name, actor }) => [name, actor])).toEqual([
      ['enrolment-code.create', tenant.staffId('L5')],
      ['device.enrol', tenant.staffId('L5')],
      ['device.revoke', tenant.staffId('L5')],
    ]);
    expect(await contents()).toMatchObject([
      { name: 'staff.login', changes: [{ id: tenant.staffId('L2'), before: null, after: { email: login.email } }] },
    ]);
    expect(await verified(kit, tenant)).toEqual({ problems: [], notes: [] });
  });

  test('nobody changes a line: the role of the program has no right to, and the owner meets a trigger', async () => {
    await fresh();
    await till.taken(till.sale('s1'));
    const stateOf = async (run: Promise<unknown>): Promise<string | undefined> => {
      try {
        await run;
        return undefined;
      } catch (error) {
        return sqlState(error);
      }
    };
    const statements = [
      sql`update audit_line set content = '{}'`,
      sql`delete from audit_line`,
      sql`truncate audit_line`,
    ];
    for (const statement of statements)
      expect(await stateOf(withOrg(kit.database.db, tenant.orgId, (tx) => statement.execute(tx)))).toBe('42501');
    for (const statement of statements.slice(0, 2))
      expect(await stateOf(statement.execute(kit.database.db))).toBe('42501');
    const other = await kit.organisation();
    const seen = await withOrg(kit.database.db, other.orgId, (tx) => sql`select n from audit_line`.execute(tx));
    expect(seen.rows).toEqual([]);
  });

  test('an L4 reads the chain of their branches, an L5 that of the organisation too, nobody that of another', async () => {
    await fresh();
    await till.taken(till.sale('s1'));
    const other = await kit.organisation();
    expect((await page(tenant.branchId, 'L4')).status).toBe(200);
    expect((await page('', 'L4')).status).toBe(403);
    expect((await page('', 'L5')).status).toBe(200);
    expect((await page(other.branchId, 'L4')).status).toBe(403);
    expect((await page(other.branchId, 'L5')).status).toBe(403);
    const low = await kit.call(`GET /audit?branchId=${tenant.branchId}`, undefined, {
      token: await tenant.token('L3'),
    });
    expect(low.status).toBe(403);
    const first = await kit.call<{ lines: Line[]; hasMore: boolean }>(
      `GET /audit?branchId=${tenant.branchId}&after=1&limit=2`,
      undefined,
      { token: await tenant.token('L4') },
    );
    expect(first.body).toMatchObject({ lines: [{ n: 2 }, { n: 3 }], hasMore: true });
  });

  describe('verification', () => {
    /** Three sales, with a look at the cloud after each, and one that is open. */
    const kept = async (): Promise<KeptTerminal> => {
      await fresh();
      const terminal = new KeptTerminal(till);
      for (const id of ['s1', 's2', 's3']) {
        await till.taken(till.sale(id));
        await terminal.look();
        kit.clock.advance(3_600_000);
      }
      return terminal;
    };
    const ownLine = (n: number) => sql`org_id = ${tenant.orgId} and scope = ${tenant.branchId} and n = ${n}`;

    /** Gives every line from `from` on the hashes that its text deserves, and the counter the new head. */
    const rebuild = async (from: number): Promise<void> => {
      const { rows } = await sql<Line>`select n, prev, hash, content from audit_line
        where org_id = ${tenant.orgId} and scope = ${tenant.branchId} order by n`.execute(kit.database.db);
      let prev = rows.find(({ n }) => n === from)?.prev ?? '';
      const statements = rows
        .filter(({ n }) => n >= from)
        .map(({ n, content }) => {
          const statement = sql`update audit_line set prev = ${prev}, hash = ${linkHash(prev, content)} where ${ownLine(n)}`;
          prev = linkHash(prev, content);
          return statement;
        });
      await tamper(kit.database, [
        ...statements,
        sql`update counter set audit_hash = ${prev} where org_id = ${tenant.orgId} and scope = ${tenant.branchId}`,
      ]);
    };

    test('is green where nobody touched anything', async () => {
      const terminal = await kept();
      expect(await verified(kit, tenant, [terminal])).toEqual({ problems: [], notes: [] });
      terminal.close();
    });

    test('finds a changed line, and says which', async () => {
      await fresh();
      await till.taken(till.sale('s1'));
      await tamper(kit.database, [
        sql`update audit_line set content = replace(content, '"amount":2000', '"amount":1000') where ${ownLine(3)}`,
      ]);
      const { problems } = await verified(kit, tenant);
      expect(problems).toEqual([`Chain ${tenant.branchId}: line 3 was changed: its text does not give its hash.`]);
    });

    test('finds a changed payment in the tables, a changed command, one that is gone, and a terminal that came back', async () => {
      await fresh();
      await till.taken(till.sale('s1'));
      await till.taken(till.sale('s2'));
      const { rows } = await sql<{ id: string; name: string }>`select id, name from command
        where org_id = ${tenant.orgId} order by seq`.execute(kit.database.db);
      const [, , , , payment] = rows;
      await tamper(kit.database, [
        sql`update entity set body = jsonb_set(body, '{payments,0,amountMinor}', '500') where org_id = ${tenant.orgId} and id = 's1'`,
        sql`update command set body = replace(body, '"cash"', '"card"') where org_id = ${tenant.orgId} and id = ${payment?.id}`,
        sql`delete from command where org_id = ${tenant.orgId} and seq = 12`,
      ]);
      const { problems } = await verified(kit, tenant);
      expect(problems.find((text) => text.includes('The order s1 is not what line 4'))).toContain('"paid":500');
      expect(problems).toContainEqual(
        expect.stringContaining(`Command ${payment?.id} (payment.take) was changed: its text is not what line 3`),
      );
      expect(problems).toContainEqual(
        expect.stringMatching(/line 8 speaks of command \w+ \(order.close\), which is not/),
      );
    });

    test('finds an outbox that is not what was once sent, and a command log that is not what was received', async () => {
      await fresh();
      const entries = till.sale('s1');
      const headOf = (bodies: readonly string[]) => ({
        seq: bodies.length,
        hash: bodies.reduce(seriesHash, seriesStart(till.incarnation)),
      });
      const bodies = entries.map(({ body }) => body);
      await till.push(entries.slice(0, 4), { head: headOf(bodies.slice(0, 4)) });
      await till.push(entries.slice(4), { head: headOf(bodies) });
      expect((await verified(kit, tenant)).problems).toEqual([]);
      // The first order of the day never was.
      await tamper(kit.database, [
        sql`update command set body = replace(body, 'takeaway', 'delivery') where org_id = ${tenant.orgId} and seq = 1`,
      ]);
      expect((await verified(kit, tenant)).problems).toEqual([
        expect.stringContaining('the command log is not what the terminal once sent'),
        expect.stringContaining('up to entry 6 the terminal’s outbox is not what the cloud has'),
      ]);
      await tamper(kit.database, [
        sql`update command set body = replace(body, 'delivery', 'takeaway') where org_id = ${tenant.orgId} and seq = 1`,
      ]);
      const more = till.sale('s2');
      await till.push(more, { head: headOf([...bodies.slice(1), 'x', ...more.map(({ body }) => body)]) });
      expect((await verified(kit, tenant)).problems).toEqual([
        expect.stringContaining('up to entry 12 the terminal’s outbox is not what the cloud has'),
      ]);
    });

    test('finds a command without a line', async () => {
      await fresh();
      await till.taken(till.sale('s1'));
      await tamper(kit.database, [
        sql`insert into command select org_id, '01HZZZZZZZ0000000000000000', branch_id, device_id, incarnation, null, lamport, name, version, actor_id, approved_by,
          device_at, received_at, status, outcome, visible_org, visible_branch, body from command where org_id = ${tenant.orgId} and name = 'payment.take'`,
      ]);
      expect((await verified(kit, tenant)).problems).toEqual([
        expect.stringContaining('Command 01HZZZZZZZ0000000000000000 (payment.take, received'),
      ]);
    });

    test('finds a tail that was cut: by the counter, and when that was set back too, by what a terminal has seen', async () => {
      const terminal = await kept();
      const cut = [
        sql`delete from audit_line where org_id = ${tenant.orgId} and scope = ${tenant.branchId} and n > 10`,
        sql`delete from command where org_id = ${tenant.orgId} and seq > 16`,
      ];
      await tamper(kit.database, cut);
      expect((await verified(kit, tenant)).problems[0]).toMatch(
        /its tail was cut: it had 12 lines and ends with line 10/,
      );
      const { rows } = await sql<Line>`select hash from audit_line where ${ownLine(10)}`.execute(kit.database.db);
      await tamper(kit.database, [
        sql`update counter set audit_n = 10, audit_hash = ${rows[0]?.hash} where org_id = ${tenant.orgId} and scope = ${tenant.branchId}`,
      ]);
      const { problems } = await verified(kit, tenant, [terminal]);
      expect(problems).toContainEqual(
        expect.stringMatching(
          /Terminal T1 was shown line 12 on .*, signed by the cloud, but the chain ends with line 10 of .*Up to line 8 both agree/,
        ),
      );
      terminal.close();
    });

    test('finds a chain that was built anew with everything that hangs on it', async () => {
      const terminal = await kept();
      await tamper(kit.database, [
        sql`update audit_line set content = replace(content, '"amount":2000', '"amount":1000') where ${ownLine(7)}`,
      ]);
      await rebuild(7);
      expect((await verified(kit, tenant)).problems).toEqual([]);
      expect((await verified(kit, tenant, [terminal])).problems).toEqual([
        expect.stringMatching(
          /Terminal T1 was shown another line 8 on .*: a line from 5 to 8 was changed and the chain built anew. Up to line 4 both agree/,
        ),
      ]);
      terminal.close();
    });

    test('finds a head in a terminal that the cloud has not signed', async () => {
      const terminal = await kept();
      terminal.store.db.prepare(`UPDATE audit_head SET hash = ? WHERE n = 4`).run('x'.repeat(43));
      const { problems } = await verified(kit, tenant, [terminal]);
      expect(problems).toEqual([expect.stringContaining('line 4 of chain')]);
      terminal.close();
    });

    test('a cloud that was put back says so once a terminal has told it, and that is no sign of a change', async () => {
      const terminal = await kept();
      const putBack = await backUp(kit.database);
      const before = { seq: till.seq, lamport: till.lamport };
      const lost = till.sale('s4');
      await till.taken(lost);
      await terminal.look();
      await putBack();
      // Nobody has told it yet: a tail is missing.
      expect((await verified(kit, tenant, [terminal])).problems).toEqual([
        expect.stringMatching(
          /was shown line 16 .* the chain ends with line 12 of .* or the cloud was put back to a backup/,
        ),
      ]);
      // The terminal sends its commands again; their lines are others, since they were received at another time.
      await terminal.look(true);
      Object.assign(till, before);
      await till.taken(lost);
      const heads = terminal.rows.headsToTell();
      expect(heads?.length).toBeGreaterThan(3);
      const token = await till.token();
      const told = await kit.call('POST /sync/audit-heads', { heads }, { token });
      expect(AuditHeadsAnswer.parse(told.body)).toEqual({ lost: 1 });
      // Told twice, it is written down once.
      await kit.call('POST /sync/audit-heads', { heads }, { token });
      expect((await contents(tenant.branchId)).filter(({ name }) => name === 'cloud.put-back')).toHaveLength(1);
      await terminal.look();
      const { problems, notes } = await verified(kit, tenant, [terminal]);
      expect(problems).toEqual([]);
      expect(notes).toEqual([
        expect.stringMatching(/the cloud was put back to a backup; it found out on .* had seen line 16/),
      ]);
      terminal.close();
    });

    test('heads that are not signed by this cloud say nothing', async () => {
      await fresh();
      await till.taken(till.sale('s1'));
      const { auditHeads = [] } = (await till.changes()).body;
      const forged = auditHeads.map((head) => ({ ...head, n: head.n + 5 }));
      const told = await kit.call('POST /sync/audit-heads', { heads: forged }, { token: await till.token() });
      expect(told.body).toEqual({ lost: 0 });
    });
  });
});

import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sqlState, withDirectory, withOrg } from '../../src-cloud/store/with-org.ts';
import { CloudKit, type Tenant } from '../helpers/cloud-kit.ts';
import { engines } from '../helpers/engines.ts';

const DIRECTORY = ['account_directory', 'enrolment_code'];

describe.each(engines)('row-level security on $name', (engine) => {
  let kit: CloudKit;
  let own: Tenant;
  let other: Tenant;
  let tables: string[];
  beforeAll(async () => {
    kit = await CloudKit.open(engine);
    own = await kit.organisation();
    other = await kit.organisation();
    for (const tenant of [own, other]) {
      const till = await tenant.till();
      await till.taken(till.sale('s1'));
    }
    const { rows } = await sql<{ name: string }>`select table_name as name from information_schema.columns
      where table_schema = 'public' and column_name = 'org_id' order by 1`.execute(kit.database.db);
    tables = rows.map(({ name }) => name);
  });
  afterAll(() => kit.close());

  const stateOf = async (run: Promise<unknown>): Promise<string | undefined> => {
    try {
      await run;
      return undefined;
    } catch (error) {
      return sqlState(error);
    }
  };

  test('every table with an organisation in it is either guarded by row or in the directory', async () => {
    const { rows } = await sql<{ name: string; isGuarded: boolean; owner: string }>`
      select relname as name, relrowsecurity as "isGuarded", pg_get_userbyid(relowner) as owner from pg_class
      where relname = any(${tables}::text[]) and relkind = 'r'`.execute(kit.database.db);
    expect(rows.length).toBeGreaterThan(10);
    for (const row of rows) {
      expect([row.name, row.isGuarded]).toEqual([row.name, !DIRECTORY.includes(row.name)]);
      expect(row.owner).not.toMatch(/^chefcloud_(app|directory)$/);
    }
    const roles = await sql<Record<string, boolean>>`select rolbypassrls, rolsuper, rolcanlogin from pg_roles
      where rolname in ('chefcloud_app', 'chefcloud_directory')`.execute(kit.database.db);
    expect(roles.rows).toEqual(Array(2).fill({ rolbypassrls: false, rolsuper: false, rolcanlogin: false }));
  });

  test('SET ROLE without an organisation sees no row of any table', async () => {
    for (const table of tables.filter((name) => !DIRECTORY.includes(name))) {
      const count = await kit.database.db.transaction().execute(async (tx) => {
        await sql`set local role chefcloud_app`.execute(tx);
        const { rows } = await sql<{ n: number }>`select count(*) as n from ${sql.table(table)}`.execute(tx);
        return rows[0]?.n;
      });
      expect([table, count]).toEqual([table, 0]);
    }
  });

  test('inside an organisation only its own rows are there, to read, change or delete', async () => {
    const orgs = await withOrg(kit.database.db, own.orgId, (tx) =>
      sql<{
        org_id: string;
      }>`select distinct org_id from entity union select distinct org_id from command union select distinct org_id from order_day`.execute(
        tx,
      ),
    );
    expect(orgs.rows).toEqual([{ org_id: own.orgId }]);
    const changed = await withOrg(kit.database.db, own.orgId, (tx) =>
      sql`update entity set body = '{}' where org_id = ${other.orgId}`.execute(tx),
    );
    expect(changed.numAffectedRows).toBe(0n);
    const deleted = await withOrg(kit.database.db, own.orgId, (tx) =>
      sql`delete from command where org_id = ${other.orgId}`.execute(tx),
    );
    expect(deleted.numAffectedRows).toBe(0n);
  });

  test('a row for another organisation cannot be written', async () => {
    const foreign = withOrg(kit.database.db, own.orgId, (tx) =>
      tx.insertInto('counter').values({ org_id: other.orgId, scope: 'x', seq: 0, token: '' }).execute(),
    );
    expect(await stateOf(foreign)).toBe('42501');
    const moved = withOrg(kit.database.db, own.orgId, (tx) =>
      sql`update counter set org_id = ${other.orgId}`.execute(tx),
    );
    expect(await stateOf(moved)).toBe('42501');
  });

  test('neither role reaches the tables of the other, nor changes the walls', async () => {
    const asApp = (statement: string) =>
      stateOf(withOrg(kit.database.db, own.orgId, (tx) => sql.raw(statement).execute(tx)));
    const asDirectory = (statement: string) =>
      stateOf(withDirectory(kit.database.db, (tx) => sql.raw(statement).execute(tx)));
    for (const table of DIRECTORY) expect(await asApp(`select * from ${table}`)).toBe('42501');
    for (const table of ['entity', 'command', 'staff_login'])
      expect(await asDirectory(`select * from ${table}`)).toBe('42501');
    expect(await asApp('alter table entity disable row level security')).toBe('42501');
    expect(await asApp('drop policy own_organisation on entity')).toBe('42501');
    expect(await asApp('select * from schema_migration')).toBe('42501');
  });

  test('the next transaction of the same connection starts without role and organisation', async () => {
    await withOrg(kit.database.db, own.orgId, (tx) => sql`select 1`.execute(tx));
    const { rows } = await sql<{
      role: string;
      org: string | null;
    }>`select current_user as role, current_setting('app.org_id', true) as org`.execute(kit.database.db);
    expect(rows[0]?.role).not.toBe('chefcloud_app');
    expect(rows[0]?.org ?? '').toBe('');
  });

  test('the root handle inside a transaction is refused instead of waiting for itself', async () => {
    const inside = withOrg(kit.database.db, own.orgId, () =>
      kit.database.db.selectFrom('entity').select('id').execute(),
    );
    await expect(inside).rejects.toThrow('used inside a transaction');
    const nested = withOrg(kit.database.db, own.orgId, () =>
      withOrg(kit.database.db, own.orgId, () => Promise.resolve(1)),
    );
    await expect(nested).rejects.toThrow('used inside a transaction');
  });
});

import { sql } from 'kysely';
import { Branch, Organisation } from '#shared/domain/branch.ts';
import { openTerminalFile, type TerminalFile } from '../../scripts/audit/terminal-check.ts';
import { verifyAudit } from '../../scripts/audit/verify-audit.ts';
import type { Database } from '../../src-cloud/store/database.ts';
import { openStore, type Store } from '../../src-main/store/store.ts';
import { syncRows } from '../../src-main/store/sync-rows.ts';
import type { CloudKit, Tenant, Till } from './cloud-kit.ts';
import { testFolder } from './test-terminal.ts';

/** The store of a real terminal that keeps what a till of the kit is shown. */
export class KeptTerminal {
  readonly folder = testFolder();
  readonly log: string[] = [];
  readonly #till: Till;
  readonly store: Store;
  readonly rows: ReturnType<typeof syncRows>;

  constructor(till: Till) {
    this.#till = till;
    const { tenant } = till;
    this.store = openStore(this.folder, (line) => this.log.push(line));
    const organisation = Organisation.parse({ id: tenant.orgId, name: 'Org', currency: 'UGX' });
    const branch = Branch.parse({
      id: till.branchId,
      name: 'Main',
      zone: 'UTC',
      dayStartHour: 0,
      stations: [{ id: 'grill', name: 'Grill' }],
    });
    const enrolment = { deviceId: till.deviceId, deviceCode: 'T1', deviceName: 'Counter', organisation, branch };
    this.store.write(() => {
      this.store.meta.save(
        'enrolment',
        JSON.stringify({ ...enrolment, cloudUrl: 'http://cloud.test', firstIncarnation: till.incarnation }),
      );
      this.store.outbox.startIncarnation(till.incarnation, 1, '2026-03-02T12:00:00.000Z');
    });
    this.rows = syncRows({
      store: this.store,
      clock: tenant.kit.clock,
      log: (line) => this.log.push(line),
      orgId: tenant.orgId,
      deviceId: till.deviceId,
      onChanged: () => undefined,
      onLamport: () => undefined,
    });
  }

  /** Is shown the cloud's rows as they are now. */
  async look(isReset = false): Promise<void> {
    const { body } = await this.#till.changes();
    this.rows.clearStage();
    this.rows.commitStage({
      cursor: body.cursor,
      isReset,
      outcomes: [],
      watermarks: undefined,
      ackedPosBefore: 0,
      lamport: body.lamport,
      auditHeads: body.auditHeads,
    });
    // The next page is not too soon for another head.
    this.#till.tenant.kit.clock.advance(60_000);
  }

  close(): void {
    this.store.close();
  }
}

/** What `npm run audit -- verify` finds, of one organisation, with the files of these terminals. */
export async function verified(
  kit: CloudKit,
  tenant: Tenant,
  terminals: readonly KeptTerminal[] = [],
): Promise<{ problems: string[]; notes: string[] }> {
  const files: TerminalFile[] = terminals.map(({ folder }) => openTerminalFile(folder));
  try {
    const { problems, notes } = await verifyAudit(kit.database, {
      terminals: files,
      orgId: tenant.orgId,
      publicKey: undefined,
    });
    return { problems, notes };
  } finally {
    for (const file of files) file.close();
  }
}

/** As somebody with all rights over the database, with the trigger out of the way. */
export async function tamper(database: Database, statements: readonly ReturnType<typeof sql>[]): Promise<void> {
  await database.db.transaction().execute(async (tx) => {
    await sql`alter table audit_line disable trigger append_only`.execute(tx);
    for (const statement of statements) await statement.execute(tx);
    await sql`alter table audit_line enable trigger append_only`.execute(tx);
  });
}

/** A backup of every table of a database, and how it is put back. */
export async function backUp(database: Database): Promise<() => Promise<void>> {
  const { rows } = await sql<{ name: string }>`select tablename as name from pg_tables
    where schemaname = 'public' and tablename not like 'kept\_%'`.execute(database.db);
  const tables = rows.map(({ name }) => name);
  for (const name of tables)
    await sql`create table ${sql.table(`kept_${name}`)} as table ${sql.table(name)}`.execute(database.db);
  return async () => {
    await database.db.transaction().execute(async (tx) => {
      for (const name of tables) {
        await sql`truncate ${sql.table(name)}`.execute(tx);
        await sql`insert into ${sql.table(name)} table ${sql.table(`kept_${name}`)}`.execute(tx);
        await sql`drop table ${sql.table(`kept_${name}`)}`.execute(tx);
      }
    });
  };
}

import { sql } from 'kysely';
import { AppError } from '#shared/kernel/errors.ts';
import type { Database } from '../../src-cloud/store/database.ts';
import type { Tx } from '../../src-cloud/store/with-org.ts';
import { type Chain, type ChainFacts, checkChain } from './chain-check.ts';
import { checkCommands, checkFigures, checkSeries } from './command-check.ts';
import { Findings } from './findings.ts';
import { checkHeads, checkOutbox, type TerminalFile } from './terminal-check.ts';

export interface VerifyOptions {
  terminals: readonly TerminalFile[];
  /** Only this organisation. */
  orgId: string | undefined;
  /** The cloud's public key, where its master secret is at hand. */
  publicKey: string | undefined;
}

/**
 * Verifies the audit log of a cloud's database, as its owner, from one snapshot; changes nothing. Chains from their own texts, the command log
 * and the tables against the chains, and both against what the terminals kept. Throws AppError when there is nothing to verify.
 */
export async function verifyAudit(database: Database, options: VerifyOptions): Promise<Findings> {
  const findings = new Findings();
  await database.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      await sql`set transaction read only`.execute(tx);
      const orgIds = await organisations(tx, options.orgId);
      for (const orgId of orgIds) await verifyOrg(tx, orgId, options, findings);
      for (const terminal of options.terminals)
        if (!orgIds.includes(terminal.orgId))
          findings.problem(`${terminal.name}: its organisation ${terminal.orgId} is not in this database.`);
    });
  return findings;
}

async function organisations(tx: Tx, only: string | undefined): Promise<string[]> {
  const { rows: tables } = await sql<{ name: string | null }>`select to_regclass('audit_line')::text as name`.execute(
    tx,
  );
  if (tables[0]?.name === null)
    throw new AppError(
      'file/malformed',
      'This database has no audit log: no ChefCloud that keeps one has opened it yet.',
    );
  const { rows } = await sql<{ id: string }>`
    select org_id as id from counter union select org_id from audit_line order by 1`.execute(tx);
  const ids = rows.map(({ id }) => id).filter((id) => only === undefined || id === only);
  if (ids.length === 0)
    throw new AppError(
      'file/malformed',
      only === undefined
        ? 'There is no organisation in this database.'
        : `There is no organisation ${only} in this database.`,
    );
  return ids;
}

async function verifyOrg(tx: Tx, orgId: string, options: VerifyOptions, findings: Findings): Promise<void> {
  const terminals = options.terminals.filter((terminal) => terminal.orgId === orgId);
  const publicKey = options.publicKey ?? terminals.find(({ auditKey }) => auditKey !== undefined)?.auditKey;
  for (const { name, auditKey } of terminals)
    if (auditKey !== undefined && auditKey !== publicKey)
      findings.problem(
        `${name} was enrolled by a cloud with another key: this is not that cloud, or its master secret was changed.`,
      );
  const facts: ChainFacts = { commands: new Map(), figures: new Map() };
  const { rows: heads } = await sql<{ scope: string; n: number | null; hash: string | null }>`
    select scope, max(n) as n, max(hash) as hash from (
      select scope, audit_n as n, audit_hash as hash from counter where org_id = ${orgId}
      union all select distinct scope, null::int8, null from audit_line where org_id = ${orgId}) as all_scopes
    group by scope order by (scope <> 'org'), scope`.execute(tx);
  const chains: Chain[] = [];
  for (const { scope, n, hash } of heads) {
    const chain = await checkChain(tx, orgId, scope, facts, publicKey, findings);
    chains.push(chain);
    checkEnd(chain, { n: n ?? 0, hash: hash ?? '' }, findings);
  }
  await checkCommands(tx, orgId, facts, findings);
  await checkFigures(tx, orgId, facts, findings);
  await checkSeries(tx, orgId, findings);
  for (const terminal of terminals) {
    checkHeads(terminal, chains, publicKey, findings);
    await checkOutbox(terminal, tx, findings);
  }
}

/** The counter of a chain knows its end too. */
function checkEnd(chain: Chain, head: { n: number; hash: string }, findings: Findings): void {
  if (chain.lastN < head.n)
    findings.problem(
      `Chain ${chain.scope}: its tail was cut: it had ${head.n} lines and ends with line ${chain.lastN}${chain.lastAt === undefined ? '' : ` of ${chain.lastAt}`}.`,
    );
  else if (chain.lastN > head.n)
    findings.problem(
      `Chain ${chain.scope}: it ends with line ${chain.lastN}, but only ${head.n} were written by ChefCloud.`,
    );
  else if (head.n > 0 && chain.hashes.get(head.n) !== head.hash)
    findings.problem(
      `Chain ${chain.scope}: its last line ${head.n} is not the one that ChefCloud wrote; the chain was built anew.`,
    );
}

import { hash } from 'node:crypto';
import { sql } from 'kysely';
import { texts } from './text-list.ts';
import type { Tx } from './with-org.ts';

/** Where a chain ends: how many lines it has, and the hash of the last (empty: none yet). */
export interface ChainHead {
  n: number;
  hash: string;
}

/** A line of a chain. `content` is the exact text that was hashed. */
export interface AuditLine {
  scope: string;
  n: number;
  prev: string;
  hash: string;
  content: string;
}

/** What stands before the first line: a chain cannot be moved to another organisation or branch. */
export function chainStart(orgId: string, scope: string): string {
  return hash('sha256', `chefcloud-audit ${orgId} ${scope}`, 'base64url');
}

/** SHA-256 over the hash before and the text, base64url. */
export function linkHash(prev: string, content: string): string {
  return hash('sha256', prev + content, 'base64url');
}

/** The lines that `contents` become behind `head`, and the new head. */
export function extendChain(
  orgId: string,
  scope: string,
  head: ChainHead,
  contents: readonly string[],
): { lines: AuditLine[]; head: ChainHead } {
  let { n } = head;
  let prev = n === 0 ? chainStart(orgId, scope) : head.hash;
  const lines = contents.map((content): AuditLine => {
    n += 1;
    const line = { scope, n, prev, hash: linkHash(prev, content), content };
    prev = line.hash;
    return line;
  });
  return { lines, head: { n, hash: lines.length === 0 ? head.hash : prev } };
}

/** Writes lines in one statement; the counters of their chains must be locked, and get the new heads in the same transaction. */
export async function insertAuditLines(tx: Tx, orgId: string, lines: readonly AuditLine[]): Promise<void> {
  if (lines.length === 0) return;
  await sql`
    insert into audit_line (org_id, scope, n, prev, hash, content)
    select ${orgId}, scope, n, prev, hash, content
    from unnest(${texts(lines.map(({ scope }) => scope))}, ${lines.map(({ n }) => n)}::int8[], ${texts(lines.map(({ prev }) => prev))},
      ${texts(lines.map((line) => line.hash))}, ${texts(lines.map(({ content }) => content))})
      as x(scope, n, prev, hash, content)`.execute(tx);
}

/**
 * Adds lines to one chain in the caller's transaction, for what is no command. Locks the chain's counter, so it stands where the order of
 * locks allows it: `org` before a branch.
 */
export async function appendAudit(tx: Tx, orgId: string, scope: string, contents: readonly string[]): Promise<void> {
  const { rows } = await sql<ChainHead>`select audit_n as n, audit_hash as hash from counter
    where org_id = ${orgId} and scope = ${scope} for update`.execute(tx);
  const [head] = rows;
  if (head === undefined) throw new Error(`${scope} has no counter`);
  const chain = extendChain(orgId, scope, head, contents);
  await insertAuditLines(tx, orgId, chain.lines);
  await sql`update counter set audit_n = ${chain.head.n}::int8, audit_hash = ${chain.head.hash}
    where org_id = ${orgId} and scope = ${scope}`.execute(tx);
}

/** Lines of one chain above `after`, in their order. */
export async function listAuditLines(
  tx: Tx,
  orgId: string,
  scope: string,
  after: number,
  limit: number,
): Promise<AuditLine[]> {
  const { rows } = await sql<AuditLine>`select scope, n, prev, hash, content from audit_line
    where org_id = ${orgId} and scope = ${scope} and n > ${after}::int8 order by n limit ${limit}::int8`.execute(tx);
  return rows;
}

/** The hashes of those lines of a chain that are there, by their number. */
export async function findAuditHashes(
  tx: Tx,
  orgId: string,
  scope: string,
  numbers: readonly number[],
): Promise<Map<number, string>> {
  const { rows } = await sql<{ n: number; hash: string }>`select n, hash from audit_line
    where org_id = ${orgId} and scope = ${scope} and n = any(${numbers}::int8[])`.execute(tx);
  return new Map(rows.map((row) => [row.n, row.hash]));
}

/** Whether a line above `after` has all these texts in its content. */
export async function hasAuditLine(
  tx: Tx,
  orgId: string,
  scope: string,
  after: number,
  parts: readonly string[],
): Promise<boolean> {
  const { rows } = await sql`select 1 from audit_line
    where org_id = ${orgId} and scope = ${scope} and n > ${after}::int8
      and (select bool_and(strpos(content, part) > 0) from unnest(${parts}::text[]) as part) limit 1`.execute(tx);
  return rows.length > 0;
}

/** Where a chain ends now. */
export async function findChainHead(tx: Tx, orgId: string, scope: string): Promise<ChainHead | undefined> {
  const { rows } = await sql<ChainHead>`select audit_n as n, audit_hash as hash from counter
    where org_id = ${orgId} and scope = ${scope}`.execute(tx);
  return rows[0];
}

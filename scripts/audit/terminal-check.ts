import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { sql } from 'kysely';
import { z } from 'zod';
import { SignedHead } from '#shared/contract/sync-wire.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { DATABASE_FILE } from '../../src-main/store/open-database.ts';
import { isSignedHead } from '../../src-cloud/services/audit-heads.ts';
import type { Tx } from '../../src-cloud/store/with-org.ts';
import type { Chain } from './chain-check.ts';
import { asSent } from './command-check.ts';
import type { Findings } from './findings.ts';

const Enrolment = z.object({
  deviceId: z.string(),
  deviceCode: z.string(),
  organisation: z.object({ id: z.string() }),
});

/** A copy of a terminal's file, opened for reading. */
export interface TerminalFile {
  name: string;
  orgId: string;
  deviceId: string;
  /** The cloud's key that it was given. */
  auditKey: string | undefined;
  heads: SignedHead[];
  db: Database.Database;
  /** Closes the copy and removes it. */
  close(): void;
}

/**
 * Copies the file of a terminal's data folder and opens the copy: a terminal that runs has its file for itself, and nothing of it may change.
 * Throws `file/missing`, `file/malformed`.
 */
export function openTerminalFile(folder: string): TerminalFile {
  const path = join(folder, DATABASE_FILE);
  if (!existsSync(path))
    throw new AppError('file/missing', `--terminal ${folder}: there is no ${DATABASE_FILE} in it.`);
  const copyFolder = mkdtempSync(join(tmpdir(), 'chefcloud-audit-'));
  const copy = join(copyFolder, DATABASE_FILE);
  copyFileSync(path, copy);
  if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${copy}-wal`);
  const db = new Database(copy);
  const close = (): void => {
    db.close();
    rmSync(copyFolder, { recursive: true, force: true });
  };
  try {
    const meta = (key: string): string | undefined =>
      db.prepare<[string], string>('SELECT value FROM meta WHERE key = ?').pluck().get(key);
    const enrolment = Enrolment.parse(JSON.parse(meta('enrolment') ?? ''));
    const rows = db.prepare('SELECT scope, n, hash, at, key, signature FROM audit_head ORDER BY n_kept').all();
    return {
      name: `Terminal ${enrolment.deviceCode}`,
      orgId: enrolment.organisation.id,
      deviceId: enrolment.deviceId,
      auditKey: meta('auditKey'),
      heads: z.array(SignedHead).parse(rows),
      db,
      close,
    };
  } catch (error) {
    close();
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : '';
    throw new AppError(
      'file/malformed',
      `--terminal ${folder}: ${path} cannot be read as that of an enrolled terminal (${why}).`,
    );
  }
}

/** Holds the ends of the chains that a terminal has seen against the chains. */
export function checkHeads(
  terminal: TerminalFile,
  chains: readonly Chain[],
  key: string | undefined,
  findings: Findings,
): void {
  for (const chain of chains) {
    const heads = terminal.heads.filter((head) => head.scope === chain.scope);
    findings.heads += heads.length;
    const isGenuine = (head: SignedHead): boolean => head.key === key && isSignedHead(terminal.orgId, head);
    const forged = heads.filter((head) => !isGenuine(head));
    for (const head of forged)
      findings.problem(
        `${terminal.name}: line ${head.n} of chain ${chain.scope} that it kept is not signed with the cloud's key.`,
      );
    judge(terminal.name, chain, heads.filter(isGenuine), findings);
  }
}

function judge(name: string, chain: Chain, heads: readonly SignedHead[], findings: Findings): void {
  const isHere = (head: SignedHead): boolean => chain.hashes.get(head.n) === head.hash;
  const unexplained: SignedHead[] = [];
  for (const head of heads.filter((each) => !isHere(each))) {
    const why = chain.putBacks.find(({ goodN, received }) => head.n > goodN && head.at <= received);
    if (why === undefined) unexplained.push(head);
    else
      findings.note(
        `Chain ${chain.scope}: the cloud was put back to a backup; it found out on ${why.received} (line ${why.n}). ${name} had seen line ${head.n} on ${head.at}; what stood after line ${why.goodN} then is not here.`,
      );
  }
  const [first] = unexplained.toSorted((a, b) => a.n - b.n);
  if (first === undefined) return;
  const good = Math.max(0, ...heads.filter((head) => isHere(head) && head.n < first.n).map(({ n }) => n));
  const agree = good === 0 ? 'No earlier line that it kept says more' : `Up to line ${good} both agree`;
  if (first.n > chain.lastN) {
    findings.problem(
      `Chain ${chain.scope}: ${name} was shown line ${first.n} on ${first.at}, signed by the cloud, but the chain ends with line ${chain.lastN}${
        chain.lastAt === undefined ? '' : ` of ${chain.lastAt}`
      }: its tail was cut, or the cloud was put back to a backup and has not heard of this terminal since. ${agree}.`,
    );
    return;
  }
  findings.problem(
    `Chain ${chain.scope}: ${name} was shown another line ${first.n} on ${first.at}, signed by the cloud: a line from ${good + 1} to ${first.n} was changed and the chain built anew. ${agree}.`,
  );
}

const PAGE = 2_000;

/** Holds the texts of a terminal's outbox against the command log, entry by entry. */
export async function checkOutbox(terminal: TerminalFile, tx: Tx, findings: Findings): Promise<void> {
  const page = terminal.db.prepare<
    [number, number],
    { pos: number; id: string; seq: number; incarnation: string; body: string }
  >(
    `SELECT pos, id, seq, incarnation, body FROM outbox WHERE pos > ? AND status IN ('SUCCESS', 'FAILED') ORDER BY pos LIMIT ?`,
  );
  let after = 0;
  for (;;) {
    const rows = page.all(after, PAGE);
    findings.entries += rows.length;
    const ids = rows.map(({ id }) => id);
    const { rows: known } = await sql<{ id: string; body: string }>`
      select id, body from command where org_id = ${terminal.orgId} and id = any(${ids}::text[])
      union all select id, entry::json ->> 'body' from quarantine where org_id = ${terminal.orgId} and id = any(${ids}::text[])`.execute(
      tx,
    );
    const bodies = new Map(known.map(({ id, body }) => [id, asSent(body)]));
    for (const row of rows) {
      const body = bodies.get(row.id);
      if (body === undefined)
        findings.problem(
          `${terminal.name}: entry ${row.seq} of series ${row.incarnation} (command ${row.id}) was acknowledged, but is not in the cloud any more.`,
        );
      else if (body !== row.body)
        findings.problem(
          `${terminal.name}: entry ${row.seq} of series ${row.incarnation} (command ${row.id}) has another text in its outbox than in the cloud.`,
        );
    }
    if (rows.length < PAGE) return;
    after = rows.at(-1)?.pos ?? after;
  }
}

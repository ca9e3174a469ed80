import { sql } from 'kysely';
import { findCommand } from '#shared/commands/registry.ts';
import { isErrorCode } from '#shared/kernel/errors.ts';
import { type Kind, parseEntity } from '#shared/domain/entity.ts';
import { bodyHash, figuresOf, isAudited } from '../../src-cloud/services/audit-content.ts';
import type { Tx } from '../../src-cloud/store/with-org.ts';
import { seriesHash, seriesStart } from '../../src-cloud/store/watermarks.ts';
import type { ChainFacts, CommandLine } from './chain-check.ts';
import type { Findings } from './findings.ts';

interface CommandRow {
  id: string;
  name: string;
  version: number;
  branch_id: string;
  actor_id: string;
  status: 'applied' | 'rejected';
  outcome: { flags?: string[]; error?: { code?: string } };
  received_at: string;
  body: string;
}

const PAGE = 2_000;

/** Holds the command log against the chains, both ways: each audited command has its line, and says what the line says. */
export async function checkCommands(tx: Tx, orgId: string, facts: ChainFacts, findings: Findings): Promise<void> {
  const { rows: began } = await sql<{
    at: string;
  }>`select applied_at as at from schema_migration where number = 2`.execute(tx);
  const since = began[0]?.at ?? '';
  const unseen = new Set(facts.commands.keys());
  let after = '';
  for (;;) {
    const { rows } =
      await sql<CommandRow>`select id, name, version, branch_id, actor_id, status, outcome, received_at, body from command
      where org_id = ${orgId} and id > ${after} order by id limit ${PAGE}`.execute(tx);
    for (const row of rows) {
      findings.commands += 1;
      const line = facts.commands.get(row.id);
      unseen.delete(row.id);
      if (line !== undefined) compare(row, line, findings);
      else if (row.received_at >= since && isAudited(findCommand(row.name, row.version)))
        findings.problem(
          `Command ${row.id} (${row.name}, received ${row.received_at}) has no line in the chain of ${row.branch_id} or of the organisation.`,
        );
      after = row.id;
    }
    if (rows.length < PAGE) break;
  }
  for (const id of unseen) {
    const line = facts.commands.get(id);
    findings.problem(
      `Chain ${line?.scope}: line ${line?.n} speaks of command ${id} (${line?.name}), which is not in the command log any more.`,
    );
  }
}

function compare(row: CommandRow, line: CommandLine, findings: Findings): void {
  const differs: string[] = [];
  if (row.name !== line.name) differs.push('its name');
  if (row.actor_id !== line.actor) differs.push('who gave it');
  if (bodyHash(row.body) !== line.body) differs.push('its text');
  if (row.status !== line.status) differs.push('its outcome');
  if ((row.outcome.flags ?? []).join() !== (line.flags ?? []).join()) differs.push('its flags');
  const code = row.outcome.error?.code;
  if (code !== line.error && (code === undefined || isErrorCode(code))) differs.push('why it was refused');
  if (differs.length === 0) return;
  findings.problem(
    `Command ${row.id} (${row.name}) was changed: ${differs.join(', ')} is not what line ${line.n} of chain ${line.scope} says.`,
  );
}

/** Holds what is in the tables now against the last line of each thing. */
export async function checkFigures(tx: Tx, orgId: string, facts: ChainFacts, findings: Findings): Promise<void> {
  const all = [...facts.figures.values()];
  const say = (each: (typeof all)[number], now: string): void =>
    findings.problem(
      `The ${each.kind} ${each.id} is not what line ${each.n} of chain ${each.scope} left: there ${JSON.stringify(each.after)}, now ${now}.`,
    );
  for (let from = 0; from < all.length; from += PAGE) {
    const page = all.slice(from, from + PAGE);
    const { rows } = await sql<{ kind: Kind; id: string; body: unknown }>`select e.kind, e.id, e.body
      from unnest(${page.map(({ kind }) => kind)}::text[], ${page.map(({ id }) => id)}::text[]) as wanted(kind, id)
      join entity e on e.org_id = ${orgId} and e.kind = wanted.kind and e.id = wanted.id`.execute(tx);
    const now = new Map(rows.map((row) => [`${row.kind}/${row.id}`, row]));
    for (const each of page) {
      if (!ENTITY_KINDS.has(each.kind)) continue;
      const row = now.get(`${each.kind}/${each.id}`);
      const parsed = row === undefined ? undefined : parseEntity(row.kind, row.body);
      if (row === undefined) say(each, 'gone');
      else if (parsed?.success !== true) say(each, 'unreadable');
      else {
        const figures = JSON.stringify(figuresOf({ kind: row.kind, body: parsed.data }) ?? null);
        if (figures !== JSON.stringify(each.after)) say(each, figures);
      }
    }
  }
  await checkDevices(tx, orgId, facts, say);
}

const ENTITY_KINDS = new Set(['order', 'shift', 'staff', 'pin', 'menuItem', 'availability', 'stockItem', 'anomaly']);

type Figure = ChainFacts['figures'] extends Map<string, infer V> ? V : never;

async function checkDevices(
  tx: Tx,
  orgId: string,
  facts: ChainFacts,
  say: (figure: Figure, now: string) => void,
): Promise<void> {
  const { rows } = await sql<{ kind: string; id: string; text: string }>`
    select 'device' as kind, id, status as text from device where org_id = ${orgId}
    union all select 'login', staff_id, email from staff_login where org_id = ${orgId}`.execute(tx);
  const now = new Map(rows.map((row) => [`${row.kind}/${row.id}`, row.text]));
  for (const [key, figure] of facts.figures) {
    const field = { device: 'status', login: 'email' }[figure.kind];
    if (field === undefined) continue;
    const text = now.get(key);
    if (text !== figure.after?.[field]) say(figure, text ?? 'gone');
  }
}

/** Recomputes the rolling hash of each series from the command log, and holds it against what was received and what the terminal says. */
export async function checkSeries(tx: Tx, orgId: string, findings: Findings): Promise<void> {
  const { rows: series } = await sql<{
    device_id: string;
    incarnation: string;
    seq: number;
    head_hash: string | null;
    told_seq: number | null;
    told_hash: string | null;
  }>`select device_id, incarnation, seq, head_hash, told_seq, told_hash from watermark where org_id = ${orgId} order by device_id, incarnation`.execute(
    tx,
  );
  for (const each of series) {
    if (each.head_hash === null) continue;
    const name = `terminal ${each.device_id}, series ${each.incarnation}`;
    let hash = seriesStart(each.incarnation);
    let seq = 0;
    let told: string | undefined;
    for (;;) {
      const { rows } = await sql<{ seq: number; body: string }>`select seq, body from command
        where org_id = ${orgId} and device_id = ${each.device_id} and incarnation = ${each.incarnation} and seq > ${seq}::int8 and seq <= ${each.seq}::int8
        order by seq limit ${PAGE}`.execute(tx);
      for (const row of rows) {
        if (row.seq !== seq + 1) break;
        seq = row.seq;
        hash = seriesHash(hash, asSent(row.body));
        if (seq === each.told_seq) told = hash;
      }
      if (rows.length < PAGE || rows.at(-1)?.seq !== seq) break;
    }
    if (seq < each.seq) {
      // An entry whose command came under another series before has no row of its own here.
      findings.note(
        `The ${name}: entry ${seq + 1} stands in the log under another series; its rolling hash ends there.`,
      );
      continue;
    }
    if (hash !== each.head_hash)
      findings.problem(
        `The ${name}: the command log is not what the terminal once sent; an entry up to ${seq} was changed.`,
      );
    if (told !== undefined && told !== each.told_hash)
      findings.problem(
        `The ${name}: up to entry ${each.told_seq} the terminal’s outbox is not what the cloud has; one of them was changed.`,
      );
  }
}

/** The text as it came: what was no envelope is kept as a JSON text of it. */
export function asSent(body: string): string {
  return body.startsWith('"') ? (JSON.parse(body) as string) : body;
}

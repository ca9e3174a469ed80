import { sql } from 'kysely';
import { type Find, scopeOf } from '#shared/commands/engine.ts';
import { entityIndex, type Put } from '#shared/domain/entity.ts';
import { type DayFact, dayFacts } from '#shared/domain/kpi.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { type AuditLine, extendChain } from './audit-log.ts';
import type { CommandOrigin, CommandRecord } from './command-log.ts';
import { type Counters, NeedsOrgCounter } from './entity-store.ts';
import { texts } from './text-list.ts';
import type { Tx } from './with-org.ts';

export interface Saved {
  /** Both counters after this transaction; `org` is 0 when it wrote no row of the organisation. */
  visible: { org: number; branch: number };
  /** The counters that moved: `org`, the branch's id. */
  scopes: string[];
  /** Business days whose figures may have changed. */
  days: string[];
}

export interface SaveOptions {
  orgId: string;
  branchId: string;
  counters: Counters;
  /** The entities as they were before, for what changed in their figures. */
  before: Find;
  nowMs: number;
  /** Random text that the transaction leaves in the counters it moves. */
  token: string;
  /** Moves the branch's counter even without rows, so that readers get the outcomes of what wrote none. */
  movesBranch: boolean;
  /** The lines that this transaction adds to the audit chains, in their order. */
  audit?: readonly AuditEntry[];
}

/** A line to be, and the chain that it belongs to. */
export interface AuditEntry {
  scope: 'org' | 'branch';
  content: string;
}

/** Commands that are recorded together with the rows that they wrote. */
export interface RecordedCommands {
  origin: CommandOrigin;
  records: readonly CommandRecord[];
}

/** What a part of a transaction writes: worked out at once, so that the next part can go on from its counters while it is on its way. */
export interface RowsPlan {
  options: SaveOptions;
  /** Where the counters and the chains stand behind it. */
  counters: Counters;
  saved: Saved;
  seqs: number[];
  entities: { kind: string; id: string; scope: string; state: string; day: string; body: string }[];
  facts: (DayFact & { orderId: string })[];
  gone: { day: string; orderId: string }[];
  /** Days whose rollups are dropped. */
  touchedDays: string[];
  lines: AuditLine[];
}

/** Gives rows their `seq` and lines their place. Throws `NeedsOrgCounter` when the locks do not suffice. */
export function planRows(puts: readonly Put[], options: SaveOptions): RowsPlan {
  const { branchId } = options;
  const counters: Counters = { ...options.counters, audit: { ...options.counters.audit } };
  const { orgSeq, branchSeq } = counters;
  const days = new Set<string>();
  const plan: RowsPlan = {
    options,
    counters,
    saved: { visible: { org: 0, branch: 0 }, scopes: [], days: [] },
    seqs: [],
    entities: [],
    facts: [],
    gone: [],
    touchedDays: [],
    lines: [],
  };
  for (const row of puts) {
    const isOrg = scopeOf(row.kind) === 'org';
    if (isOrg && !counters.hasOrg) throw new NeedsOrgCounter();
    const { state, day } = entityIndex(row);
    if (day !== null) days.add(day);
    plan.seqs.push(isOrg ? (counters.orgSeq += 1) : (counters.branchSeq += 1));
    const scope = isOrg ? 'org' : branchId;
    const body = JSON.stringify(row.body);
    plan.entities.push({ kind: row.kind, id: row.id, scope, state: state ?? '', day: day ?? '', body });
  }
  if (options.movesBranch && counters.branchSeq === branchSeq) counters.branchSeq += 1;
  planDayFacts(plan, puts);
  planAudit(plan);
  for (const day of plan.touchedDays) days.add(day);
  plan.saved = {
    visible: { org: counters.orgSeq > orgSeq ? counters.orgSeq : 0, branch: counters.branchSeq },
    scopes: [...(counters.orgSeq > orgSeq ? ['org'] : []), ...(counters.branchSeq > branchSeq ? [branchId] : [])],
    days: [...days],
  };
  return plan;
}

/**
 * Saves all rows, gives each its `seq`, adds the lines of the audit, and moves the counters. The locks of `lockCounters` must be held.
 * Throws `NeedsOrgCounter` before writing when they do not suffice.
 */
export async function saveRows(
  tx: Tx,
  puts: readonly Put[],
  options: SaveOptions,
  commands?: RecordedCommands,
): Promise<Saved> {
  const plan = planRows(puts, options);
  await writeRows(tx, plan, commands);
  await moveCounters(tx, options, options.counters, plan.counters);
  return plan.saved;
}

function isSameFact(a: DayFact, b: DayFact): boolean {
  return (
    a.salesMinor === b.salesMinor &&
    a.cashMinor === b.cashMinor &&
    a.momoMinor === b.momoMinor &&
    a.cardMinor === b.cardMinor &&
    a.orders === b.orders
  );
}

/** One row per order and day stays in step with the orders; the rollups of the days they touch go (missing = computed afresh). */
function planDayFacts(plan: RowsPlan, puts: readonly Put[]): void {
  const touched = new Set<string>();
  for (const row of puts) {
    if (row.kind !== 'order') continue;
    const now = dayFacts(row.body);
    const former = plan.options.before('order', row.id);
    const past = former === undefined ? [] : dayFacts(former);
    for (const fact of now) {
      const known = past.find(({ day }) => day === fact.day);
      if (known !== undefined && isSameFact(known, fact)) continue;
      touched.add(fact.day);
      plan.facts.push({ ...fact, orderId: row.id });
    }
    for (const { day } of past) {
      if (now.some((fact) => fact.day === day)) continue;
      touched.add(day);
      plan.gone.push({ day, orderId: row.id });
    }
  }
  plan.touchedDays = [...touched];
}

function planAudit(plan: RowsPlan): void {
  const { orgId, branchId, audit = [] } = plan.options;
  for (const scope of ['org', 'branch'] as const) {
    const contents = audit.filter((entry) => entry.scope === scope).map(({ content }) => content);
    if (contents.length === 0) continue;
    if (scope === 'org' && !plan.counters.hasOrg) throw new NeedsOrgCounter();
    const name = scope === 'org' ? 'org' : branchId;
    const chain = extendChain(orgId, name, plan.counters.audit[scope], contents);
    plan.lines.push(...chain.lines);
    plan.counters.audit[scope] = chain.head;
  }
}

/** Writes a part in one statement, with the commands that made it. The counters are moved after the last part. */
export async function writeRows(tx: Tx, plan: RowsPlan, commands?: RecordedCommands): Promise<void> {
  const { options, saved, seqs, entities, facts, gone, lines } = plan;
  const { orgId, branchId, nowMs } = options;
  const at = isoAt(nowMs);
  const { records = [], origin } = commands ?? {};
  if (entities.length + lines.length + records.length === 0) return;
  await sql`
    with saved_rows as (
      insert into entity (org_id, kind, id, scope, seq, state, day, body, updated_at)
      select ${orgId}, kind, id, scope, seq, nullif(state, ''), nullif(day, ''), body::jsonb, ${at}::timestamptz
      from unnest(${texts(entities.map(({ kind }) => kind))}, ${texts(entities.map(({ id }) => id))},
        ${texts(entities.map(({ scope }) => scope))}, ${seqs}::int8[], ${texts(entities.map(({ state }) => state))},
        ${texts(entities.map(({ day }) => day))}, ${texts(entities.map(({ body }) => body))})
        as x(kind, id, scope, seq, state, day, body)
      on conflict (org_id, kind, id) do update set scope = excluded.scope, seq = excluded.seq, state = excluded.state,
        day = excluded.day, body = excluded.body, updated_at = excluded.updated_at),
    saved_facts as (
      insert into order_day (org_id, branch_id, day, order_id, sales_minor, cash_minor, momo_minor, card_minor, orders)
      select ${orgId}, ${branchId}, day, order_id, sales_minor, cash_minor, momo_minor, card_minor, orders
      from unnest(${texts(facts.map(({ day }) => day))}, ${texts(facts.map(({ orderId }) => orderId))},
        ${facts.map(({ salesMinor }) => salesMinor)}::int8[], ${facts.map(({ cashMinor }) => cashMinor)}::int8[],
        ${facts.map(({ momoMinor }) => momoMinor)}::int8[], ${facts.map(({ cardMinor }) => cardMinor)}::int8[],
        ${facts.map(({ orders }) => orders)}::int8[])
        as x(day, order_id, sales_minor, cash_minor, momo_minor, card_minor, orders)
      on conflict (org_id, branch_id, day, order_id) do update set sales_minor = excluded.sales_minor,
        cash_minor = excluded.cash_minor, momo_minor = excluded.momo_minor, card_minor = excluded.card_minor,
        orders = excluded.orders),
    gone_facts as (
      delete from order_day d
      using unnest(${gone.map(({ day }) => day)}::text[], ${gone.map(({ orderId }) => orderId)}::text[]) as gone(day, order_id)
      where d.org_id = ${orgId} and d.branch_id = ${branchId} and d.day = gone.day and d.order_id = gone.order_id),
    gone_rollups as (
      delete from day_rollup where org_id = ${orgId} and branch_id = ${branchId} and day = any(${plan.touchedDays}::text[])),
    saved_lines as (
      insert into audit_line (org_id, scope, n, prev, hash, content)
      select ${orgId}, scope, n, prev, hash, content
      from unnest(${texts(lines.map(({ scope }) => scope))}, ${lines.map(({ n }) => n)}::int8[], ${texts(lines.map(({ prev }) => prev))},
        ${texts(lines.map(({ hash }) => hash))}, ${texts(lines.map(({ content }) => content))})
        as x(scope, n, prev, hash, content))
    insert into command (org_id, id, branch_id, device_id, incarnation, seq, lamport, name, version, actor_id, approved_by, device_at,
      received_at, status, outcome, visible_org, visible_branch, body)
    select ${orgId}, id, ${branchId}, ${origin?.deviceId ?? ''}::text, ${origin?.incarnation ?? null}::text, seq, lamport, name, version,
      actor_id, nullif(approved_by, ''), nullif(device_at, '')::timestamptz, ${at}::timestamptz, status, outcome::jsonb,
      ${saved.visible.org}::int8, ${saved.visible.branch}::int8, body
    from unnest(
      ${texts(records.map(({ id }) => id))}, ${records.map(({ seq }) => seq)}::int8[], ${records.map(({ lamport }) => lamport)}::int8[],
      ${texts(records.map(({ name }) => name))}, ${records.map(({ version }) => version)}::int4[],
      ${texts(records.map(({ actorId }) => actorId))}, ${texts(records.map(({ approvedBy }) => approvedBy ?? ''))},
      ${texts(records.map(({ deviceAt }) => deviceAt ?? ''))}, ${texts(records.map(({ status }) => status))},
      ${texts(records.map(({ outcome }) => outcomeText(outcome)))}, ${texts(records.map(({ body }) => body))})
      as x(id, seq, lamport, name, version, actor_id, approved_by, device_at, status, outcome, body)`.execute(tx);
}

const NOTHING_SAID = '{"flags":[]}';

function outcomeText(outcome: CommandRecord['outcome']): string {
  const isPlain = outcome.flags.length === 0 && outcome.error === undefined && outcome.rows === undefined;
  return isPlain ? NOTHING_SAID : JSON.stringify(outcome);
}

/** Moves the counters from where they were locked to behind the last part, each with a token when rows became visible. */
export async function moveCounters(
  tx: Tx,
  { orgId, branchId, token, nowMs }: Pick<SaveOptions, 'orgId' | 'branchId' | 'token' | 'nowMs'>,
  from: Counters,
  to: Counters,
): Promise<void> {
  const changed = [
    { scope: 'org', seq: to.orgSeq, isMoved: to.orgSeq > from.orgSeq, before: from.audit.org, head: to.audit.org },
    {
      scope: branchId,
      seq: to.branchSeq,
      isMoved: to.branchSeq > from.branchSeq,
      before: from.audit.branch,
      head: to.audit.branch,
    },
  ].filter(({ isMoved, before, head }) => isMoved || head.n > before.n);
  if (changed.length === 0) return;
  await sql`
    with moved as (
      update counter c set seq = m.seq, token = case when m.is_moved then ${token} else c.token end,
        audit_n = m.n, audit_hash = m.hash
      from unnest(${changed.map(({ scope }) => scope)}::text[], ${changed.map(({ seq }) => seq)}::int8[],
        ${changed.map(({ isMoved }) => isMoved)}::bool[], ${changed.map(({ head }) => head.n)}::int8[],
        ${changed.map(({ head }) => head.hash)}::text[]) as m(scope, seq, is_moved, n, hash)
      where c.org_id = ${orgId} and c.scope = m.scope
      returning c.scope, c.seq, m.is_moved)
    insert into counter_token (org_id, scope, seq, token, at)
    select ${orgId}, scope, seq, ${token}, ${isoAt(nowMs)}::timestamptz from moved where is_moved`.execute(tx);
}

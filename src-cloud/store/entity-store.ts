import { sql } from 'kysely';
import type { Find } from '#shared/commands/engine.ts';
import { scopeOf } from '#shared/commands/engine.ts';
import {
  entityIndex,
  type EntityOf,
  type Kind,
  parseEntity,
  type Put,
  put,
  type Ref,
  refKey,
} from '#shared/domain/entity.ts';
import { type DayFact, dayFacts } from '#shared/domain/kpi.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { type AuditLine, type ChainHead, extendChain, insertAuditLines } from './audit-log.ts';
import { texts } from './text-list.ts';
import type { Tx } from './with-org.ts';

/** A row that is there but does not fit its schema: nothing is done with it, and somebody must look. */
export interface DamagedRow {
  kind: string;
  id: string;
  issue: string;
}

/** Entities of one transaction: loaded by sets, found in memory. */
export class EntityRows {
  readonly #tx: Tx;
  readonly #orgId: string;
  readonly #onDamaged: (row: DamagedRow) => void;
  readonly #rows = new Map<string, Put | undefined>();

  constructor(tx: Tx, orgId: string, onDamaged: (row: DamagedRow) => void) {
    this.#tx = tx;
    this.#orgId = orgId;
    this.#onDamaged = onDamaged;
  }

  /** Whether this entity was looked up, found or not. */
  has(ref: Ref): boolean {
    return this.#rows.has(refKey(ref));
  }

  /** Loads those of `refs` that were not looked up yet, in one query. A damaged row reads as absent from `find` and is reported. */
  async load(refs: readonly Ref[]): Promise<void> {
    const kinds: string[] = [];
    const ids: string[] = [];
    for (const ref of refs) {
      const key = refKey(ref);
      if (this.#rows.has(key)) continue;
      this.#rows.set(key, undefined);
      kinds.push(ref.kind);
      ids.push(ref.id);
    }
    if (ids.length === 0) return;
    const { rows } = await sql<{ kind: Kind; id: string; body: unknown }>`
      select e.kind, e.id, e.body from unnest(${texts(kinds)}, ${texts(ids)}) as wanted(kind, id)
      join entity e on e.org_id = ${this.#orgId} and e.kind = wanted.kind and e.id = wanted.id`.execute(this.#tx);
    for (const row of rows) {
      const parsed = parseEntity(row.kind, row.body);
      if (parsed.success) this.#rows.set(refKey(row), put(row.kind, parsed.data));
      else this.#onDamaged({ kind: row.kind, id: row.id, issue: parsed.error.issues[0]?.message ?? '' });
    }
  }

  /** Throws for an entity that was never loaded: a command that reads what it did not name is a bug, not an absent row. */
  readonly find: Find = <K extends Kind>(kind: K, id: string): EntityOf<K> | undefined => {
    const key = refKey({ kind, id });
    if (!this.#rows.has(key)) throw new Error(`${key} was read without having been named`);
    return this.#rows.get(key)?.body as EntityOf<K> | undefined;
  };
}

/** Where the two counters stand; their rows are locked by the transaction that holds this. */
export interface Counters {
  orgSeq: number;
  branchSeq: number;
  /** Whether the organisation's counter is locked, so that its rows may be written. */
  hasOrg: boolean;
  /** Where their audit chains end. */
  audit: { org: ChainHead; branch: ChainHead };
}

/** Thrown before anything is written when organisation rows turn up in a transaction that did not lock that counter. */
export class NeedsOrgCounter extends Error {
  constructor() {
    super('rows of the organisation need its counter');
    this.name = 'NeedsOrgCounter';
  }
}

/** Locks the organisation's counter if asked, then the branch's: the one order in which everybody does it (DESIGN §5). */
export async function lockCounters(
  tx: Tx,
  orgId: string,
  branchId: string,
  options: { withOrg: boolean },
): Promise<Counters> {
  const scopes = options.withOrg ? ['org', branchId] : [branchId];
  const { rows } = await sql<{ scope: string; seq: number; n: number; hash: string }>`
    select scope, seq, audit_n as n, audit_hash as hash from counter where org_id = ${orgId} and scope = any(${scopes}::text[])
    order by (scope <> 'org') for update`.execute(tx);
  const branch = rows.find((row) => row.scope === branchId);
  const org = rows.find((row) => row.scope === 'org');
  if (branch === undefined) throw new Error(`branch ${branchId} has no counter`);
  const headOf = (row: ChainHead | undefined): ChainHead => ({ n: row?.n ?? 0, hash: row?.hash ?? '' });
  return {
    orgSeq: org?.seq ?? 0,
    branchSeq: branch.seq,
    hasOrg: options.withOrg,
    audit: { org: headOf(org), branch: headOf(branch) },
  };
}

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

/**
 * Saves all rows with one statement per table, gives each its `seq`, and moves the counters. The locks of `lockCounters` must be held.
 * Throws `NeedsOrgCounter` before writing when they do not suffice.
 */
export async function saveRows(tx: Tx, puts: readonly Put[], options: SaveOptions): Promise<Saved> {
  const { orgId, branchId, counters, nowMs, token } = options;
  const at = isoAt(nowMs);
  let { orgSeq, branchSeq } = counters;
  const days = new Set<string>();
  const seqs: number[] = [];
  const entities: { kind: string; id: string; scope: string; state: string; day: string; body: string }[] = [];
  for (const row of puts) {
    const isOrg = scopeOf(row.kind) === 'org';
    if (isOrg && !counters.hasOrg) throw new NeedsOrgCounter();
    const { state, day } = entityIndex(row);
    if (day !== null) days.add(day);
    seqs.push(isOrg ? (orgSeq += 1) : (branchSeq += 1));
    const scope = isOrg ? 'org' : branchId;
    entities.push({
      kind: row.kind,
      id: row.id,
      scope,
      state: state ?? '',
      day: day ?? '',
      body: JSON.stringify(row.body),
    });
  }
  if (options.movesBranch && branchSeq === counters.branchSeq) branchSeq += 1;
  if (entities.length > 0) {
    await sql`
      insert into entity (org_id, kind, id, scope, seq, state, day, body, updated_at)
      select ${orgId}, kind, id, scope, seq, nullif(state, ''), nullif(day, ''), body::jsonb, ${at}::timestamptz
      from unnest(${texts(entities.map(({ kind }) => kind))}, ${texts(entities.map(({ id }) => id))},
        ${texts(entities.map(({ scope }) => scope))}, ${seqs}::int8[], ${texts(entities.map(({ state }) => state))},
        ${texts(entities.map(({ day }) => day))}, ${texts(entities.map(({ body }) => body))})
        as x(kind, id, scope, seq, state, day, body)
      on conflict (org_id, kind, id) do update set scope = excluded.scope, seq = excluded.seq, state = excluded.state,
        day = excluded.day, body = excluded.body, updated_at = excluded.updated_at`.execute(tx);
  }
  await saveDayFacts(tx, puts, options, days);
  const chains = await saveAudit(tx, options);
  const moved = [
    { scope: 'org', seq: orgSeq, isMoved: orgSeq > counters.orgSeq, head: chains.org },
    { scope: branchId, seq: branchSeq, isMoved: branchSeq > counters.branchSeq, head: chains.branch },
  ];
  await moveCounters(tx, orgId, moved, token, at);
  return {
    visible: { org: orgSeq > counters.orgSeq ? orgSeq : 0, branch: branchSeq },
    scopes: moved.filter(({ isMoved }) => isMoved).map(({ scope }) => scope),
    days: [...days],
  };
}

/** The new heads of the chains that got lines. */
interface NewHeads {
  org?: ChainHead;
  branch?: ChainHead;
}

async function saveAudit(tx: Tx, options: SaveOptions): Promise<NewHeads> {
  const { orgId, branchId, counters, audit = [] } = options;
  const heads: NewHeads = {};
  const lines: AuditLine[] = [];
  for (const scope of ['org', 'branch'] as const) {
    const contents = audit.filter((entry) => entry.scope === scope).map(({ content }) => content);
    if (contents.length === 0) continue;
    if (scope === 'org' && !counters.hasOrg) throw new NeedsOrgCounter();
    const chain = extendChain(orgId, scope === 'org' ? 'org' : branchId, counters.audit[scope], contents);
    lines.push(...chain.lines);
    heads[scope] = chain.head;
  }
  await insertAuditLines(tx, orgId, lines);
  return heads;
}

async function moveCounters(
  tx: Tx,
  orgId: string,
  counters: { scope: string; seq: number; isMoved: boolean; head: ChainHead | undefined }[],
  token: string,
  at: string,
): Promise<void> {
  const changed = counters.filter(({ isMoved, head }) => isMoved || head !== undefined);
  if (changed.length === 0) return;
  await sql`
    with moved as (
      update counter c set seq = m.seq, token = case when m.is_moved then ${token} else c.token end,
        audit_n = coalesce(m.n, c.audit_n), audit_hash = coalesce(m.hash, c.audit_hash)
      from unnest(${changed.map(({ scope }) => scope)}::text[], ${changed.map(({ seq }) => seq)}::int8[],
        ${changed.map(({ isMoved }) => isMoved)}::bool[], ${changed.map(({ head }) => head?.n ?? null)}::int8[],
        ${changed.map(({ head }) => head?.hash ?? null)}::text[]) as m(scope, seq, is_moved, n, hash)
      where c.org_id = ${orgId} and c.scope = m.scope
      returning c.scope, c.seq, m.is_moved)
    insert into counter_token (org_id, scope, seq, token, at)
    select ${orgId}, scope, seq, ${token}, ${at}::timestamptz from moved where is_moved`.execute(tx);
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

/** Keeps one row per order and day in step with the orders, and drops the rollups of the days they touch (missing = computed afresh). */
async function saveDayFacts(
  tx: Tx,
  puts: readonly Put[],
  { orgId, branchId, before }: SaveOptions,
  days: Set<string>,
): Promise<void> {
  const facts: (DayFact & { orderId: string })[] = [];
  const goneDays: string[] = [];
  const goneOrders: string[] = [];
  const touched = new Set<string>();
  for (const row of puts) {
    if (row.kind !== 'order') continue;
    const now = dayFacts(row.body);
    const former = before('order', row.id);
    const past = former === undefined ? [] : dayFacts(former);
    for (const fact of now) {
      const known = past.find(({ day }) => day === fact.day);
      if (known !== undefined && isSameFact(known, fact)) continue;
      touched.add(fact.day);
      facts.push({ ...fact, orderId: row.id });
    }
    for (const { day } of past) {
      if (now.some((fact) => fact.day === day)) continue;
      touched.add(day);
      goneDays.push(day);
      goneOrders.push(row.id);
    }
  }
  if (facts.length > 0) {
    await sql`
      insert into order_day (org_id, branch_id, day, order_id, sales_minor, cash_minor, momo_minor, card_minor, orders)
      select ${orgId}, ${branchId}, day, order_id, sales_minor, cash_minor, momo_minor, card_minor, orders
      from unnest(${texts(facts.map(({ day }) => day))}, ${texts(facts.map(({ orderId }) => orderId))},
        ${facts.map(({ salesMinor }) => salesMinor)}::int8[], ${facts.map(({ cashMinor }) => cashMinor)}::int8[],
        ${facts.map(({ momoMinor }) => momoMinor)}::int8[], ${facts.map(({ cardMinor }) => cardMinor)}::int8[],
        ${facts.map(({ orders }) => orders)}::int8[])
        as x(day, order_id, sales_minor, cash_minor, momo_minor, card_minor, orders)
      on conflict (org_id, branch_id, day, order_id) do update set sales_minor = excluded.sales_minor,
        cash_minor = excluded.cash_minor, momo_minor = excluded.momo_minor, card_minor = excluded.card_minor,
        orders = excluded.orders`.execute(tx);
  }
  if (goneDays.length > 0) {
    await sql`
      delete from order_day d using unnest(${goneDays}::text[], ${goneOrders}::text[]) as gone(day, order_id)
      where d.org_id = ${orgId} and d.branch_id = ${branchId} and d.day = gone.day and d.order_id = gone.order_id`.execute(
      tx,
    );
  }
  for (const day of touched) days.add(day);
  if (touched.size === 0) return;
  await tx
    .deleteFrom('day_rollup')
    .where('org_id', '=', orgId)
    .where('branch_id', '=', branchId)
    .where('day', 'in', [...touched])
    .execute();
}

import { sql } from 'kysely';
import type { Find } from '#shared/commands/engine.ts';
import { type EntityOf, type Kind, parseEntity, type Put, put, type Ref, refKey } from '#shared/domain/entity.ts';
import type { ChainHead } from './audit-log.ts';
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

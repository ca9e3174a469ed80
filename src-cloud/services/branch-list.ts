import { sql } from 'kysely';
import type { Branch } from '#shared/domain/branch.ts';
import { type Kind, parseEntity } from '#shared/domain/entity.ts';
import type { Tx } from '../store/with-org.ts';

/** The branches of an organisation, in the order of their ids, and where its counter stood when they were read. */
export interface BranchList {
  orgSeq: number;
  branches: readonly Branch[];
  currency: string;
}

/** Reads organisation and branches in one statement. A damaged branch row is left out. */
export async function listBranches(tx: Tx, orgId: string): Promise<BranchList> {
  const { rows } = await sql<{ kind: Kind; body: unknown; org_seq: number }>`
    select e.kind, e.body, c.seq as org_seq from counter c
    join entity e on e.org_id = c.org_id and e.kind in ('organisation', 'branch')
    where c.org_id = ${orgId} and c.scope = 'org'
    order by e.kind, e.id`.execute(tx);
  const branches: Branch[] = [];
  let currency = '';
  for (const row of rows) {
    if (row.kind === 'organisation') {
      const organisation = parseEntity('organisation', row.body);
      if (organisation.success) currency = organisation.data.currency;
      continue;
    }
    const branch = parseEntity('branch', row.body);
    if (branch.success) branches.push(branch.data);
  }
  return { orgSeq: rows[0]?.org_seq ?? 0, branches, currency };
}

import type { Branch } from '#shared/domain/branch.ts';
import { AppError } from '#shared/kernel/errors.ts';
import type { CloudContext, UserCaller } from '../context.ts';
import { withOrg } from '../store/with-org.ts';
import { maySeeBranch } from './auth.ts';
import { type BranchList, listBranches } from './branch-list.ts';
import type { KpiScope, KpiSource } from './kpi-feed.ts';
import { readLiveFigures } from './kpi-snapshot.ts';
import { listTerminals } from './kpi-status.ts';

/** Whose figures a person has asked for, and may see. */
export interface AskedFigures {
  scope: KpiScope;
  branches: readonly Branch[];
  list: BranchList;
}

/**
 * Judges SPEC A3: one branch only when it is theirs; the organisation is the assigned branches for L4 and all for L5.
 * Throws `auth/other-branch`, for a branch of another organisation too: whether it exists is nobody's business.
 */
export async function askedFigures(
  ctx: CloudContext,
  caller: UserCaller,
  query: { scope: 'org' | 'branch'; branchId?: Branch['id'] | undefined },
): Promise<AskedFigures> {
  const { orgId } = caller;
  const list = await withOrg(ctx.database.db, orgId, (tx) => listBranches(tx, orgId));
  if (query.scope === 'branch') {
    const branch = list.branches.find(({ id }) => id === query.branchId);
    if (branch === undefined || !maySeeBranch(caller, branch.id)) throw new AppError('auth/other-branch');
    return { scope: { kind: 'branch', orgId, branchId: branch.id }, branches: [branch], list };
  }
  if (caller.level === 'L5') return { scope: { kind: 'org', orgId }, branches: list.branches, list };
  const branches = list.branches.filter(({ id }) => maySeeBranch(caller, id));
  return { scope: { kind: 'branches', orgId, branchIds: branches.map(({ id }) => id) }, branches, list };
}

/** The live figures as the feed wants them: figures and terminals of some branches. */
export function kpiSource(ctx: CloudContext): KpiSource {
  const { db } = ctx.database;
  return {
    branches: (orgId) => withOrg(db, orgId, (tx) => listBranches(tx, orgId)),
    async read(orgId, branches, nowMs) {
      const figures = await readLiveFigures(db, orgId, branches, nowMs);
      const ids = branches.map(({ id }) => id);
      const terminals = await withOrg(db, orgId, (tx) => listTerminals(tx, orgId, ids));
      return { figures, terminals };
    },
  };
}

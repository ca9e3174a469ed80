import { formatCursor, type Position, START } from '#shared/sync/cursor.ts';
import type { CloudContext } from '../context.ts';
import { withOrg } from '../store/with-org.ts';
import type { ChangesSource } from '../stream/changes-feed.ts';
import { readChanges } from './changes.ts';

/** The log as the streams read it. */
export function changesSource(ctx: CloudContext): ChangesSource {
  return {
    read: (orgId, branchId, after, limit) => readChanges(ctx, orgId, branchId, after, limit),
    async head(orgId, branchId) {
      const rows = await withOrg(ctx.database.db, orgId, (tx) =>
        tx
          .selectFrom('counter')
          .select(['scope', 'seq', 'token'])
          .where('org_id', '=', orgId)
          .where('scope', 'in', ['org', branchId])
          .execute(),
      );
      const at = (scope: string, start: Position): Position => {
        const row = rows.find((each) => each.scope === scope);
        return row === undefined ? start : { seq: row.seq, token: row.token };
      };
      return formatCursor({ org: at('org', START.org), branch: at(branchId, START.branch) });
    },
  };
}

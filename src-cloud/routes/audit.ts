import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { AuditHeadsAnswer, AuditHeadsRequest, SignedHead } from '#shared/contract/sync-wire.ts';
import { hasLevel } from '#shared/domain/level.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { BranchId } from '#shared/kernel/ids.ts';
import type { CloudContext } from '../context.ts';
import { takeAuditHeads } from '../services/audit-heads.ts';
import { deviceOf, maySeeBranch, userOf } from '../services/auth.ts';
import { findChainHead, listAuditLines } from '../store/audit-log.ts';
import { withOrg } from '../store/with-org.ts';

const LARGEST_PAGE = 1_000;

const AuditPage = z.object({
  scope: z.string(),
  /** `content` is the text that the hash is over: `hash` = SHA-256(`prev` + `content`), base64url. */
  lines: z.array(z.object({ n: z.int(), prev: z.string(), hash: z.string(), content: z.string() })),
  hasMore: z.boolean(),
  /** Where the chain ends, signed. */
  head: SignedHead.nullable(),
});

/** The audit log: for people who may read it, and for terminals that keep its heads. */
export function registerAuditRoutes(instance: FastifyInstance, ctx: CloudContext): void {
  const app = instance.withTypeProvider<ZodTypeProvider>();

  app.get(
    '/audit',
    {
      config: { level: 'L4' },
      schema: {
        tags: ['audit'],
        summary: "Who did what to money and rights in a branch; without a branch in the organisation's own chain (L5).",
        querystring: z.object({
          branchId: BranchId.optional(),
          after: z.coerce.number().int().nonnegative().default(0),
          limit: z.coerce.number().int().min(1).max(LARGEST_PAGE).default(100),
        }),
        response: { 200: AuditPage },
      },
    },
    async (request) => {
      const user = userOf(request);
      const { branchId, after, limit } = request.query;
      if (branchId === undefined && !hasLevel(user.level, 'L5'))
        throw new AppError('auth/forbidden', "The organisation's chain needs level L5; name one of your branches.");
      if (branchId !== undefined && !maySeeBranch(user, branchId)) throw new AppError('auth/other-branch');
      const scope = branchId ?? 'org';
      return withOrg(ctx.database.db, user.orgId, async (tx) => {
        const head = await findChainHead(tx, user.orgId, scope);
        if (head === undefined) throw new AppError('auth/other-branch');
        const found = await listAuditLines(tx, user.orgId, scope, after, limit + 1);
        return {
          scope,
          lines: found.slice(0, limit).map(({ n, prev, hash, content }) => ({ n, prev, hash, content })),
          hasMore: found.length > limit,
          head: ctx.signHead(user.orgId, scope, head) ?? null,
        };
      });
    },
  );

  app.post(
    '/sync/audit-heads',
    {
      config: { level: 'device' },
      schema: {
        tags: ['sync'],
        summary:
          'Heads of the audit chains that a terminal kept: those that are missing here show that the cloud was put back.',
        body: AuditHeadsRequest,
        response: { 200: AuditHeadsAnswer },
      },
    },
    async (request) => ({ lost: await takeAuditHeads(ctx, deviceOf(request), request.body.heads) }),
  );
}

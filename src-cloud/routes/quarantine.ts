import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { hasLevel } from '#shared/domain/level.ts';
import { DeviceId } from '#shared/kernel/ids.ts';
import { Decided, Quarantine, QuarantineLeft } from '#shared/contract/quarantine-wire.ts';
import type { CloudContext } from '../context.ts';
import { userOf } from '../services/auth.ts';
import { acceptQuarantine, leaveQuarantine, listQuarantine } from '../services/quarantine.ts';
import { withOrg } from '../store/with-org.ts';

const LARGEST_PAGE = 5_000;

/** What switched-off terminals have sent, and what a manager does about it. */
export function registerQuarantineRoutes(instance: FastifyInstance, ctx: CloudContext): void {
  const app = instance.withTypeProvider<ZodTypeProvider>();
  const config = { level: 'L4' } as const;
  const params = z.object({ deviceId: DeviceId });
  const tags = ['sync'];

  app.get(
    '/sync/quarantine',
    {
      config,
      schema: {
        tags,
        summary: "What switched-off terminals of the caller's branches have sent since: kept, not run.",
        querystring: z.object({ limit: z.coerce.number().int().min(1).max(LARGEST_PAGE).default(500) }),
        response: { 200: Quarantine },
      },
    },
    async (request) => {
      const user = userOf(request);
      const branchIds = hasLevel(user.level, 'L5') ? undefined : user.branchIds;
      const entries = await withOrg(ctx.database.db, user.orgId, (tx) =>
        listQuarantine(tx, user.orgId, branchIds, request.query.limit),
      );
      return { entries };
    },
  );

  app.post(
    '/sync/quarantine/:deviceId/accept',
    {
      config,
      schema: {
        tags,
        summary: 'Runs what a switched-off terminal has sent, in its order, each command flagged.',
        params,
        response: { 200: Decided },
      },
    },
    (request) => acceptQuarantine(ctx, userOf(request), request.params.deviceId),
  );

  app.post(
    '/sync/quarantine/:deviceId/leave',
    {
      config,
      schema: {
        tags,
        summary: 'What a switched-off terminal has sent stays as it is: kept, not run. It can be accepted later.',
        params,
        response: { 200: QuarantineLeft },
      },
    },
    (request) => leaveQuarantine(ctx, userOf(request), request.params.deviceId),
  );
}

import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { hasLevel } from '#shared/domain/level.ts';
import { mayAct } from '#shared/domain/staff.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { DeviceId, type StaffId } from '#shared/kernel/ids.ts';
import { Decided, DecideQuarantine, Quarantine, QuarantineLeft } from '#shared/contract/quarantine-wire.ts';
import type { Caller, CloudContext, UserCaller } from '../context.ts';
import { callerOf, findStaff } from '../services/auth.ts';
import { acceptQuarantine, leaveQuarantine, listQuarantine } from '../services/quarantine.ts';
import { withOrg } from '../store/with-org.ts';

const LARGEST_PAGE = 5_000;

/** What switched-off terminals have sent, and what a manager does about it. */
export function registerQuarantineRoutes(instance: FastifyInstance, ctx: CloudContext): void {
  const app = instance.withTypeProvider<ZodTypeProvider>();
  // A terminal of the branch speaks for the manager at its screen, as it does when it pushes a command of theirs.
  const config = { level: 'device-or-L4' } as const;
  const body = DecideQuarantine.nullish();
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
      const caller = callerOf(request);
      const entries = await withOrg(ctx.database.db, caller.orgId, (tx) =>
        listQuarantine(tx, caller.orgId, branchesOf(caller), request.query.limit),
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
        body,
        response: { 200: Decided },
      },
    },
    async (request) =>
      acceptQuarantine(ctx, await deciderOf(ctx, callerOf(request), request.body?.actorId), request.params.deviceId),
  );

  app.post(
    '/sync/quarantine/:deviceId/leave',
    {
      config,
      schema: {
        tags,
        summary: 'What a switched-off terminal has sent stays as it is: kept, not run. It can be accepted later.',
        params,
        body,
        response: { 200: QuarantineLeft },
      },
    },
    async (request) =>
      leaveQuarantine(ctx, await deciderOf(ctx, callerOf(request), request.body?.actorId), request.params.deviceId),
  );
}

/** The branches whose entries a caller sees; undefined: all of the organisation. */
function branchesOf(caller: Caller): readonly string[] | undefined {
  if (caller.kind === 'device') return [caller.branchId];
  return hasLevel(caller.level, 'L5') ? undefined : caller.branchIds;
}

/** Who decides: the person who calls, or the one at the terminal's screen, judged by their row. Throws `auth/forbidden`. */
async function deciderOf(ctx: CloudContext, caller: Caller, actorId: StaffId | undefined): Promise<UserCaller> {
  if (caller.kind === 'user') return caller;
  const { orgId, branchId, expiresAtMs } = caller;
  const staff =
    actorId === undefined ? undefined : await withOrg(ctx.database.db, orgId, (tx) => findStaff(tx, orgId, actorId));
  if (staff === undefined || !mayAct(staff, 'L4', branchId)) throw new AppError('auth/forbidden');
  // Only this branch, whatever else is theirs: the terminal belongs to it.
  const level = 'L4';
  return { kind: 'user', orgId, staffId: staff.id, level, branchIds: [branchId], isCookie: false, expiresAtMs };
}

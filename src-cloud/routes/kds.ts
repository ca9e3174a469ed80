import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Ticket } from '#shared/domain/ticket.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { BranchId, IsoAt, StationId } from '#shared/kernel/ids.ts';
import type { Caller, CloudContext } from '../context.ts';
import { callerOf, maySeeBranch } from '../services/auth.ts';
import { isTicketsCursor, readTickets } from '../services/kds-tickets.ts';

const Since = IsoAt.or(z.string().refine(isTicketsCursor, 'neither an ISO time nor a cursor of an earlier answer'));

/** What a kitchen screen polls when its stream is down (SPEC D4). */
export function registerKds(app: FastifyInstance, ctx: CloudContext): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/kds/tickets',
    {
      config: { level: 'device-or-L1' },
      schema: {
        tags: ['kds'],
        summary: 'Tickets that changed since a time or a cursor, bumps and voids included; without `since` the board',
        querystring: z.object({
          since: Since.optional(),
          stationId: StationId.optional(),
          branchId: BranchId.optional(),
        }),
        response: {
          200: z.object({
            tickets: z.array(Ticket),
            cursor: z.string(),
            serverAt: IsoAt,
            hasMore: z.boolean(),
            reset: z.boolean(),
          }),
        },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { since, stationId, branchId } = request.query;
      return readTickets(ctx.database.db, {
        orgId: caller.orgId,
        branchId: branchOf(caller, branchId),
        since,
        stationId,
        nowMs: ctx.clock.now(),
      });
    },
  );
}

/** A terminal has one branch, a person often. Throws 403 for one that is not theirs, 422 where it must be named. */
function branchOf(caller: Caller, asked: string | undefined): string {
  const own = caller.kind === 'device' ? [caller.branchId] : caller.branchIds;
  const [only] = own;
  const branchId = asked ?? (own.length === 1 ? only : undefined);
  if (branchId === undefined) {
    throw new AppError('input/invalid', 'branchId: name the branch, you work in several', { path: 'branchId' });
  }
  if (!maySeeBranch(caller, branchId)) throw new AppError('auth/other-branch');
  return branchId;
}

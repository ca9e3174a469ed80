import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { KpiQuery } from '#shared/contract/cloud-wire.ts';
import { PROTOCOL_HEADER, PROTOCOL_VERSION } from '#shared/contract/protocol.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { CursorText } from '#shared/sync/cursor.ts';
import type { CloudContext } from '../context.ts';
import { deviceOf, userOf } from '../services/auth.ts';
import { askedFigures } from '../services/kpi-query.ts';
import { deviceSubject, type Live } from '../stream/live.ts';

/** Streams have no HEAD: it would open one. */
const stream = { exposeHeadRoute: false } as const;

/** The two streams. Both answer errors as JSON before anything is streamed. */
export function registerStreams(app: FastifyInstance, ctx: CloudContext, live: Live): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/stream/kpis',
    {
      ...stream,
      config: { level: 'L4' },
      schema: {
        tags: ['kpis'],
        summary: 'Live figures as server-sent events',
        description:
          'Default event: the nine figures, at once and on every change, at most one a second and at least one every 15 s. Event `status`: how far they can be trusted.',
        querystring: KpiQuery,
      },
    },
    async (request, reply) => {
      const caller = userOf(request);
      const { scope } = await askedFigures(ctx, caller, request.query);
      const client = live.hub.open(withProtocol(reply), {
        subject: `staff:${caller.staffId}`,
        orgId: caller.orgId,
        stream: 'kpis',
        expiresAtMs: caller.expiresAtMs,
      });
      live.kpis.watch(client, scope, 'public');
      return reply;
    },
  );

  typed.get(
    '/stream/changes',
    {
      ...stream,
      config: { level: 'device' },
      schema: {
        tags: ['sync'],
        summary: 'What changes, as server-sent events',
        description:
          'Event `rows`: a page as of GET /sync/changes, its id is the cursor. `reset`: the cursor means nothing here, pull from nothing. `kpis`: the figures of the branch. Resumes by Last-Event-ID or `after`.',
        querystring: z.object({ after: CursorText.optional() }),
      },
    },
    async (request, reply) => {
      const { orgId, branchId, deviceId, expiresAtMs } = deviceOf(request);
      const after = lastEventId(request) ?? request.query.after;
      const client = live.hub.open(withProtocol(reply), {
        subject: deviceSubject(deviceId),
        orgId,
        stream: 'changes',
        expiresAtMs,
      });
      live.presence.opened();
      live.kpis.watch(client, { kind: 'branch', orgId, branchId }, 'device');
      await live.changes.attach(client, orgId, branchId, after);
      return reply;
    },
  );
}

/** A hijacked answer passes the hook by that says the protocol on all others. */
function withProtocol(reply: FastifyReply): FastifyReply {
  return reply.header(PROTOCOL_HEADER, PROTOCOL_VERSION);
}

/** What a client that comes back has seen last. It is newer than the address it first called. */
function lastEventId(request: FastifyRequest): string | undefined {
  const header = request.headers['last-event-id'];
  if (typeof header !== 'string' || header === '') return undefined;
  const cursor = CursorText.safeParse(header);
  if (!cursor.success) throw new AppError('input/invalid', 'Last-Event-ID: not a cursor', { path: 'Last-Event-ID' });
  return cursor.data;
}

import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ChangesPage, EchoAnswer, PushAnswer, PushRequest } from '#shared/contract/sync-wire.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { CursorText } from '#shared/sync/cursor.ts';
import type { CloudContext } from '../context.ts';
import { deviceOf } from '../services/auth.ts';
import { readChanges } from '../services/changes.ts';
import { echo } from '../services/echo.ts';
import { push } from '../services/push.ts';
import { quarantinePush } from '../services/quarantine.ts';

const DEFAULT_PAGE = 1_000;
const LARGEST_PAGE = 5_000;

/** What terminals send and read. */
export function registerSyncRoutes(instance: FastifyInstance, ctx: CloudContext): void {
  const app = instance.withTypeProvider<ZodTypeProvider>();

  app.post(
    '/sync/push',
    {
      config: { level: 'device', allowsRevoked: true },
      schema: {
        tags: ['sync'],
        summary:
          'Takes what a terminal has done, in the order of its series; each entry gets an outcome. What a switched-off one sends is kept, not run.',
        body: PushRequest,
        response: { 200: PushAnswer },
      },
    },
    async (request) => {
      const device = deviceOf(request);
      if (request.body.deviceId !== device.deviceId) {
        throw new AppError('input/invalid', 'deviceId: not the terminal that is signed in', { path: 'deviceId' });
      }
      return (device.isRevoked ? quarantinePush : push)(ctx, device, request.body);
    },
  );

  app.post(
    '/sync/echo',
    {
      config: { level: 'device' },
      schema: {
        tags: ['sync'],
        summary:
          'Writes to the database and wakes the streams without changing anything: a terminal tests its whole path.',
        body: z.object({}),
        response: { 200: EchoAnswer },
      },
    },
    (request) => echo(ctx, deviceOf(request)),
  );

  app.get(
    '/sync/changes',
    {
      config: { level: 'device' },
      schema: {
        tags: ['sync'],
        summary: 'What changed in the organisation and the branch after a cursor: newest state, outcomes, watermarks.',
        querystring: z.object({
          after: CursorText.optional(),
          limit: z.coerce.number().int().min(1).max(LARGEST_PAGE).default(DEFAULT_PAGE),
        }),
        response: { 200: ChangesPage },
      },
    },
    (request) => {
      const { orgId, branchId } = deviceOf(request);
      return readChanges(ctx, orgId, branchId, request.query.after, request.query.limit);
    },
  );
}

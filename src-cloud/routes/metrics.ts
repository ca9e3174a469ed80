import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '#shared/kernel/errors.ts';
import type { CloudContext } from '../context.ts';
import type { Metrics } from '../observe/metrics.ts';
import { isSameText } from '../services/auth.ts';

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

/**
 * For Prometheus. Public as far as levels go, since a scraper is no person, but answered only to a scraper on this
 * machine that no proxy stands in front of, or to one that knows METRICS_TOKEN.
 */
export function registerMetrics(
  app: FastifyInstance,
  _ctx: CloudContext,
  metrics: Metrics,
  token: string | undefined,
): void {
  app.get(
    '/metrics',
    {
      config: { level: 'public' },
      schema: {
        tags: ['health'],
        summary: 'Figures for Prometheus',
        description:
          'Answered on the machine itself, or with `Authorization: Bearer` and the METRICS_TOKEN of the installation.',
      },
    },
    async (request, reply) => {
      if (!isLocal(request) && !hasToken(request, token)) throw new AppError('auth/missing');
      return reply.type(metrics.contentType).send(await metrics.text());
    },
  );
}

function isLocal(request: FastifyRequest): boolean {
  const { headers } = request;
  if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined) return false;
  return LOOPBACK.has(request.socket.remoteAddress ?? '');
}

function hasToken(request: FastifyRequest, token: string | undefined): boolean {
  const header = request.headers.authorization;
  return token !== undefined && header !== undefined && isSameText(header, `Bearer ${token}`);
}

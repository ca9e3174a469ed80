import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { CloudContext } from '../context.ts';
import type { HubStats } from '../stream/sse-hub.ts';
import { createMetrics, type Metrics } from './metrics.ts';

/** A statement that takes longer is logged with its text. */
const SLOW_QUERY_MS = 100;

/**
 * Watches requests and database statements (SPEC D10): one line of log a request, histograms, slow statements with their
 * text (never their values). Call it before any route is added.
 */
export function registerObservation(app: FastifyInstance, ctx: CloudContext, hubStats: () => HubStats): Metrics {
  const metrics = createMetrics(hubStats);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  app.addHook('preSerialization', async (request, _reply, answer) => {
    if (request.routeOptions.url === '/sync/push') countPushed(metrics, answer);
    return answer;
  });
  app.addHook('onResponse', async (request, reply) => {
    const durationMs = Math.round(reply.elapsedTime * 100) / 100;
    const { statusCode } = reply;
    metrics.countRequest(endpointOf(request), statusCode, durationMs);
    const facts = {
      requestId: request.id,
      ...callerFacts(request),
      method: request.method,
      path: pathOf(request),
      statusCode,
      duration_ms: durationMs,
    };
    if (statusCode >= 500) ctx.log.error(facts, 'request');
    else ctx.log.info(facts, 'request');
  });
  const unsubscribe = ctx.database.onQuery(({ sql, durationMs }) => {
    metrics.countQuery(sql, durationMs);
    if (durationMs > SLOW_QUERY_MS) {
      ctx.log.warn({ event: 'slow-query', duration_ms: Math.round(durationMs), query: sql }, 'slow query');
    }
  });
  app.addHook('onClose', async () => {
    unsubscribe();
  });
  return metrics;
}

/** The path without its query: whatever somebody puts there is not written down. */
export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}

/** Method and pattern: one label however many ids there are. */
function endpointOf(request: FastifyRequest): string {
  return request.is404 ? 'unknown' : `${request.method} ${request.routeOptions.url ?? ''}`;
}

function callerFacts({ caller }: FastifyRequest): { orgId?: string; userId: string | null; deviceId?: string } {
  if (caller === null) return { userId: null };
  if (caller.kind === 'user') return { orgId: caller.orgId, userId: caller.staffId };
  return { orgId: caller.orgId, userId: null, deviceId: caller.deviceId };
}

function countPushed(metrics: Metrics, answer: unknown): void {
  if (typeof answer !== 'object' || answer === null || !('outcomes' in answer) || !Array.isArray(answer.outcomes))
    return;
  for (const outcome of answer.outcomes as { status?: unknown }[]) metrics.countPushed(String(outcome.status));
}

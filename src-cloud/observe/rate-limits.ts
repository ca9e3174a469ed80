import rateLimit, { type RateLimitOptions } from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { AppError } from '#shared/kernel/errors.ts';

const MINUTE_MS = 60_000;

/** Tries a minute from one address (SPEC D9, and what else somebody could try to guess). */
export const RATE_LIMITS: Readonly<Record<string, number>> = {
  'POST /auth/login': 10,
  'POST /auth/refresh': 60,
  // A restaurant's terminals share one address.
  'POST /auth/device/challenge': 120,
  'POST /auth/device/token': 120,
  'POST /devices/enrol': 20,
  'POST /setup': 10,
};

/**
 * Limits the routes above by address; every answer of them says how many tries are left, a refused one is 429 in the
 * shape of all errors, with `Retry-After`. Call it before the routes are added.
 */
export async function registerRateLimits(app: FastifyInstance): Promise<void> {
  app.addHook('onRoute', (route) => {
    const max = RATE_LIMITS[`${String(route.method)} ${route.url}`];
    if (max !== undefined) route.config = { ...route.config, rateLimit: { max, timeWindow: MINUTE_MS } };
  });
  const options: RateLimitOptions & { global: false } = {
    global: false,
    errorResponseBuilder: (_request, { ttl }) => new AppError('rate/limited', undefined, { retryAfterMs: ttl }),
  };
  await app.register(rateLimit, options);
}

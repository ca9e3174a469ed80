import { hostname, networkInterfaces } from 'node:os';
import type { FastifyRequest } from 'fastify';
import { HUB_CSRF_HEADER } from '#shared/contract/bridge.ts';
import { AppError } from '#shared/kernel/errors.ts';

/** The names under which this hub may be called. */
export interface OwnHosts {
  has(host: string): boolean;
}

/**
 * The machine's own addresses with the port, and nothing else: a foreign name that points here (DNS rebinding) is not
 * one of them. `bound` is what the hub listens on.
 */
export function ownHosts(bound: string, port: () => number): OwnHosts {
  const isWide = bound === '0.0.0.0' || bound === '::';
  const names = new Set(['127.0.0.1', 'localhost', '[::1]']);
  if (!isWide) names.add(bound.includes(':') ? `[${bound}]` : bound.toLowerCase());
  if (isWide) names.add(hostname().toLowerCase()).add(`${hostname().toLowerCase()}.local`);
  return {
    has: (host) => {
      const match = /^(.*?)(?::(\d+))?$/.exec(host.toLowerCase());
      const name = match?.[1] ?? '';
      if (Number(match?.[2] ?? 80) !== port()) return false;
      return names.has(name) || (isWide && isOwnAddress(name));
    },
  };
}

/** Asked each time: a box on a branch's network gets new addresses while it runs. */
function isOwnAddress(name: string): boolean {
  const address = name.replace(/^\[|\]$/g, '');
  return Object.values(networkInterfaces()).some((list) => list?.some((each) => each.address === address) ?? false);
}

/** Refuses what a foreign page or a foreign name sends. Throws `auth/csrf`. */
export function refuseForeign(request: FastifyRequest, hosts: OwnHosts): void {
  const { host, origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const isOwnHost = host !== undefined && hosts.has(host);
  const isOwnOrigin = origin === undefined || origin === `http://${host ?? ''}`;
  const isOwnSite = site === undefined || site === 'same-origin' || site === 'none';
  if (!isOwnHost || !isOwnOrigin || !isOwnSite) throw new AppError('auth/csrf');
}

/** A header that a page of another origin cannot send without being let. Throws `auth/csrf`. */
export function requireScreenHeader(request: FastifyRequest): void {
  if (request.headers[HUB_CSRF_HEADER] === undefined) throw new AppError('auth/csrf');
}

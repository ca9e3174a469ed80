import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { HUB_CSRF_HEADER } from '#shared/contract/bridge.ts';
import { hasLevel, type Level } from '#shared/domain/level.ts';
import { Staff } from '#shared/domain/staff.ts';
import { AppError } from '#shared/kernel/errors.ts';
import type { OrgId } from '#shared/kernel/ids.ts';
import type { Caller, CloudContext, DeviceCaller, RouteLevel, UserCaller } from '../context.ts';
import { type Tx, withOrg } from '../store/with-org.ts';
import type { AccessClaims } from './tokens.ts';

export const ACCESS_COOKIE = 'chefcloud_access';
export const REFRESH_COOKIE = 'chefcloud_refresh';

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Guards every route by the level in its `config`: 401 without a valid token, 403 below the level, before anything else is looked at.
 * Starting fails when a route has no level.
 */
export function registerAuth(app: FastifyInstance, ctx: CloudContext): void {
  const routes: RouteOptions[] = [];
  app.decorateRequest('caller', null);
  app.addHook('onRoute', (route) => {
    routes.push(route);
  });
  app.addHook('onReady', async () => {
    const open = routes.filter((route) => route.config?.level === undefined && String(route.method) !== 'OPTIONS');
    if (open.length === 0) return;
    throw new Error(
      `routes without a level: ${open.map((route) => `${String(route.method)} ${route.url}`).join(', ')}`,
    );
  });
  app.addHook('onRequest', async (request) => {
    if (request.is404 || request.method === 'OPTIONS') return;
    const level = request.routeOptions.config.level ?? 'L5';
    if (level === 'public') return;
    request.caller = await authenticate(ctx, request);
    refuseBelow(request.caller, level);
    const isRevoked = request.caller.kind === 'device' && request.caller.isRevoked;
    if (isRevoked && request.routeOptions.config.allowsRevoked !== true) throw new AppError('device/revoked');
  });
}

function refuseBelow(caller: Caller, level: Exclude<RouteLevel, 'public'>): void {
  if (caller.kind === 'device') {
    if (!level.startsWith('device')) throw new AppError('auth/forbidden', 'This is for people, not for terminals.');
    return;
  }
  if (level === 'device') throw new AppError('auth/forbidden', 'This is for enrolled terminals only.');
  const needed = (level.startsWith('device-or-') ? level.slice('device-or-'.length) : level) as Level;
  if (!hasLevel(caller.level, needed)) throw new AppError('auth/forbidden', `This needs level ${needed}.`);
}

/** Who calls. The rights are those of this moment: they come from the rows, not from the token. Throws 401 or 403. */
async function authenticate(ctx: CloudContext, request: FastifyRequest): Promise<Caller> {
  const header = request.headers.authorization;
  const bearer = header === undefined ? undefined : /^Bearer (\S+)$/i.exec(header)?.[1];
  const cookie = request.cookies[ACCESS_COOKIE];
  const token = bearer ?? cookie;
  if (token === undefined) throw new AppError('auth/missing');
  const claims = await ctx.tokens.verifyAccess(token);
  const isCookie = bearer === undefined;
  if (isCookie && !READING.has(request.method)) refuseForeignPage(ctx, request);
  return withOrg(ctx.database.db, claims.orgId, async (tx): Promise<Caller> =>
    claims.kind === 'user' ? findUser(tx, claims, isCookie) : findDevice(tx, claims),
  );
}

/** A write by cookie must come from our own pages: a header that no foreign page can send, or the origin of the configured front end. */
export function refuseForeignPage(ctx: CloudContext, request: FastifyRequest): void {
  if (request.headers[HUB_CSRF_HEADER] !== undefined) return;
  if (ctx.frontendUrl !== undefined && request.headers.origin === ctx.frontendUrl) return;
  throw new AppError('auth/csrf');
}

async function findUser(
  tx: Tx,
  claims: Extract<AccessClaims, { kind: 'user' }> & { expiresAtMs: number },
  isCookie: boolean,
): Promise<UserCaller> {
  const staff = await findStaff(tx, claims.orgId, claims.staffId);
  if (staff?.isActive !== true) throw new AppError('auth/expired');
  const { level, branchIds } = staff;
  const { orgId, staffId, expiresAtMs } = claims;
  return { kind: 'user', orgId, staffId, level, branchIds, isCookie, expiresAtMs };
}

async function findDevice(
  tx: Tx,
  claims: Extract<AccessClaims, { kind: 'device' }> & { expiresAtMs: number },
): Promise<DeviceCaller> {
  const { orgId, branchId, deviceId, expiresAtMs } = claims;
  const row = await tx
    .selectFrom('device')
    .select(['status', 'branch_id', 'rights_known_at', 'enrolled_at'])
    .where('org_id', '=', orgId)
    .where('id', '=', deviceId)
    .executeTakeFirst();
  if (row === undefined || row.branch_id !== branchId) throw new AppError('device/unknown');
  const rightsKnownAtMs = Date.parse(row.rights_known_at ?? row.enrolled_at);
  const isRevoked = row.status === 'revoked';
  return { kind: 'device', orgId, branchId, deviceId, isRevoked, rightsKnownAtMs, expiresAtMs };
}

/** The staff row; undefined when there is none or it is damaged. */
export async function findStaff(tx: Tx, orgId: OrgId, staffId: string): Promise<Staff | undefined> {
  const row = await tx
    .selectFrom('entity')
    .select('body')
    .where('org_id', '=', orgId)
    .where('kind', '=', 'staff')
    .where('id', '=', staffId)
    .executeTakeFirst();
  return row === undefined ? undefined : Staff.safeParse(row.body).data;
}

/** The person who calls; for routes with a level of people. */
export function userOf(request: FastifyRequest): UserCaller {
  if (request.caller?.kind !== 'user') throw new AppError('auth/missing');
  return request.caller;
}

/** The terminal that calls; for routes of level `device`. */
export function deviceOf(request: FastifyRequest): DeviceCaller {
  if (request.caller?.kind !== 'device') throw new AppError('device/unknown');
  return request.caller;
}

export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new AppError('auth/missing');
  return request.caller;
}

/** Whether the caller may see this branch of its organisation. */
export function maySeeBranch(caller: Caller, branchId: string): boolean {
  if (caller.kind === 'device') return caller.branchId === branchId;
  return caller.level === 'L5' || caller.branchIds.some((id) => id === branchId);
}

/** Compares in a time that says nothing about where they differ. */
export function isSameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Hands the tokens to browsers, out of reach of scripts. */
export function setAuthCookies(
  ctx: CloudContext,
  request: FastifyRequest,
  reply: FastifyReply,
  tokens: { accessToken: string; expiresInS: number; refreshToken: string; refreshSeconds: number },
): void {
  const secure = request.protocol === 'https' || ctx.frontendUrl?.startsWith('https:') === true;
  const shared = { httpOnly: true, sameSite: 'strict', secure } as const;
  reply.setCookie(ACCESS_COOKIE, tokens.accessToken, { ...shared, path: '/', maxAge: tokens.expiresInS });
  reply.setCookie(REFRESH_COOKIE, tokens.refreshToken, { ...shared, path: '/auth', maxAge: tokens.refreshSeconds });
}

export function clearAuthCookies(reply: FastifyReply): void {
  reply.clearCookie(ACCESS_COOKIE, { path: '/' });
  reply.clearCookie(REFRESH_COOKIE, { path: '/auth' });
}

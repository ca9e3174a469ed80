import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  ChallengeAnswer,
  ChallengeRequest,
  DeviceTokenRequest,
  type LoginAnswer,
  LoginAnswer as LoginAnswerSchema,
  LoginRequest,
  RefreshRequest,
  TokenAnswer,
} from '#shared/contract/cloud-wire.ts';
import { AppError } from '#shared/kernel/errors.ts';
import type { CloudContext } from '../context.ts';
import { clearAuthCookies, REFRESH_COOKIE, refuseForeignPage, setAuthCookies, userOf } from '../services/auth.ts';
import { findStaff } from '../services/auth.ts';
import { signInDevice } from '../services/device-sign-in.ts';
import { REFRESH_SECONDS, refresh, signIn, signOut } from '../services/sign-in.ts';
import { withOrg } from '../store/with-org.ts';

/** Signing in: people by e-mail and password, terminals by their key. */
export function registerAuthRoutes(instance: FastifyInstance, ctx: CloudContext): void {
  const app = instance.withTypeProvider<ZodTypeProvider>();
  const open = { level: 'public' } as const;
  const tags = ['auth'];

  app.post(
    '/auth/login',
    {
      config: open,
      schema: {
        tags,
        summary: 'Signs a person in. Browsers get the tokens as HttpOnly cookies too.',
        body: LoginRequest,
        response: { 200: LoginAnswerSchema },
      },
    },
    async (request, reply) => {
      const answer = await signIn(ctx, request.body.email, request.body.password);
      setAuthCookies(ctx, request, reply, { ...answer, refreshSeconds: REFRESH_SECONDS });
      return answer;
    },
  );

  app.post(
    '/auth/refresh',
    {
      config: open,
      schema: {
        tags,
        summary: 'Trades a refresh token (body or cookie) for new tokens; it works once.',
        body: RefreshRequest.optional().nullable(),
        response: { 200: LoginAnswerSchema },
      },
    },
    async (request, reply) => {
      const token = refreshTokenOf(ctx, request, request.body?.refreshToken);
      if (token === undefined) throw new AppError('auth/missing');
      let answer: LoginAnswer;
      try {
        answer = await refresh(ctx, token);
      } catch (error) {
        clearAuthCookies(reply);
        throw error;
      }
      setAuthCookies(ctx, request, reply, { ...answer, refreshSeconds: REFRESH_SECONDS });
      return answer;
    },
  );

  app.post(
    '/auth/logout',
    {
      config: open,
      schema: {
        tags,
        summary: 'Signs out everywhere this sign-in was renewed.',
        body: RefreshRequest.optional().nullable(),
      },
    },
    async (request, reply) => {
      const token = refreshTokenOf(ctx, request, request.body?.refreshToken);
      if (token !== undefined) await signOut(ctx, token);
      clearAuthCookies(reply);
      return { signedOut: true };
    },
  );

  app.get(
    '/auth/me',
    {
      config: { level: 'L1' },
      schema: {
        tags,
        summary: 'Who is signed in.',
        response: { 200: z.object({ staff: LoginAnswerSchema.shape.staff }) },
      },
    },
    async (request) => {
      const { orgId, staffId } = userOf(request);
      const staff = await withOrg(ctx.database.db, orgId, (tx) => findStaff(tx, orgId, staffId));
      if (staff === undefined) throw new AppError('auth/expired');
      return { staff: { id: staff.id, name: staff.name, level: staff.level, branchIds: staff.branchIds, orgId } };
    },
  );

  app.post(
    '/auth/device/challenge',
    {
      config: open,
      schema: {
        tags,
        summary: 'A text for a terminal to sign; good for two minutes.',
        body: ChallengeRequest,
        response: { 200: ChallengeAnswer },
      },
    },
    async (request) => ({ challenge: await ctx.tokens.signChallenge(request.body.deviceId) }),
  );

  app.post(
    '/auth/device/token',
    {
      config: open,
      schema: {
        tags,
        summary:
          "A terminal's access token, for its Ed25519 signature (base64url) over the challenge and its certificate.",
        body: DeviceTokenRequest,
        response: { 200: TokenAnswer },
      },
    },
    (request) => signInDevice(ctx, request.body),
  );
}

/** The token of the body, else of the cookie, which only our own pages may use. */
function refreshTokenOf(ctx: CloudContext, request: FastifyRequest, inBody: string | undefined): string | undefined {
  if (inBody !== undefined) return inBody;
  const cookie = request.cookies[REFRESH_COOKIE];
  if (cookie !== undefined) refuseForeignPage(ctx, request);
  return cookie;
}

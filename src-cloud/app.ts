import { randomUUID } from 'node:crypto';
import cookie from '@fastify/cookie';
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifySchemaCompiler,
  LogController,
} from 'fastify';
import { sql } from 'kysely';
import { pino } from 'pino';
import { z } from 'zod';
import { MAX_BODY_BYTES, PROTOCOL_HEADER, PROTOCOL_VERSION } from '#shared/contract/protocol.ts';
import type { Clock } from '#shared/kernel/clock.ts';
import { invalidInput } from '#shared/kernel/errors.ts';
import type { CloudContext } from './context.ts';
import { answerClientError, knownError, registerErrorAnswers, sendError } from './error-answers.ts';
import { registerAuditRoutes } from './routes/audit.ts';
import { registerAuthRoutes } from './routes/auth.ts';
import { registerCommandRoutes } from './routes/commands.ts';
import { registerEnrolmentRoutes } from './routes/enrolment.ts';
import { registerDocs } from './routes/docs.ts';
import { registerKds } from './routes/kds.ts';
import { registerKpis } from './routes/kpis.ts';
import { registerMetrics } from './routes/metrics.ts';
import { registerQuarantineRoutes } from './routes/quarantine.ts';
import { registerStreams } from './routes/streams.ts';
import { registerSyncRoutes } from './routes/sync.ts';
import { registerAuth } from './services/auth.ts';
import { createHeadSigner } from './services/audit-heads.ts';
import { createPoisonBrake } from './services/poison-brake.ts';
import { createSecrets } from './services/secrets.ts';
import { createTokens } from './services/tokens.ts';
import { createWakeups } from './services/wakeups.ts';
import type { Database } from './store/database.ts';
import { migrate } from './store/migrate.ts';
import { registerObservation } from './observe/observe.ts';
import { registerRateLimits } from './observe/rate-limits.ts';
import type { HubLimits } from './stream/sse-hub.ts';
import { createLive, type Live } from './stream/live.ts';

export interface CloudOptions {
  database: Database;
  clock: Clock;
  /** The master secret: a text that nobody can guess, kept outside the database. */
  secret: string | Uint8Array;
  /** Without it no organisation can be set up. */
  setupToken?: string | undefined;
  /** The one web origin that may call from a browser. */
  frontendUrl?: string | undefined;
  version?: string;
  /** A pino logger; without it nothing is logged. */
  log?: FastifyBaseLogger;
  /** Lets a scraper that is not on this machine read /metrics. */
  metricsToken?: string | undefined;
  hubLimits?: Partial<HubLimits>;
}

export interface Cloud {
  app: FastifyInstance;
  ctx: CloudContext;
  live: Live;
  /** Ends streams and requests. The database stays open: it belongs to the caller. */
  close(): Promise<void>;
}

const HSTS_SECONDS = 15_552_000;

/** Builds the cloud over an open database and brings that to the newest shape. Throws `store/newer`. */
export async function buildCloud(options: CloudOptions): Promise<Cloud> {
  const { database, clock } = options;
  await migrate(database, clock.now());
  const log: FastifyBaseLogger = options.log ?? pino({ level: 'silent' });
  const app: FastifyInstance = Fastify({
    loggerInstance: log,
    // The request log of observe/ says it in one line.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    trustProxy: false,
    clientErrorHandler: answerClientError,
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: (error, _request, reply) => {
      sendError(reply, knownError(error));
    },
  });
  const secrets = createSecrets(options.secret);
  const ctx: CloudContext = {
    database,
    clock,
    secrets,
    tokens: createTokens(secrets, clock),
    signHead: createHeadSigner({ secrets, clock }),
    wakeups: createWakeups((error) => {
      log.error({ err: error }, 'a listener of wake-ups failed');
    }),
    poisonBrake: createPoisonBrake(clock, (inARow) => {
      log.error({ alarm: 'everything-fails', inARow }, 'every command fails inside; the terminals keep theirs for now');
    }),
    log,
    frontendUrl: options.frontendUrl,
    setupToken: options.setupToken,
    version: options.version ?? '0',
  };

  const live = await createLive(ctx, options.hubLimits);
  // Streams never end by themselves: the server would wait for them.
  app.addHook('preClose', () => live.close());

  app.setValidatorCompiler(zodValidator);
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  app.addContentTypeParser('application/json', { parseAs: 'string' }, parseJson);
  registerErrorAnswers(app);
  await app.register(helmet, {
    hsts: { maxAge: HSTS_SECONDS },
    // On a shop's own network there may be no https to upgrade to.
    contentSecurityPolicy: { directives: { 'upgrade-insecure-requests': null } },
  });
  if (options.frontendUrl !== undefined) {
    await app.register(cors, {
      origin: options.frontendUrl,
      credentials: true,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    });
  }
  await app.register(cookie);
  app.addHook('onSend', async (_request, reply) => {
    reply.header(PROTOCOL_HEADER, PROTOCOL_VERSION);
  });
  const metrics = registerObservation(app, ctx, () => live.hub.stats());
  await registerRateLimits(app);
  await registerDocs(app, ctx);
  registerAuth(app, ctx);

  app.get(
    '/healthz',
    {
      config: { level: 'public' },
      schema: { tags: ['health'], summary: 'Whether the cloud and its database answer.' },
    },
    async () => {
      await sql`select 1`.execute(database.db);
      return { status: 'ok', engine: database.kind, version: ctx.version };
    },
  );
  registerAuditRoutes(app, ctx);
  registerAuthRoutes(app, ctx);
  registerEnrolmentRoutes(app, ctx);
  registerCommandRoutes(app, ctx);
  registerSyncRoutes(app, ctx);
  registerQuarantineRoutes(app, ctx);
  registerStreams(app, ctx, live);
  registerKpis(app, ctx, live);
  registerKds(app, ctx);
  registerMetrics(app, ctx, metrics, options.metricsToken);
  await app.ready();
  return { app, ctx, live, close: () => app.close() };
}

/** An empty body is none, whatever its content type says: commands that need only their path are sent like that. */
function parseJson(
  _request: unknown,
  text: string | Buffer,
  done: (error: Error | null, body?: unknown) => void,
): void {
  if (text.length === 0) {
    done(null, undefined);
    return;
  }
  try {
    done(null, JSON.parse(text.toString()));
  } catch {
    done(invalidInput([{ path: [], message: 'not JSON' }]));
  }
}

const zodValidator: FastifySchemaCompiler<unknown> = ({ schema }) => {
  if (!(schema instanceof z.ZodType)) throw new Error('a route schema is not a zod schema');
  return (value) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? { value: parsed.data } : { error: invalidInput(parsed.error.issues) };
  };
};

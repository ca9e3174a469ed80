import { pino } from 'pino';
import { z } from 'zod';
import type { Clock } from '#shared/kernel/clock.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { buildCloud } from './app.ts';
import { startJobs } from './jobs/run-jobs.ts';
import { startKpiSampling } from './jobs/kpi-sampling.ts';
import { createLogger } from './observe/logger.ts';
import { loadMasterSecret } from './services/secrets.ts';
import { openDatabase } from './store/database.ts';

const VERSION = '0.1.0';

const emptyIsUnset = (value: unknown): unknown => (value === '' ? undefined : value);

/** The environment that the cloud is started with. */
const Env = z.object({
  PORT: z.preprocess(emptyIsUnset, z.coerce.number('a port is a number').int().min(0).max(65_535).default(4601)),
  HOST: z.preprocess(emptyIsUnset, z.string().default('127.0.0.1')),
  DATA_DIR: z.preprocess(emptyIsUnset, z.string().default('./data/cloud')),
  DATABASE_URL: z.preprocess(
    emptyIsUnset,
    z
      .url({ protocol: /^postgres(ql)?$/, error: 'an address such as postgres://user:password@host:5432/name' })
      .optional(),
  ),
  CHEFCLOUD_SECRET: z.preprocess(
    emptyIsUnset,
    z.string().min(32, 'at least 32 characters that nobody can guess').optional(),
  ),
  CHEFCLOUD_SETUP_TOKEN: z.preprocess(
    emptyIsUnset,
    z.string().min(16, 'at least 16 characters that nobody can guess').optional(),
  ),
  FRONTEND_URL: z.preprocess(
    emptyIsUnset,
    z
      .url({ protocol: /^https?$/, error: 'an origin such as https://pos.example.com' })
      .transform((url) => new URL(url).origin)
      .optional(),
  ),
  METRICS_TOKEN: z.preprocess(
    emptyIsUnset,
    z.string().min(16, 'at least 16 characters that nobody can guess').optional(),
  ),
  LOG_LEVEL: z.preprocess(
    emptyIsUnset,
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  ),
});

const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};

function readEnv(): z.infer<typeof Env> {
  const parsed = Env.safeParse(process.env);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new AppError('input/invalid', `The cloud cannot start with these settings. ${problems.join('; ')}`);
}

async function start(): Promise<void> {
  const env = readEnv();
  // stdout carries the one line that says where the cloud listens; logs go to stderr.
  const log = createLogger(env.LOG_LEVEL, pino.destination({ dest: 2, sync: true }));
  const database = await openDatabase({ databaseUrl: env.DATABASE_URL, dataDir: env.DATA_DIR });
  if (database.kind === 'pglite') {
    log.warn(
      'The cloud runs on its embedded database, which does not flush to the disk: after a power cut the last moments may be missing here ' +
        '(terminals send them again). For real use set DATABASE_URL to a PostgreSQL server.',
    );
  }
  const cloud = await buildCloud({
    database,
    clock: systemClock,
    secret: loadMasterSecret(env.DATA_DIR, env.CHEFCLOUD_SECRET),
    setupToken: env.CHEFCLOUD_SETUP_TOKEN,
    frontendUrl: env.FRONTEND_URL,
    version: VERSION,
    metricsToken: env.METRICS_TOKEN,
    log,
  }).catch(async (error: unknown) => {
    await database.close();
    throw error;
  });

  const sampling = startKpiSampling(cloud.ctx);
  // Only a cloud that serves has jobs; one that finds its port taken leaves nothing behind.
  let stopJobs = (): Promise<void> => Promise.resolve();
  let isStopping = false;
  const stop = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    await sampling.stop();
    await stopJobs();
    await cloud.close();
    await database.close();
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop());
  process.on('SIGINT', () => void stop());

  try {
    await cloud.app.listen({ port: env.PORT, host: env.HOST });
  } catch (error) {
    await sampling.stop();
    await cloud.close();
    await database.close();
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    throw isTaken
      ? new AppError('port/taken', `Port ${env.PORT} is in use by another program. Choose another one.`)
      : error;
  }
  stopJobs = startJobs(cloud.ctx);
  const address = cloud.app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : env.PORT;
  process.stdout.write(`${JSON.stringify({ event: 'listening', port })}\n`);
}

start().catch((error: unknown) => {
  const isKnown = error instanceof AppError;
  const line = isKnown
    ? { event: 'failed', code: error.code, message: error.message }
    : { event: 'failed', code: 'internal', message: String(error) };
  process.stderr.write(`${JSON.stringify(line)}\n`);
  process.exit(1);
});

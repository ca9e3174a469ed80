import { CompiledQuery } from 'kysely';
import { PgBoss } from 'pg-boss';
import type { CloudContext } from '../context.ts';
import { cleanUp } from './clean-up.ts';

const CLEAN_UP = 'clean-up';
const CLEAN_UP_CRON = '17 * * * *';
const HOUR_MS = 3_600_000;
/** Not in the first minute: a start has better things to do. */
const FIRST_MS = 60_000;
const POLL_SECONDS = 30;

/**
 * Starts the jobs in the background. On PostgreSQL they are pg-boss jobs in a schema of their own, so that each runs once however many
 * instances there are. PGlite has one instance and one session, which pg-boss would hold for seconds while it installs itself: there the
 * clock alone starts them. Returns the function that stops them.
 */
export function startJobs(ctx: CloudContext): () => Promise<void> {
  return ctx.database.kind === 'postgres' ? startBoss(ctx) : startLoop(ctx);
}

async function runCleanUp(ctx: CloudContext): Promise<void> {
  const removed = await cleanUp(ctx);
  ctx.log.info({ job: CLEAN_UP, ...removed }, 'removed what has run out');
}

function startLoop(ctx: CloudContext): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  const run = (): void => {
    running = runCleanUp(ctx).catch((error: unknown) => {
      ctx.log.error({ err: error, job: CLEAN_UP }, 'a job failed; it runs again in an hour');
    });
    cancel = ctx.clock.after(HOUR_MS, run);
  };
  let cancel = ctx.clock.after(FIRST_MS, run);
  return async () => {
    cancel();
    await running;
  };
}

function startBoss(ctx: CloudContext): () => Promise<void> {
  const { db } = ctx.database;
  const boss = new PgBoss({
    schema: 'jobs',
    db: {
      executeSql: async (text, values = []) => {
        const { rows } = await db.executeQuery<Record<string, unknown>>(CompiledQuery.raw(text, values));
        return { rows };
      },
    },
  });
  boss.on('error', (error) => {
    ctx.log.error({ err: error }, 'the job queue has trouble');
  });
  const started = (async (): Promise<void> => {
    await boss.start();
    await boss.createQueue(CLEAN_UP);
    await boss.schedule(CLEAN_UP, CLEAN_UP_CRON);
    await boss.work(CLEAN_UP, { pollingIntervalSeconds: POLL_SECONDS }, () => runCleanUp(ctx));
  })().catch((error: unknown) => {
    ctx.log.error({ err: error }, 'the job queue cannot start');
  });
  return async () => {
    await started;
    await boss.stop({ graceful: true, timeout: 5_000 });
  };
}

import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { cleanUp } from '../../src-cloud/jobs/clean-up.ts';
import { startJobs } from '../../src-cloud/jobs/run-jobs.ts';
import { CloudKit, until } from '../helpers/cloud-kit.ts';
import { engines, postgresOnly } from '../helpers/engines.ts';

const [pglite] = engines;
if (pglite === undefined) throw new Error('no engine');

describe.each(engines)('jobs on $name', (engine) => {
  test('remove what has run out and nothing else', async () => {
    const kit = await CloudKit.open(engine);
    const tenant = await kit.organisation();
    const till = await tenant.till();
    const token = await tenant.token('L5');
    const open = async (orderId: string) =>
      kit.call(
        'POST /pos/orders',
        { orderId, type: 'takeaway' },
        { token: await tenant.token('L5'), headers: { 'idempotency-key': orderId } },
      );
    const login = { email: 'a@example.com', password: 'a long password' };
    await kit.call(`PUT /staff/${tenant.staffId('L5')}/login`, login, { token });
    await kit.call('POST /auth/login', login);
    await kit.call('POST /enrolment-codes', {}, { token });
    await open('old');
    await till.taken(till.sale('s1'));
    const { cursor } = await till.pull();
    expect(await cleanUp(kit.cloud.ctx)).toEqual({
      idempotency: 0,
      counterTokens: 0,
      refreshTokens: 0,
      enrolmentCodes: 0,
    });

    kit.clock.advance(91 * 86_400_000);
    // The newest token of each counter stays: a terminal that slept for a quarter goes on where nothing has happened since.
    const first = await cleanUp(kit.cloud.ctx);
    expect(first).toMatchObject({ idempotency: 1, refreshTokens: 1, enrolmentCodes: 1 });
    expect((await till.changes(cursor)).body.reset).toBe(false);
    await open('new');
    expect(await cleanUp(kit.cloud.ctx)).toEqual({
      idempotency: 0,
      counterTokens: 1,
      refreshTokens: 0,
      enrolmentCodes: 0,
    });
    expect((await till.changes(cursor)).body.reset).toBe(true);
    expect((await open('new')).status).toBe(201);
    await kit.close();
  });
});

describe('jobs on PGlite', () => {
  test('are started by the clock, and stop', async () => {
    const kit = await CloudKit.open(pglite);
    const before = kit.clock.waiting;
    const stop = startJobs(kit.cloud.ctx);
    expect(kit.clock.waiting).toBe(before + 1);
    kit.clock.advance(60_000);
    expect(kit.clock.waiting).toBe(before + 1);
    await stop();
    expect(kit.clock.waiting).toBe(before);
    await kit.close();
  });
});

describe.each(postgresOnly)('jobs on $name', (engine) => {
  test('are scheduled in the database, once for all instances, and stop', async () => {
    const kit = await CloudKit.open(engine);
    const stop = startJobs(kit.cloud.ctx);
    await until(async () => {
      const { rows } = await sql<{ name: string | null }>`select to_regclass('jobs.schedule')::text as name`.execute(
        kit.database.db,
      );
      return rows[0]?.name !== null;
    });
    await stop();
    const { rows } = await sql<{ name: string; cron: string }>`select name, cron from jobs.schedule`.execute(
      kit.database.db,
    );
    expect(rows).toEqual([{ name: 'clean-up', cron: '17 * * * *' }]);
    await kit.close();
  });
});

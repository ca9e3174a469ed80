import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClusterWakeups, payloadsOf } from '../../src-cloud/services/cluster-wakeups.ts';
import { createWakeups, type Wakeup, type Wakeups } from '../../src-cloud/services/wakeups.ts';
import { type Database, openDatabase } from '../../src-cloud/store/database.ts';
import { createPostgresDatabase, engines } from '../helpers/engines.ts';
import { FakeClock } from '../helpers/fake-clock.ts';

const quiet = { info: () => undefined, warn: () => undefined };

interface Instance {
  database: Database;
  wakeups: Wakeups;
  clock: FakeClock;
  heard: Wakeup[];
  /** Resolves with the next wake-up that is heard. */
  next(): Promise<Wakeup>;
  leave(): Promise<void>;
}

async function join(database: Database): Promise<Instance> {
  const clock = new FakeClock();
  const wakeups = createWakeups((error) => {
    throw error;
  });
  const heard: Wakeup[] = [];
  const waiting: ((wakeup: Wakeup) => void)[] = [];
  wakeups.subscribe((wakeup) => {
    heard.push(wakeup);
    waiting.shift()?.(wakeup);
  });
  const leave = await createClusterWakeups({ database, wakeups, clock, log: quiet });
  return { database, wakeups, clock, heard, leave, next: () => new Promise((resolve) => waiting.push(resolve)) };
}

describe.each(engines.filter(({ name }) => name === 'postgres'))('wake-ups between instances on $name', () => {
  let instances: Instance[] = [];
  beforeAll(async () => {
    const databaseUrl = await createPostgresDatabase();
    instances = await Promise.all([1, 2].map(async () => join(await openDatabase({ databaseUrl }))));
  });
  afterAll(async () => {
    for (const { leave, database } of instances) {
      await leave();
      await database.close();
    }
  });

  it('reach the others joined into one notification, and do not come back', async () => {
    const [here, there] = instances;
    if (here === undefined || there === undefined) throw new Error('two instances');
    const arrived = there.next();
    here.wakeups.publish({ orgId: 'o1', scopes: ['b1'], days: ['2026-03-02'] });
    here.wakeups.publish({ orgId: 'o1', scopes: ['b1', 'org'], days: ['2026-03-01'] });
    expect(there.heard).toEqual([]);
    here.clock.advance(40);
    expect(await arrived).toEqual({ orgId: 'o1', scopes: ['b1', 'org'], days: ['2026-03-02', '2026-03-01'] });
    // What came from elsewhere is not sent on: an answer of the other instance is the next thing heard here.
    there.clock.advance(1_000);
    const answer = here.next();
    there.wakeups.publish({ orgId: 'o2', scopes: ['b9'], days: [] });
    there.clock.advance(40);
    expect(await answer).toEqual({ orgId: 'o2', scopes: ['b9'], days: [] });
    expect(here.heard).toHaveLength(3);
    expect(there.heard).toHaveLength(2);
  });
});

describe('wake-ups of a single instance', () => {
  it('cost nothing on the embedded engine', async () => {
    const [pglite] = engines;
    if (pglite === undefined) throw new Error('no engine');
    const database = await pglite.open();
    const instance = await join(database);
    instance.wakeups.publish({ orgId: 'o1', scopes: ['b1'], days: [] });
    expect(instance.clock.waiting).toBe(0);
    await instance.leave();
    await database.close();
  });
});

describe('payloads of notifications', () => {
  it('stay under what PostgreSQL takes, and lose no scope', () => {
    const scopes = Array.from({ length: 2_000 }, (_, n) => `01HZZZZZZZZZZZZZZZZZZZ${n}`);
    const days = Array.from({ length: 900 }, () => '2026-03-02');
    const payloads = payloadsOf('me', [
      { orgId: 'o1', scopes, days },
      { orgId: 'o2', scopes: ['b'], days: ['2026-03-02'] },
    ]);
    for (const payload of payloads) expect(Buffer.byteLength(payload)).toBeLessThan(8_000);
    const wake = payloads.flatMap((payload) => (JSON.parse(payload) as { wake: Wakeup[] }).wake);
    expect(wake.filter(({ orgId }) => orgId === 'o1').flatMap((each) => each.scopes)).toEqual(scopes);
    expect(wake.at(-1)).toEqual({ orgId: 'o2', scopes: ['b'], days: ['2026-03-02'] });
    expect(payloadsOf('me', [])).toEqual([]);
  });
});

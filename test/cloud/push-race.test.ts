import pg from 'pg';
import { describe, expect, test } from 'vitest';
import type { Order } from '#shared/domain/order.ts';
import { openDatabase } from '../../src-cloud/store/database.ts';
import { burger, CloudKit, type Tenant, type Till, until } from '../helpers/cloud-kit.ts';
import { createPostgresDatabase, engines, postgresOnly } from '../helpers/engines.ts';

/** Holds every writer of figures until it is let go, so that two pushes are certainly under way at once. */
class Barrier {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async hold(url: string): Promise<Barrier> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query('begin');
    await client.query('lock table order_day in exclusive mode');
    return new Barrier(client);
  }

  /** Waits until `count` connections wait for a lock. */
  async held(count: number): Promise<void> {
    await until(async () => {
      // Within a transaction the activity is read once and remembered.
      await this.#client.query('select pg_stat_clear_snapshot()');
      const { rows } = await this.#client.query<{ n: number }>(
        "select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return (rows[0]?.n ?? 0) >= count;
    });
  }

  async release(): Promise<void> {
    await this.#client.query('commit');
    await this.#client.end();
  }
}

const cash = (till: Till, orderId: string, paymentId: string) =>
  till.entry('payment.take', { orderId, paymentId, method: 'cash', amountMinor: 500 });

// PGlite has one session: it cannot show what two connections do to each other.
describe.each(postgresOnly)('two connections on $name', () => {
  const withKit = async (fn: (kit: CloudKit, tenant: Tenant, url: string) => Promise<void>): Promise<void> => {
    const url = await createPostgresDatabase();
    const kit = await CloudKit.over(await openDatabase({ databaseUrl: url }));
    try {
      const tenant = await kit.organisation();
      // The pool's connections are made before anything is timed: a lock is waited for three seconds only.
      const warm = await tenant.till();
      await Promise.all(Array.from({ length: 4 }, () => warm.pull()));
      await fn(kit, tenant, url);
    } finally {
      await kit.close();
    }
  };

  test('two terminals pay on one order at the same moment: no payment is lost', () =>
    withKit(async (_kit, tenant, url) => {
      const [one, two] = [await tenant.till(), await tenant.till()];
      await one.taken([
        one.entry('order.open', { orderId: 'o1', type: 'takeaway' }),
        one.entry('order.addLine', burger('o1', 'l1')),
      ]);
      const barrier = await Barrier.hold(url);
      const pushes = [one.push([cash(one, 'o1', 'p-one')]), two.push([cash(two, 'o1', 'p-two')])];
      await barrier.held(2);
      await barrier.release();
      for (const { body } of await Promise.all(pushes)) expect(body.outcomes).toMatchObject([{ status: 'applied' }]);
      const order = (await one.pull()).rows.get('order/o1') as unknown as Order;
      expect(order.payments.map(({ id }) => id).toSorted()).toEqual(['p-one', 'p-two']);
    }));

  test('the same batch pushed twice at the same moment is executed once', () =>
    withKit(async (kit, tenant, url) => {
      const till = await tenant.till();
      const sale = till.sale('o1');
      const barrier = await Barrier.hold(url);
      const pushes = [till.push(sale), till.push(sale)];
      await barrier.held(2);
      await barrier.release();
      const [first, second] = await Promise.all(pushes);
      expect(first?.body.outcomes).toEqual(second?.body.outcomes);
      const rows = await kit.database.db.selectFrom('command').select('seq').orderBy('seq').execute();
      expect(rows.map(({ seq }) => seq)).toEqual(sale.map(({ seq }) => seq));
    }));

  test('a reader skips nothing while a writer that came first is still on its way', () =>
    withKit(async (_kit, tenant, url) => {
      const [one, two, reader] = [await tenant.till(), await tenant.till(), await tenant.till()];
      const start = (await reader.pull()).cursor;
      const barrier = await Barrier.hold(url);
      const slow = one.push(one.sale('slow'));
      await barrier.held(1);
      // Writes no figures: nothing but the counter keeps it behind the slow one.
      const quick = two.push([two.entry('order.open', { orderId: 'quick', type: 'takeaway' })]);
      await barrier.held(2);
      const between = await reader.pull(start);
      await barrier.release();
      await Promise.all([slow, quick]);
      const after = await reader.pull(between.cursor);
      const seen = new Map([...between.rows, ...after.rows]);
      expect(seen.has('order/slow') && seen.has('order/quick')).toBe(true);
      expect(new Set(seen.keys())).toEqual(new Set((await reader.pull(start)).rows.keys()));
    }));

  test('a writer that waits too long for its lock is told to come again, and nothing is lost', () =>
    withKit(async (_kit, tenant, url) => {
      const till = await tenant.till();
      const sale = till.sale('o1');
      const barrier = await Barrier.hold(url);
      const answer = await till.push(sale);
      expect(answer).toMatchObject({ status: 503, body: { code: 'server/busy' }, headers: { 'retry-after': '1' } });
      await barrier.release();
      expect((await till.taken(sale)).every(({ status }) => status === 'applied')).toBe(true);
    }));
});

describe.each(engines)('reading while others write on $name', (engine) => {
  test('a reader that follows four busy terminals ends with the very rows of a fresh start', async () => {
    const kit = await CloudKit.open(engine);
    const tenant = await kit.organisation();
    const tills = await Promise.all(Array.from({ length: 4 }, () => tenant.till()));
    const reader = await tenant.till();
    let isBusy = true;
    const seen = new Map<string, unknown>();
    const follow = async (): Promise<void> => {
      let cursor: string | undefined;
      for (let isLast = false; ;) {
        const page = await reader.pull(cursor, 7);
        for (const [key, body] of page.rows) seen.set(key, body);
        cursor = page.cursor;
        if (isLast) return;
        isLast = !isBusy;
      }
    };
    const following = follow();
    await Promise.all(
      tills.map(async (till, number) => {
        for (let n = 0; n < 6; n += 1) {
          await till.taken(till.sale(`t${number}-${n}`));
          await till.taken([cash(till, 't0-0', `extra-${number}-${n}`)]);
        }
      }),
    );
    isBusy = false;
    await following;
    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries((await reader.pull()).rows));
    await kit.close();
  });
});

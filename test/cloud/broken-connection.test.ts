import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import pg from 'pg';
import { sql } from 'kysely';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openDatabase } from '../../src-cloud/store/database.ts';
import { createPostgresDatabase, postgresOnly } from '../helpers/engines.ts';

/** The way to a server, which can be cut; counts who tries to go it. */
class Way {
  isCut = false;
  tries = 0;
  readonly open = new Set<Socket>();
  readonly #server: Server;

  constructor(to: number) {
    this.#server = createServer((near) => {
      this.tries += 1;
      near.on('error', () => undefined);
      if (this.isCut) return void near.destroy();
      const far = connect(to, '127.0.0.1');
      far.on('error', () => near.destroy());
      this.open.add(near);
      near.on('close', () => {
        this.open.delete(near);
        far.destroy();
      });
      near.pipe(far).pipe(near);
    });
  }
  async listen(): Promise<number> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void this.#server.close());
    return (this.#server.address() as AddressInfo).port;
  }
  cut(): void {
    this.isCut = true;
    this.tries = 0;
    for (const each of this.open) each.destroy();
  }
}

describe.each(postgresOnly)('a connection that breaks on $name', () => {
  test('in the middle of a transaction is told to whoever asks it next, and to nobody else', async () => {
    const url = await createPostgresDatabase();
    const database = await openDatabase({ databaseUrl: url });
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    // Nothing is being asked when it breaks: without a listener that ends the process.
    const broken = database.db.transaction().execute(async (tx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
      await other.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
      for (let isThere = true; isThere;) {
        const found = await other.query('select from pg_stat_activity where pid = $1', [rows[0]?.pid]);
        isThere = found.rowCount !== 0;
      }
      await sql`select 1`.execute(tx);
    });
    await expect(broken).rejects.toThrow(/terminat|connection error/);
    expect((await sql<{ one: number }>`select 1 as one`.execute(database.db)).rows).toEqual([{ one: 1 }]);
    await other.end();
    await database.close();
  });

  test('is tried again once a second, however long the server is away, and is one again when it is back', async () => {
    const direct = new URL(await createPostgresDatabase());
    const way = new Way(Number(direct.port));
    const url = new URL(direct);
    url.port = String(await way.listen());
    const database = await openDatabase({ databaseUrl: url.href });
    const heard: string[] = [];
    await database.listen('news', (payload) => heard.push(payload));
    // The listener's, and an idle one of the pool.
    expect(way.open.size).toBe(2);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    way.cut();
    for (let second = 1; second <= 5; second += 1) {
      // One wait, not one of its end and one of its failure: they would double every second.
      await expect.poll(() => vi.getTimerCount()).toBe(1);
      vi.advanceTimersByTime(1_000);
      await expect.poll(() => way.tries).toBe(second);
    }
    await expect.poll(() => vi.getTimerCount()).toBe(1);
    way.isCut = false;
    const other = new pg.Client({ connectionString: direct.href });
    await other.connect();
    vi.advanceTimersByTime(1_000);
    vi.useRealTimers();
    await expect
      .poll(async () => {
        await other.query("select pg_notify('news', 'hello')");
        return heard.at(-1);
      })
      .toBe('hello');
    expect(way.open.size).toBe(1);
    await other.end();
    await database.close();
    await expect.poll(() => way.open.size).toBe(0);
  });
});

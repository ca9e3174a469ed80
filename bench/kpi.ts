/**
 * Nine KPIs of one branch at 200,000 orders, 60 days, 5 branches: our snapshot next to nine queries that add up the month each time.
 * `node bench/kpi.ts [orders=200000] [rounds=3] [reads=300]`, on the machine's PostgreSQL (a throw-away server) or with PGLITE=1 on PGlite.
 */
import { sql } from 'kysely';
import { Branch } from '#shared/domain/branch.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { readLiveFigures } from '../src-cloud/services/kpi-snapshot.ts';
import { type Database, openDatabase } from '../src-cloud/store/database.ts';
import { migrate } from '../src-cloud/store/migrate.ts';
import { withOrg } from '../src-cloud/store/with-org.ts';
import { findPostgresBinaries, startPostgres } from '../test/helpers/postgres-server.ts';

const ORG = 'org';
const BRANCHES = 5;
const DAYS = 60;
const NOW_MS = Date.parse('2026-11-21T20:00:00Z');

const branches = Array.from({ length: BRANCHES }, (_, index) =>
  Branch.parse({
    id: `b${index}`,
    name: `b${index}`,
    zone: 'UTC',
    dayStartHour: 0,
    stations: [{ id: 'grill', name: 'Grill' }],
  }),
);

async function fill({ db }: Database, orders: number): Promise<void> {
  const first = isoAt(NOW_MS - (DAYS - 1) * 86_400_000).slice(0, 10);
  const day = sql`to_char(${first}::date + (n * ${sql.lit(DAYS)}::int8 / ${orders + 1}::int8)::int4, 'YYYY-MM-DD')`;
  for (const scope of ['org', ...branches.map(({ id }) => id)]) {
    await db
      .insertInto('counter')
      .values({ org_id: ORG, scope, seq: orders * 2, token: 't' })
      .execute();
  }
  await sql`insert into entity (org_id, kind, id, scope, seq, state, day, body, updated_at)
    select ${ORG}, 'order', 'o' || n, 'b' || n % 5, n, case when n > ${orders - 85} then 'open' end, ${day},
      jsonb_build_object('id', 'o' || n, 'lines', repeat('x', 600)), now() from generate_series(1::int8, ${orders}::int8) n`.execute(
    db,
  );
  await sql`insert into order_day (org_id, branch_id, day, order_id, sales_minor, cash_minor, momo_minor, card_minor, orders)
    select ${ORG}, 'b' || n % 5, ${day}, 'o' || n, 5000 + n % 400, case when n % 2 = 0 then 5000 else 0 end,
      case when n % 2 = 1 then 5000 else 0 end, 0, 1 from generate_series(1::int8, ${orders - 85}::int8) n`.execute(db);
  for (const [kind, state, count] of [
    ['session', 'seated', 60],
    ['shift', 'open', 40],
    ['stockItem', 'at-risk', 30],
    ['anomaly', null, 2_000],
  ] as const) {
    await sql`insert into entity (org_id, kind, id, scope, seq, state, day, body, updated_at)
      select ${ORG}, ${kind}, ${kind} || n, 'b' || n % 5, ${orders}::int8 + n, ${state}, '2026-11-21', '{}', now()
      from generate_series(1, ${count}::int4) n`.execute(db);
  }
  await sql`vacuum analyze`.execute(db);
}

/** What somebody would write first: nine queries, sums over the whole month. */
async function nineQueries({ db }: Database, branchId: string): Promise<number[]> {
  return withOrg(db, ORG, async (tx) => {
    const month = sql`org_id = ${ORG} and branch_id = ${branchId} and day >= '2026-11-01' and day <= '2026-11-21'`;
    const today = sql`org_id = ${ORG} and branch_id = ${branchId} and day = '2026-11-21'`;
    const live = (kind: string, state: string) =>
      sql<{
        v: number;
      }>`select count(*) as v from entity where org_id = ${ORG} and scope = ${branchId} and kind = ${kind} and state = ${state}`;
    const statements = [
      sql<{ v: number }>`select coalesce(sum(sales_minor), 0)::int8 as v from order_day where ${today}`,
      sql<{ v: number }>`select coalesce(sum(sales_minor), 0)::int8 as v from order_day where ${month}`,
      sql<{ v: number }>`select coalesce(sum(momo_minor), 0)::int8 as v from order_day where ${today}`,
      sql<{ v: number }>`select coalesce(sum(cash_minor), 0)::int8 as v from order_day where ${today}`,
      live('order', 'open'),
      live('session', 'seated'),
      live('shift', 'open'),
      live('stockItem', 'at-risk'),
      sql<{
        v: number;
      }>`select count(*) as v from entity where org_id = ${ORG} and scope = ${branchId} and kind = 'anomaly' and day = '2026-11-21'`,
    ];
    const values: number[] = [];
    for (const statement of statements) values.push((await statement.execute(tx)).rows[0]?.v ?? 0);
    return values;
  });
}

async function snapshot({ db }: Database, branch: Branch): Promise<number[]> {
  const [figures] = await readLiveFigures(db, ORG, [branch], NOW_MS);
  return Object.values(figures?.kpis ?? {});
}

const at = (values: number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;

async function main(orders = 200_000, rounds = 3, reads = 300): Promise<void> {
  const binaries = process.env['PGLITE'] === '1' ? undefined : findPostgresBinaries();
  const server = binaries === undefined ? undefined : await startPostgres(binaries);
  const database = await openDatabase(server === undefined ? {} : { databaseUrl: server.url });
  try {
    await migrate(database, NOW_MS);
    await fill(database, orders);
    const ways = {
      'nine queries over the month': (branch: Branch) => nineQueries(database, branch.id),
      'one round trip, closed days rolled up': (branch: Branch) => snapshot(database, branch),
      'floor: an empty transaction': (_branch: Branch) => withOrg(database.db, ORG, (tx) => sql`select 1`.execute(tx)),
    };
    for (const branch of branches) {
      // The first one makes the rollups.
      const [a, b] = [await nineQueries(database, branch.id), await snapshot(database, branch)];
      if (String(a) !== String(b)) throw new Error(`the ways disagree: ${a.join()} and ${b.join()}`);
    }
    const times = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      const entries = Object.entries(ways);
      for (const [name, run] of round % 2 === 0 ? entries : entries.toReversed()) {
        for (let n = -20; n < reads; n += 1) {
          const branch = branches[Math.abs(n) % BRANCHES];
          if (branch === undefined) continue;
          const startedMs = performance.now();
          await run(branch);
          if (n >= 0) times.get(name)?.push(performance.now() - startedMs);
        }
      }
    }
    process.stdout.write(`Nine KPIs of one branch, ${orders} orders, ${database.kind}\n`);
    console.table(
      [...times].map(([way, ms]) => ({
        way,
        'p10 ms': at(ms, 0.1).toFixed(3),
        'p50 ms': at(ms, 0.5).toFixed(3),
        'p99 ms': at(ms, 0.99).toFixed(3),
      })),
    );
  } finally {
    await database.close();
    await server?.stop();
  }
}

await main(...process.argv.slice(2).map(Number));

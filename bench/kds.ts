/**
 * Kitchen: 10 changed tickets of 500,000 over HTTP, next to a request that asks the database nothing.
 * `node bench/kds.ts [tickets=500000] [reads=500] [rounds=3]`, on the machine's PostgreSQL (a throw-away server) or with PGLITE=1 on PGlite.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { DeviceId, OrgId, BranchId } from '#shared/kernel/ids.ts';
import { buildCloud } from '../src-cloud/app.ts';
import { type Database, openDatabase } from '../src-cloud/store/database.ts';
import { systemClock } from '../src-main/core/system-clock.ts';
import { findPostgresBinaries, startPostgres } from '../test/helpers/postgres-server.ts';

const ORG = OrgId.parse('org');
const CHANGED = 10;

const ticket = {
  orderId: 'o1',
  stationId: 'grill',
  label: 'Table 12',
  type: 'dine-in',
  status: 'served',
  lines: [
    { lineId: 'l1', name: 'Menu item number 12', quantity: 2, note: '' },
    { lineId: 'l2', name: 'Menu item number 40', quantity: 1, note: 'no onion' },
  ],
  sentAt: '2026-11-21T12:00:00.000Z',
  sentBy: 'waiter',
  day: '2026-11-21',
};

async function fill({ db }: Database, tickets: number): Promise<void> {
  const scopes = ['b0', 'b1', 'b2', 'b3', 'b4'];
  const head = Math.ceil(tickets / scopes.length);
  for (const scope of ['org', ...scopes])
    await db.insertInto('counter').values({ org_id: ORG, scope, seq: head, token: 't' }).execute();
  await sql`insert into counter_token (org_id, scope, seq, token, at) select ${ORG}, 'b0', ${head - CHANGED}::int8, 't', now()`.execute(
    db,
  );
  await sql`insert into entity (org_id, kind, id, scope, seq, state, day, body, updated_at)
    select ${ORG}, 'ticket', 'k' || n, 'b' || n % 5, n / 5 + 1, null, '2026-11-21',
      ${JSON.stringify(ticket)}::jsonb || jsonb_build_object('id', 'k' || n, 'branchId', 'b' || n % 5), '2026-11-01T00:00:00Z'::timestamptz + n * interval '1 second'
    from generate_series(0::int8, ${tickets - 1}::int8) n`.execute(db);
  const device = {
    status: 'active' as const,
    enrolled_at: '2026-11-01T00:00:00Z',
    pending_count: 0,
    clock_offset_ms: 0,
  };
  await db
    .insertInto('device')
    .values({ org_id: ORG, id: 'kitchen', branch_id: 'b0', code: 'T1', name: 'Kitchen', public_key: 'x', ...device })
    .execute();
  await sql`vacuum analyze`.execute(db);
}

/** The cloud in a process of its own. */
async function serve(databaseUrl: string | undefined, tickets: number): Promise<void> {
  const database = await openDatabase(databaseUrl === undefined ? {} : { databaseUrl });
  const cloud = await buildCloud({ database, clock: systemClock, secret: 'a master secret of a bench, long enough' });
  await fill(database, tickets);
  const bare = http.createServer((_request, answer) => answer.end('{"tickets":[]}'));
  await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));
  const address = bare.address();
  const url = await cloud.app.listen({ port: 0, host: '127.0.0.1' });
  const token = await cloud.ctx.tokens.signAccess({
    kind: 'device',
    orgId: ORG,
    branchId: BranchId.parse('b0'),
    deviceId: DeviceId.parse('kitchen'),
  });
  process.send?.({ url, token, bareUrl: `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}` });
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function get(url: string, token: string): Promise<{ tickets?: unknown[] }> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent, headers: { authorization: `Bearer ${token}` } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (bytes: Buffer) => parts.push(bytes));
      answer.on('end', () => resolve(JSON.parse(Buffer.concat(parts).toString()) as { tickets?: unknown[] }));
    });
    request.on('error', reject);
  });
}

const at = (values: number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;

async function main(tickets = 500_000, reads = 500, rounds = 3): Promise<void> {
  const binaries = process.env['PGLITE'] === '1' ? undefined : findPostgresBinaries();
  const server = binaries === undefined ? undefined : await startPostgres(binaries);
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), ['--serve', server?.url ?? '', String(tickets)]);
  try {
    const [{ url, token, bareUrl }] = (await once(child, 'message')) as [
      { url: string; token: string; bareUrl: string },
    ];
    const since = Math.ceil(tickets / 5) - CHANGED;
    const ways: Record<string, [string, number]> = {
      [`GET /kds/tickets, ${CHANGED} changed`]: [`${url}/kds/tickets?since=${since}.t`, CHANGED],
      'GET /healthz (one statement, no sign-in)': [`${url}/healthz`, 0],
      'floor: node:http that answers at once': [bareUrl, 0],
    };
    const times = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      const entries = Object.entries(ways);
      for (const [name, [address, expected]] of round % 2 === 0 ? entries : entries.toReversed()) {
        for (let n = -50; n < reads; n += 1) {
          const startedMs = performance.now();
          const { tickets: found = [] } = await get(address, token);
          if (n >= 0) times.get(name)?.push(performance.now() - startedMs);
          if (found.length !== expected) throw new Error(`${name}: ${found.length} tickets`);
        }
      }
    }
    process.stdout.write(`Kitchen, ${tickets} tickets, ${server === undefined ? 'pglite' : 'postgres'}\n`);
    console.table(
      [...times].map(([way, ms]) => ({
        way,
        'p10 ms': at(ms, 0.1).toFixed(3),
        'p50 ms': at(ms, 0.5).toFixed(2),
        'p99 ms': at(ms, 0.99).toFixed(2),
      })),
    );
  } finally {
    agent.destroy();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await server?.stop();
  }
}

const [mode, url, count] = process.argv.slice(2);
if (mode === '--serve') await serve(url === '' ? undefined : url, Number(count));
else await main(...process.argv.slice(2).map(Number));

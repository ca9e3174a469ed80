import { readFileSync } from 'node:fs';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src-cloud/observe/logger.ts';
import { queryType } from '../../src-cloud/observe/metrics.ts';
import { RATE_LIMITS } from '../../src-cloud/observe/rate-limits.ts';
import { engines } from '../helpers/engines.ts';
import { createLiveCloud, type LiveCloud, orderRow, type Restaurant } from '../helpers/live-cloud.ts';

const METRICS_TOKEN = 'a metrics token of a test';
const PASSWORD = 'the owner’s secret password';
const PIN = '918273';

const [engine] = engines;
if (engine === undefined) throw new Error('no engine');

describe('what the cloud says of itself', () => {
  let live: LiveCloud;
  let place: Restaurant;
  let lines: string[] = [];
  beforeAll(async () => {
    const log = createLogger('debug', { write: (text) => void lines.push(text) });
    live = await createLiveCloud(engine, { log, metricsToken: METRICS_TOKEN, frontendUrl: 'https://pos.example.com' });
  });
  afterAll(() => live.close());
  beforeEach(async () => {
    place = await live.restaurant();
    lines = [];
  });

  const post = (path: string, body: object, headers: Record<string, string> = {}) =>
    fetch(`${live.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const entries = () => lines.map((text) => JSON.parse(text) as Record<string, unknown>);
  const logged = async (find: (entry: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> => {
    await expect.poll(() => entries().some(find)).toBe(true);
    return entries().find(find) ?? {};
  };
  const metric = async (): Promise<string> => (await fetch(`${live.url}/metrics`)).text();
  const setup = (email: string) => ({
    token: 'set-up-token-of-a-test',
    organisation: { name: 'Mama Rosa', currency: 'UGX' },
    branch: { name: 'Main', zone: 'UTC', dayStartHour: 4, stations: [{ id: 'grill', name: 'Grill' }] },
    owner: { name: 'Rosa', email, password: PASSWORD, pin: PIN },
  });

  it('logs each request in one line of JSON, with who and how long, without its query', async () => {
    const answer = await fetch(`${live.url}/kpis?scope=org&secret=hidden`, {
      headers: { authorization: `Bearer ${await place.tokenOf('L4')}` },
    });
    const entry = await logged(({ path }) => path === '/kpis');
    expect(entry).toMatchObject({
      level: 'info',
      service: 'cloud',
      requestId: answer.headers.get('x-request-id'),
      orgId: place.orgId,
      userId: `${place.orgId}-L4`,
      method: 'GET',
      path: '/kpis',
      statusCode: 200,
      msg: 'request',
    });
    expect(entry['duration_ms']).toBeTypeOf('number');
    expect(Date.parse(String(entry['time']))).not.toBeNaN();
    expect(lines.join('')).not.toContain('hidden');
  });

  it('never writes a password, PIN, token, cookie or body', async () => {
    const answer = await post('/setup', setup('rosa@example.com'));
    expect(answer.status).toBe(201);
    const { enrolmentCode } = (await answer.json()) as { enrolmentCode: string };
    const login = await post('/auth/login', { email: 'rosa@example.com', password: PASSWORD });
    expect(login.status).toBe(200);
    const { accessToken, refreshToken } = (await login.json()) as { accessToken: string; refreshToken: string };
    await post('/auth/login', { email: 'rosa@example.com', password: 'a wrong password' });
    await post('/auth/refresh', {}, { cookie: `chefcloud_refresh=${refreshToken}` });
    await fetch(`${live.url}/auth/me`, { headers: { authorization: `Bearer ${accessToken}` } });
    const stream = await live.stream('/stream/kpis?scope=org', accessToken);
    await stream.next();
    await live.closeStreams();
    await logged(({ event }) => event === 'stream-closed');
    const text = lines.join('');
    for (const secret of [
      PASSWORD,
      'a wrong password',
      PIN,
      enrolmentCode,
      accessToken,
      refreshToken,
      'set-up-token',
      'Bearer',
      '$argon2',
    ]) {
      expect(text).not.toContain(secret);
    }
  });

  it('takes out what somebody logs by mistake', () => {
    const written: string[] = [];
    const log = createLogger('info', { write: (text) => void written.push(text) });
    const error = Object.assign(new Error('duplicate key'), {
      code: '23505',
      detail: 'Key (email)=(rosa@example.com) exists',
    });
    log.info({ password: 'one', staff: { pin: 'two' }, deep: { more: { accessToken: 'three' } }, err: error }, 'oops');
    const entry = JSON.parse(written[0] ?? '') as Record<string, unknown>;
    expect(written[0]).not.toMatch(/one|two|three|rosa@/);
    expect(entry['err']).toMatchObject({ code: '23505', message: 'duplicate key' });
  });

  it('logs a slow statement with its text and without its values', async () => {
    const { db } = live.cloud.ctx.database;
    await sql`select count(*) from generate_series(1, 1500000) n where n::text <> ${'a private value'}`.execute(db);
    const entry = await logged(({ event }) => event === 'slow-query');
    expect(entry['query']).toContain('select count(*) from generate_series');
    expect(entry['duration_ms']).toBeGreaterThan(100);
    expect(lines.join('')).not.toContain('a private value');
  });

  it('logs opening and closing of a stream', async () => {
    const stream = await live.stream('/stream/kpis?scope=org', await place.tokenOf('L4'));
    await stream.next();
    expect(await logged(({ event }) => event === 'stream-opened')).toMatchObject({
      stream: 'kpis',
      subject: `staff:${place.orgId}-L4`,
      clients: 1,
    });
    await live.closeStreams();
    expect(await logged(({ event }) => event === 'stream-closed')).toMatchObject({ reason: 'client', duration_ms: 0 });
  });

  it('tells Prometheus how long requests and statements take, what failed, and what the streams do', async () => {
    const token = await place.tokenOf('L4');
    await live.get('/kpis?scope=org', token);
    await live.get('/kpis?scope=branch', token);
    await live.get('/nowhere');
    const stream = await live.stream('/stream/kpis?scope=org', token);
    await stream.next();
    const text = await metric();
    expect(text).toMatch(/^http_request_duration_ms_bucket\{le="5",endpoint="GET \/kpis"\} \d+$/m);
    expect(text).toMatch(/^http_request_duration_ms_count\{endpoint="GET \/kpis"\} [2-9]/m);
    expect(text).toMatch(/^db_query_duration_ms_count\{query_type="select"\} [1-9]\d*$/m);
    expect(text).toMatch(/^error_rate\{endpoint="GET \/kpis",status="422"\} \d+$/m);
    expect(text).toMatch(/^error_rate\{endpoint="unknown",status="404"\} \d+$/m);
    expect(text).toMatch(/^sse_clients\{stream="kpis"\} 1$/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
    await live.closeStreams();
    expect(await metric()).not.toMatch(/^sse_clients\{stream="kpis"\} 1$/m);
    expect(await metric()).toMatch(/^sse_closed_total\{reason="client"\} \d+$/m);
  });

  it('counts what terminals send by what became of it', async () => {
    const body = {
      deviceId: place.till,
      incarnation: 'abcdefgh',
      clockMs: live.clock.now(),
      pending: { count: 0, oldestAt: null },
      entries: [{}],
    };
    const answer = await post('/sync/push', body, { authorization: `Bearer ${await place.deviceToken()}` });
    expect(answer.status).toBe(200);
    expect(await metric()).toMatch(/^push_entries_total\{status="rejected"\} 1$/m);
  });

  it('answers /metrics to this machine, and elsewhere only with the token', async () => {
    const ask = (headers: Record<string, string>) => fetch(`${live.url}/metrics`, { headers });
    expect((await ask({})).headers.get('content-type')).toMatch(/^text\/plain; version=/);
    // Behind a proxy every request comes from this machine.
    expect((await ask({ 'x-forwarded-for': '203.0.113.7' })).status).toBe(401);
    expect((await ask({ 'x-forwarded-for': '203.0.113.7', authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await ask({ 'x-forwarded-for': '203.0.113.7', authorization: `Bearer ${METRICS_TOKEN}` })).status).toBe(
      200,
    );
  });

  it('shows in Grafana only what there is', async () => {
    await place.save([orderRow(place.north, 'o1', 1)]);
    const board = readFileSync('resources/grafana/chefcloud.json', 'utf8');
    const { panels } = JSON.parse(board) as { panels: { targets: { expr: string }[] }[] };
    const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    const used = new Set(
      expressions
        .flatMap((expr) => expr.replaceAll(/by \([^)]*\)/g, '').match(/\b[a-z]+(?:_[a-z0-9]+)+\b/g) ?? [])
        .filter((name) => name !== 'histogram_quantile'),
    );
    expect([...used]).toEqual(
      expect.arrayContaining([
        'http_request_duration_ms_bucket',
        'db_query_duration_ms_bucket',
        'error_rate',
        'sse_clients',
      ]),
    );
    const declared = (await metric()).match(/^# TYPE (\w+)/gm)?.map((text) => text.slice('# TYPE '.length)) ?? [];
    for (const name of used) expect(declared).toContain(name.replace(/_(bucket|count|sum)$/, ''));
    // The labels it groups by are those the metrics have.
    expect(expressions.join()).toMatch(/by \(le, endpoint\).*by \(endpoint, status\).*by \(le, query_type\)/);
  });

  it('knows the type of a statement', () => {
    expect(['select 1', '  WITH x as (select 1) update', 'begin', 'explain select', ''].map(queryType)).toEqual([
      'select',
      'with',
      'begin',
      'other',
      'other',
    ]);
  });

  it('lets the front end alone call from a browser, streams too', async () => {
    const authorization = `Bearer ${await place.tokenOf('L4')}`;
    const stream = await live.stream('/stream/kpis?scope=org', '', {
      authorization,
      origin: 'https://pos.example.com',
    });
    expect(stream.headers).toMatchObject({
      'access-control-allow-origin': 'https://pos.example.com',
      'access-control-allow-credentials': 'true',
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
    });
    expect(stream.headers['content-encoding']).toBeUndefined();
    const foreign = await live.stream('/stream/kpis?scope=org', '', {
      authorization,
      origin: 'https://evil.example.com',
    });
    expect(foreign.headers['access-control-allow-origin']).not.toBe('https://evil.example.com');
    expect(foreign.headers['access-control-allow-origin']).not.toBe('*');
    await live.closeStreams();
  });

  it('limits tries to sign in by address, and says how many are left and when to come again', async () => {
    const tries = [];
    for (let n = 0; n < 12; n += 1)
      tries.push(await post('/auth/login', { email: 'nobody@example.com', password: 'x' }));
    const last = tries.at(-1);
    expect(last?.status).toBe(429);
    expect(await last?.json()).toEqual({
      code: 'rate/limited',
      message: 'Too many tries. Wait a moment, then try again.',
    });
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(last?.headers.get('x-ratelimit-limit')).toBe('10');
    expect(last?.headers.get('x-ratelimit-remaining')).toBe('0');
    expect(Number(last?.headers.get('x-ratelimit-reset'))).toBeGreaterThan(0);
    expect(tries.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(2);
    expect(await metric()).toMatch(/^error_rate\{endpoint="POST \/auth\/login",status="429"\} [2-9]/m);
    for (const route of Object.keys(RATE_LIMITS)) {
      const [method = '', path = ''] = route.split(' ');
      expect(live.cloud.app.hasRoute({ method: method, url: path })).toBe(true);
    }
  });
});

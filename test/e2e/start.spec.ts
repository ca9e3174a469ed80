import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { freePort } from '../helpers/free-port.ts';
import { isAlive, StartedApp } from '../helpers/started-app.ts';

/** One restaurant for the whole file: the tests use it one after the other, as a person would. */
test.describe.configure({ mode: 'serial' });

const FIRST_START_MS = 180_000;
let folder = '';
let dataDir = '';
let port = 0;
let app: StartedApp;

const options = (): string[] => ['--no-open', '--data', dataDir, '--port', String(port)];
const started = (running: StartedApp) => running.says(/Ctrl-C stops everything/);

test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chefcloud-start-'));
  dataDir = join(folder, 'data');
  port = await freePort(2);
});
test.afterAll(async () => {
  await app?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a fresh folder becomes a restaurant that one can sign in to', async ({ page }) => {
  test.setTimeout(FIRST_START_MS);
  app = new StartedApp(options(), { CHEFCLOUD_RESTART_MS: '300' });
  await started(app);
  for (const level of ['L1', 'L2', 'L3', 'L4', 'L5'])
    expect(app.output).toMatch(new RegExp(`${level}  .*PIN \\d{4,6}`));
  for (const level of ['L3', 'L4', 'L5']) expect(app.output).toMatch(new RegExp(`${level}  .*@.* / \\S{10,}`));
  expect(app.output).toContain(`http://127.0.0.1:${port}`);
  expect(app.output).toContain(`http://127.0.0.1:${port + 1}`);
  expect(statSync(join(dataDir, 'demo.json')).mode & 0o777).toBe(0o600);

  const [, name = '', pin = ''] = /L4 {2}(.*?) +PIN (\d+)/.exec(app.output) ?? [];
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.getByRole('button', { name: new RegExp(name) }).click();
  await page.keyboard.type(pin);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('navigation', { name: 'Screens' })).toBeVisible();
});

test('the e-mail and the password that it prints open the cloud, with a week of sales in it', async ({ request }) => {
  const [, email, password] = /L5 {2}.*? {2}(\S+@\S+) \/ (\S+)/.exec(app.output) ?? [];
  const cloud = `http://127.0.0.1:${port + 1}`;
  const login = await request.post(`${cloud}/auth/login`, { data: { email, password } });
  expect(login.status()).toBe(200);
  const { accessToken } = (await login.json()) as { accessToken: string };
  const headers = { authorization: `Bearer ${accessToken}` };
  const yesterday = new Date(Date.now() - 86_400_000 - 2 * 3_600_000).toISOString().slice(0, 10);
  const answer = await request.get(`${cloud}/kpis?scope=org&date=${yesterday}`, { headers });
  const { kpis, orderCount } = (await answer.json()) as { kpis: Record<string, number>; orderCount: number };
  expect(orderCount).toBeGreaterThan(30);
  expect(kpis['salesToday']).toBeGreaterThan(1_000_000);
  expect(kpis['paymentsCash']).toBeGreaterThan(0);
  expect(kpis['paymentsMomo']).toBeGreaterThan(0);
});

test('a second start on the same folder is refused and disturbs nothing', async ({ request }) => {
  const second = new StartedApp(['--no-open', '--data', dataDir, '--port', String(await freePort(2))]);
  expect(await second.exited).toBe(1);
  expect(second.output.trim().split('\n').at(-1)).toBe(
    `chefcloud: ChefCloud is already running on ${dataDir}. Stop it first, or choose another folder with --data.`,
  );
  expect((await request.get(`http://127.0.0.1:${port}/`)).status()).toBe(200);
});

test('a start on a port that is taken says which one', async () => {
  const other = join(folder, 'other');
  const taken = new StartedApp(['--no-open', '--data', other, '--port', String(port)]);
  expect(await taken.exited).toBe(1);
  expect(taken.output).toContain(`chefcloud: Port ${port} is in use by another program. Choose another with --port.`);

  const free = await freePort(2);
  const server = createServer().listen(free + 1, '127.0.0.1');
  const cloudTaken = new StartedApp(['--no-open', '--data', other, '--port', String(free)]);
  expect(await cloudTaken.exited).toBe(1);
  expect(cloudTaken.output).toContain(`Port ${free + 1} is in use`);
  server.close();
});

test('a folder with somebody else’s files, and options that do not exist, are refused', async () => {
  const foreign = new StartedApp([
    '--no-open',
    '--data',
    join(import.meta.dirname),
    '--port',
    String(await freePort(2)),
  ]);
  expect(await foreign.exited).toBe(1);
  expect(foreign.output).toContain('holds other files. Choose an empty or a new folder with --data.');
  const odd = new StartedApp(['--prot', '1']);
  expect(await odd.exited).toBe(1);
  expect(odd.output).toContain("Unknown option '--prot'");
});

test('a cloud that was killed comes back by itself with everything', async ({ request }) => {
  const cloud = app.processes().find(({ command }) => command.includes('src-cloud/main.ts'));
  expect(cloud).toBeDefined();
  process.kill(cloud?.pid ?? 0, 'SIGKILL');
  await app.says(/the cloud has stopped; starting it again/);
  await expect
    .poll(async () => (await request.get(`http://127.0.0.1:${port + 1}/healthz`).catch(() => undefined))?.status(), {
      timeout: 20_000,
    })
    .toBe(200);
  const [, email, password] = /L5 {2}.*? {2}(\S+@\S+) \/ (\S+)/.exec(app.output) ?? [];
  const login = await request.post(`http://127.0.0.1:${port + 1}/auth/login`, { data: { email, password } });
  expect(login.status()).toBe(200);
});

test('Ctrl-C stops everything, quickly, and leaves no process', async () => {
  const processes = app.processes();
  expect(processes.map(({ command }) => command).join('\n')).toMatch(
    /src-cloud\/main\.ts[\s\S]*hub\/main\.ts|hub\/main\.ts[\s\S]*src-cloud\/main\.ts/,
  );
  const beganMs = Date.now();
  expect(await app.stop()).toBe(0);
  expect(Date.now() - beganMs).toBeLessThan(5_000);
  expect(processes.filter(({ pid }) => isAlive(pid))).toEqual([]);
});

test('a later start is quick, knows the people, and ends with its parent', async () => {
  const people = /Sign in as[\s\S]*?\n\n/.exec(app.output)?.[0];
  app = new StartedApp(options());
  await started(app);
  expect(/Sign in as[\s\S]*?\n\n/.exec(app.output)?.[0]).toBe(people);
  const processes = app.processes();
  app.signal('SIGKILL');
  await expect.poll(() => processes.filter(({ pid }) => isAlive(pid)), { timeout: 10_000 }).toEqual([]);
});

test('--fresh begins again and keeps what was there', async () => {
  test.setTimeout(FIRST_START_MS);
  app = new StartedApp([...options(), '--fresh']);
  await started(app);
  const aside = readdirSync(dataDir).filter((name) => name.startsWith('old-'));
  expect(aside).toHaveLength(1);
  expect(existsSync(join(dataDir, aside[0] ?? '', 'demo.json'))).toBe(true);
  expect(app.output).toContain(`The data so far is kept in ${join(dataDir, aside[0] ?? '')}`);
  expect(await app.stop()).toBe(0);
});

import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { HUB_CSRF_HEADER } from '#shared/contract/bridge.ts';
import { systemClock } from '../../../src-main/core/system-clock.ts';
import { startHub } from '../../../src-main/hub/hub-server.ts';
import { pinOf } from '../../helpers/cloud-double.ts';
import { testFolder, TestTerminal } from '../../helpers/test-terminal.ts';

async function hub() {
  const till = await TestTerminal.create({ isOffline: true });
  const screensDir = join(testFolder(), 'renderer');
  mkdirSync(join(screensDir, 'assets'), { recursive: true });
  writeFileSync(join(screensDir, 'index.html'), '<!doctype html><title>ChefCloud</title>');
  writeFileSync(join(screensDir, 'assets', 'index-abc123.js'), 'export {};');
  writeFileSync(join(screensDir, '..', 'secret.txt'), 'secret');
  const server = await startHub({
    terminal: till.terminal,
    clock: systemClock,
    log: (line) => till.log.push(line),
    screensDir,
    port: 0,
  });
  onTestFinished(() => server.close());
  const url = `http://127.0.0.1:${server.port}`;
  return { till, server, url, screensDir };
}

interface Answer {
  status: number;
  body: { ok: boolean; value?: unknown; error?: { code: string; path?: string } };
  cookie: string | undefined;
}

async function call(url: string, name: string, input: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${url}/bridge/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', [HUB_CSRF_HEADER]: '1', ...headers },
    body: typeof input === 'string' ? input : JSON.stringify(input),
  });
  const cookie = response.headers.getSetCookie()[0]?.split(';')[0];
  return { status: response.status, body: (await response.json()) as Answer['body'], cookie };
}

/** With headers that `fetch` does not let one choose. */
async function raw(port: number, path: string, headers: Record<string, string>, method = 'GET'): Promise<number> {
  const outgoing = httpRequest({ host: '127.0.0.1', port, path, method, headers });
  outgoing.end(method === 'POST' ? '{}' : undefined);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  response.destroy();
  return response.statusCode ?? 0;
}

/** The first events of a stream, until one fits. */
async function heard(
  url: string,
  cookie: string,
  fits: (name: string, data: unknown) => boolean,
  meanwhile?: () => Promise<unknown>,
): Promise<unknown> {
  const ended = new AbortController();
  const response = await fetch(`${url}/bridge-events`, { headers: { cookie }, signal: ended.signal });
  const did = meanwhile?.();
  let text = '';
  try {
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk as Uint8Array).toString();
      for (const [, name = '', data = ''] of text.matchAll(/event: (.*)\ndata: (.*)\n\n/g)) {
        const payload: unknown = JSON.parse(data);
        if (fits(name, payload)) return payload;
      }
    }
  } finally {
    await did;
    ended.abort();
  }
  throw new Error('the stream ended');
}

describe('the hub', () => {
  test('serves the screens under a strict policy: hashed files for ever, the page never from the cache', async () => {
    const { url } = await hub();
    const page = await fetch(url);
    expect(await page.text()).toContain('ChefCloud');
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'; script-src 'self';/);
    expect(page.headers.get('cache-control')).toBe('no-cache');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    const [cookie = ''] = page.headers.getSetCookie();
    expect(cookie).toMatch(/^chefcloud_screen=[A-Za-z0-9_-]{43}; .*HttpOnly; SameSite=Strict/);
    const script = await fetch(`${url}/assets/index-abc123.js`);
    expect(script.headers.get('cache-control')).toContain('immutable');
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test('gives nothing outside its folder, and unknown addresses as JSON', async () => {
    const { url, server } = await hub();
    const host = `127.0.0.1:${server.port}`;
    for (const path of ['/../secret.txt', '/%2e%2e/secret.txt', '/assets/..%2f..%2fsecret.txt', '/assets/']) {
      expect({ path, isRefused: (await raw(server.port, path, { host })) >= 400 }).toEqual({ path, isRefused: true });
    }
    const missing = await fetch(`${url}/nothing`);
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ ok: false, error: { code: 'route/unknown' } });
  });

  test('a cookie is a screen: who signs in there is signed in there only', async () => {
    const { url } = await hub();
    const first = await call(url, 'terminal:info', {});
    expect(first.body.value).toMatchObject({ deviceCode: 'T1', session: null });
    const cookie = first.cookie ?? '';
    const signedIn = await call(url, 'session:signIn', { staffId: 'staff-L3', pin: pinOf('L3') }, { cookie });
    expect(signedIn.body).toMatchObject({ ok: true, value: { level: 'L3' } });
    // Under a new name: one that somebody had planted opens nothing.
    expect(signedIn.cookie).not.toBe(cookie);
    expect((await call(url, 'live:snapshot', {}, { cookie: signedIn.cookie ?? '' })).status).toBe(200);
    for (const other of [{ cookie }, {}]) {
      expect((await call(url, 'live:snapshot', {}, other)).body).toMatchObject({
        ok: false,
        error: { code: 'auth/missing' },
      });
    }
  });

  test('errors are answers, with the status of their code', async () => {
    const { url } = await hub();
    const { cookie = '' } = await call(url, 'session:signIn', { staffId: 'staff-L2', pin: pinOf('L2') });
    expect(await call(url, 'outbox:list', { filter: 'x', limit: 1 }, { cookie })).toMatchObject({
      status: 422,
      body: { error: { code: 'input/invalid', path: 'filter' } },
    });
    expect(await call(url, 'shift:drawer', { shiftId: 's' }, { cookie })).toMatchObject({ status: 403 });
    expect(await call(url, 'nothing', {}, { cookie })).toMatchObject({ status: 404 });
    expect(await call(url, 'terminal:info', '{', { cookie })).toMatchObject({
      status: 422,
      body: { error: { code: 'input/invalid' } },
    });
    expect(await call(url, 'terminal:info', JSON.stringify('x'.repeat(1_100_000)), { cookie })).toMatchObject({
      status: 413,
      body: { error: { code: 'input/too-large' } },
    });
    for (let i = 0; i < 4; i += 1) await call(url, 'session:signIn', { staffId: 'staff-L1', pin: '0000' }, { cookie });
    expect(await call(url, 'session:signIn', { staffId: 'staff-L1', pin: '0000' }, { cookie })).toMatchObject({
      status: 423,
      body: { error: { code: 'auth/locked' } },
    });
  });

  test('foreign pages, foreign names and calls without our header are refused', async () => {
    const { url, server } = await hub();
    const { port } = server;
    const host = `127.0.0.1:${port}`;
    const own = { host, [HUB_CSRF_HEADER]: '1', 'content-type': 'application/json' };
    const post = (headers: Record<string, string>) => raw(port, '/bridge/terminal:info', headers, 'POST');
    expect(await post(own)).toBe(200);
    expect(await post({ ...own, origin: `http://${host}` })).toBe(200);
    expect(await post({ ...own, host: `localhost:${port}` })).toBe(200);
    const { [HUB_CSRF_HEADER]: _header, ...without } = own;
    expect(await post(without)).toBe(403);
    for (const origin of ['http://evil.example', 'null', `https://${host}`, 'http://127.0.0.1:1'])
      expect({ origin, status: await post({ ...own, origin }) }).toEqual({ origin, status: 403 });
    for (const name of ['evil.example', `evil.example:${port}`, '127.0.0.1:1', `127.0.0.1.evil.example:${port}`]) {
      expect({ name, status: await post({ ...own, host: name }) }).toEqual({ name, status: 403 });
      expect({ name, status: await raw(port, '/', { host: name }) }).toEqual({ name, status: 403 });
    }
    for (const site of ['cross-site', 'same-site'])
      expect({ site, status: await raw(port, '/bridge-events', { host, 'sec-fetch-site': site }) }).toEqual({
        site,
        status: 403,
      });
    expect(
      (
        await fetch(`${url}/bridge/terminal:info`, { method: 'OPTIONS', headers: { origin: 'http://evil.example' } })
      ).headers.get('access-control-allow-origin'),
    ).toBeNull();
  });

  test('events reach the screen that is signed in: first who it is and how things stand, then rows', async () => {
    const { till, url } = await hub();
    const { cookie = '' } = await call(url, 'session:signIn', { staffId: 'staff-L2', pin: pinOf('L2') });
    expect(await heard(url, cookie, (name) => name === 'session:changed')).toMatchObject({
      session: { staffId: 'staff-L2' },
    });
    expect(await heard(url, cookie, (name) => name === 'live:status')).toMatchObject({ waiting: 0, refused: 0 });
    const rows = await heard(
      url,
      cookie,
      (name) => name === 'live:rows',
      async () => till.openOrder('o1'),
    );
    expect(rows).toMatchObject({ rows: [{ kind: 'order', id: 'o1' }] });
  });

  test('a stream that is closed leaves nothing behind, and the session stays', async () => {
    const { url } = await hub();
    const { cookie = '' } = await call(url, 'session:signIn', { staffId: 'staff-L2', pin: pinOf('L2') });
    for (let i = 0; i < 5; i += 1) await heard(url, cookie, (name) => name === 'session:changed');
    expect((await call(url, 'terminal:info', {}, { cookie })).body.value).toMatchObject({
      session: { staffId: 'staff-L2' },
    });
  });

  test('a port that is taken and screens that are not built are said in words', async () => {
    const { till, screensDir } = await hub();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const options = { terminal: till.terminal, clock: systemClock, log: () => {}, screensDir, port };
    await expect(startHub(options)).rejects.toMatchObject({ code: 'port/taken' });
    await expect(startHub({ ...options, port: 0, screensDir: '/nowhere' })).rejects.toMatchObject({
      code: 'file/missing',
    });
    other.close();
  });
});

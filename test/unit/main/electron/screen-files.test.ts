import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTENT_SECURITY_POLICY, isAtOrigin, screenSource } from '../../../../src-main/electron/app-origin.ts';
import { createScreenFiles } from '../../../../src-main/electron/screen-files.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'screens-'));
  mkdirSync(join(folder, 'renderer', 'assets'), { recursive: true });
  writeFileSync(join(folder, 'renderer', 'index.html'), '<p>screens</p>');
  writeFileSync(join(folder, 'renderer', 'assets', 'app.js'), 'export {};');
  writeFileSync(join(folder, 'secret.json'), '{"key": 1}');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const get = (url: string, method = 'GET') => createScreenFiles(join(folder, 'renderer'))(new Request(url, { method }));

describe('the files of the screens', () => {
  it('serves the page and its parts with their type and the policy', async () => {
    const page = await get('app://chefcloud/');
    expect(await page.text()).toBe('<p>screens</p>');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toBe(CONTENT_SECURITY_POLICY);
    const script = await get('app://chefcloud/assets/app.js');
    expect([script.status, script.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
  });

  it.each([
    ['a file outside the folder', 'app://chefcloud/..%2Fsecret.json'],
    ['a file outside the folder, twice encoded', 'app://chefcloud/%252e%252e/secret.json'],
    ['a file that is not there', 'app://chefcloud/none.js'],
    ['a file of a type that no screen has', 'app://chefcloud/assets/app.sh'],
    ['a broken escape', 'app://chefcloud/%E0%A4%A'],
  ])('answers 404 to %s', async (_what, url) => {
    expect((await get(url)).status).toBe(404);
  });

  it('answers 403 to another host and to writing', async () => {
    expect((await get('app://elsewhere/')).status).toBe(403);
    expect((await get('app://chefcloud/', 'POST')).status).toBe(403);
  });

  it('has the same policy in its header as the page has in itself', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../../src-renderer/index.html'), 'utf8');
    const written = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(page)?.[1] ?? '';
    const rules = (text: string) => new Set(text.split(';').map((rule) => rule.trim()));
    // A page cannot forbid being framed by itself; the header can.
    expect(rules(`${written}; frame-ancestors 'none'`)).toEqual(rules(CONTENT_SECURITY_POLICY));
  });
});

describe('where screens come from', () => {
  it('takes a development server only in a run from source', () => {
    expect(screenSource(false, 'http://localhost:5173')).toEqual({
      url: 'http://localhost:5173',
      origin: 'http://localhost:5173',
    });
    expect(screenSource(true, 'http://localhost:5173').origin).toBe('app://chefcloud');
    expect(screenSource(false, '').origin).toBe('app://chefcloud');
  });

  it('tells our origin from others', () => {
    expect(isAtOrigin('app://chefcloud/#/till', 'app://chefcloud')).toBe(true);
    expect(isAtOrigin('app://chefcloud.evil/', 'app://chefcloud')).toBe(false);
    expect(isAtOrigin('https://chefcloud/', 'app://chefcloud')).toBe(false);
    expect(isAtOrigin('not an address', 'app://chefcloud')).toBe(false);
  });
});

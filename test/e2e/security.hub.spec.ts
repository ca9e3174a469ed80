import { HUB_CSRF_HEADER } from '#shared/contract/bridge.ts';
import { expect, test } from './fixtures.ts';

const BODY = { headers: { 'content-type': 'application/json', [HUB_CSRF_HEADER]: '1' }, data: {} };

test('the hub answers its own pages and nobody else’s', async ({ app, request }) => {
  const { url } = await app.hub('Counter 1');
  const call = (headers: Record<string, string>) =>
    request.post(`${url}/bridge/terminal:info`, { ...BODY, headers: { ...BODY.headers, ...headers } });
  expect((await call({})).status()).toBe(200);
  expect((await call({ origin: url })).status()).toBe(200);
  for (const headers of [
    { origin: 'https://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { host: 'evil.example' },
  ]) {
    const answer = await call(headers);
    expect([answer.status(), await answer.json()]).toEqual([
      403,
      { ok: false, error: { code: 'auth/csrf', message: expect.any(String) } },
    ]);
  }
  const without = await request.post(`${url}/bridge/terminal:info`, { data: {} });
  expect((await without.json()).error.code).toBe('auth/csrf');
  const unknown = await request.post(`${url}/bridge/shell:open`, BODY);
  expect([unknown.status(), (await unknown.json()).error.code]).toEqual([404, 'route/unknown']);
});

test('a foreign page in the same browser gets nothing from the hub', async ({ app, browser }) => {
  const { url } = await app.hub('Counter 1');
  const context = await browser.newContext();
  const foreign = await context.newPage();
  await foreign.route('https://evil.example/', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<h1>evil</h1>' }),
  );
  await foreign.goto('https://evil.example/');
  const outcome = await foreign.evaluate(async (hub) => {
    const post = await fetch(`${hub}/bridge/terminal:info`, { method: 'POST', body: '{}' }).then(
      () => 'answered',
      () => 'stopped',
    );
    const frame = document.createElement('iframe');
    frame.src = hub;
    const loaded = new Promise<string>((resolve) => {
      frame.onload = () => resolve(frame.contentDocument === null ? 'closed to us' : 'readable');
    });
    document.body.append(frame);
    return { post, frame: await loaded };
  }, url);
  expect(outcome).toEqual({ post: 'stopped', frame: 'closed to us' });
  await context.close();
});

test('its pages carry a strict policy, and its cookie cannot be read or sent from elsewhere', async ({
  app,
  request,
}) => {
  const { url } = await app.hub('Counter 1');
  const answer = await request.get(`${url}/`);
  const headers = answer.headers();
  expect(headers['content-security-policy']).toMatch(/default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/);
  expect(headers['content-security-policy']).not.toMatch(/script-src[^;]*unsafe|https?:|\*/);
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
  expect(headers['set-cookie']).toMatch(/HttpOnly; SameSite=Strict/);
  const page = await app.open('Counter 1');
  expect(await page.evaluate(() => document.cookie)).toBe('');
});

test('a signed-in screen is not that of another browser', async ({ app }) => {
  await app.as('L4', 'Counter 1', 'Manager');
  const other = await app.open('Counter 1');
  await expect(other.getByRole('heading', { name: 'Who is it?' })).toBeVisible();
});

import type { PreloadApi } from '#shared/contract/bridge.ts';
import { CALL_NAMES } from '#shared/contract/bridge-names.ts';
import { MainHost } from '../test-host/main-host.ts';
import { expect, test } from './fixtures.ts';

type Exposed = { chefcloud: PreloadApi };

test('the window is sandboxed and isolated, and the session grants nothing', async ({ app }) => {
  await app.open('Counter 1');
  const main = app.main('Counter 1');
  const recorded = await main.request('recorded', {});
  expect(recorded.windows).toHaveLength(1);
  expect(recorded.windows[0]?.options.webPreferences).toMatchObject({
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInSubFrames: false,
    nodeIntegrationInWorker: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    webviewTag: false,
    devTools: false,
  });
  expect(recorded.channels.sort()).toEqual([...CALL_NAMES].sort());
  expect(recorded).toMatchObject({ hasDevicePermissionHandler: true, hasHeadersHandler: true, errorBoxes: [] });
  expect(recorded.schemes).toMatchObject([{ scheme: 'app', privileges: { standard: true, secure: true } }]);
  for (const permission of ['media', 'geolocation', 'notifications', 'clipboard-read', 'openExternal']) {
    expect(await main.request('permission', { permission })).toEqual({
      isRequestGranted: false,
      isCheckGranted: false,
    });
  }
});

test('the page has two functions and no Node', async ({ app }) => {
  const page = await app.open('Counter 1');
  const found = await page.evaluate(() => ({
    exposed: Object.keys((globalThis as unknown as Exposed).chefcloud),
    isFrozen: Object.isFrozen((globalThis as unknown as Exposed).chefcloud),
    node: ['require', 'process', 'module', 'Buffer', 'global', 'electron', 'ipcRenderer'].filter(
      (name) => name in globalThis,
    ),
    refusedCall: null as string | null,
  }));
  expect(found).toMatchObject({ exposed: ['call', 'on'], isFrozen: true, node: [] });
  const refusal = await page.evaluate(() =>
    (globalThis as unknown as Exposed).chefcloud.call('shell:open' as never, {}).catch((error: Error) => error.message),
  );
  expect(refusal).toBe('There is no call "shell:open".');
});

test('main answers its own top frame alone', async ({ app }) => {
  await app.open('Counter 1');
  const main = app.main('Counter 1');
  const [window] = (await main.request('recorded', {})).windows;
  const windowId = window?.id ?? 0;
  const ask = (url: string, origin: string, isTop: boolean) =>
    main.request('invoke', { windowId, channel: 'terminal:info', args: [{}], frame: { url, origin, isTop } });
  expect(await ask('app://chefcloud/', 'app://chefcloud', true)).toMatchObject({ ok: true });
  const untrusted = { ok: false, error: { code: 'ipc/untrusted-sender' } };
  expect(await ask('app://chefcloud/', 'app://chefcloud', false)).toMatchObject(untrusted);
  expect(await ask('https://evil.example/', 'https://evil.example', true)).toMatchObject(untrusted);
  expect(await ask('app://chefcloud/', 'null', true)).toMatchObject(untrusted);
});

test('the policy is there, and inline scripts and foreign addresses are stopped by it', async ({ app }) => {
  const page = await app.open('Counter 1');
  const file = await app.main('Counter 1').request('fetch', { url: 'app://chefcloud/' });
  expect(file.headers['content-security-policy']).toMatch(
    /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/,
  );
  expect(file.headers['content-security-policy']).not.toMatch(/unsafe|https?:|\*/);
  const outcome = await page.evaluate(async () => {
    const script = document.createElement('script');
    script.textContent = 'globalThis.inlineRan = true';
    document.body.append(script);
    const fetched = await fetch('https://evil.example/').then(
      () => 'fetched',
      () => 'stopped',
    );
    return { inlineRan: 'inlineRan' in globalThis, fetched };
  });
  expect(outcome).toEqual({ inlineRan: false, fetched: 'stopped' });
  expect(app.takeComplaints().filter((line) => !/Content Security Policy|violates/.test(line))).toEqual([]);
});

test('the window goes nowhere and opens no other', async ({ app }) => {
  const page = await app.open('Counter 1');
  const main = app.main('Counter 1');
  const before = page.url();
  await page.evaluate(() => void (location.href = 'https://evil.example/')).catch(() => undefined);
  await expect(page.getByRole('heading', { name: 'Who is it?' })).toBeVisible();
  expect(page.url()).toBe(before);
  await page.evaluate(() => void window.open('https://evil.example/'));
  await expect
    .poll(async () => (await main.request('recorded', {})).openings)
    .toEqual([{ url: 'https://evil.example/', action: 'deny' }]);
  await expect.poll(() => page.context().pages().length).toBe(1);
  const windowId = (await main.request('recorded', {})).windows[0]?.id ?? 0;
  expect(await main.request('windowOpen', { windowId, url: 'app://chefcloud/' })).toEqual({ action: 'deny' });
  expect(await main.request('willNavigate', { windowId, url: 'app://chefcloud/', isMainFrame: false })).toEqual({
    isPrevented: true,
  });
  app.takeComplaints();
});

test('a screen whose process died comes back, and its person is still signed in', async ({ app }) => {
  const page = await app.as('L2', 'Counter 1', 'Till');
  await page.getByRole('button', { name: 'Soda', exact: true }).click();
  await expect(page.getByRole('region', { name: 'Order', exact: true }).getByText('Soda')).toBeVisible();
  await page.evaluate(() => Object.assign(globalThis, { beforeTheCrash: true }));
  const main = app.main('Counter 1');
  await main.request('crash', { windowId: (await main.request('recorded', {})).windows[0]?.id ?? 0 });
  await expect.poll(() => page.evaluate(() => 'beforeTheCrash' in globalThis).catch(() => true)).toBe(false);
  await expect(page.getByRole('group', { name: 'Open orders' }).getByRole('button').first()).toBeVisible();
});

test('a second start on the same data leaves at once and opens nothing', async ({ app, restaurant }) => {
  await app.open('Counter 1');
  const second = new MainHost({
    out: `${import.meta.dirname}/../../out`,
    args: ['--data', restaurant.terminalDir('Counter 1')],
    userData: restaurant.folder,
    isSecondInstance: true,
  });
  await expect(second.firstWindow()).rejects.toThrow('main ended with 0 before it opened a window');
});

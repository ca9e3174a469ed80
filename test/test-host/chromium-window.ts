import type { Browser, BrowserContext, Frame, Page, Request } from '@playwright/test';
import type { MainHost } from './main-host.ts';
import { EMIT_SYMBOL, INVOKE_GLOBAL, preloadScript } from './preload-host.ts';

const APP_ORIGIN = 'app://chefcloud';
/** Chromium without Electron knows no `app:` scheme: the page lives at this address, and main is told of the other. */
const PAGE_ORIGIN = 'https://chefcloud.test';

const toPage = (url: string): string => url.replace(APP_ORIGIN, PAGE_ORIGIN);
const toApp = (url: string): string => url.replace(PAGE_ORIGIN, APP_ORIGIN);

function originOf(url: string): string {
  if (url.startsWith(`${APP_ORIGIN}/`)) return APP_ORIGIN;
  try {
    return new URL(url).origin;
  } catch {
    return 'null';
  }
}

/** The frame that navigates; null for a window that is only being made. */
function frameOf(request: Request): Frame | null {
  try {
    return request.frame();
  } catch {
    return null;
  }
}

/** A window of the app under test: the built renderer and preload in Chromium, main in its own process. */
export interface ChromiumWindow {
  windowId: number;
  context: BrowserContext;
  page: Page;
}

/**
 * Opens main's first window in Chromium. Files come from main's own protocol handler with main's headers; navigations
 * and new windows are put to main and stopped when main stops them; each call carries the frame it came from.
 */
export async function openChromiumWindow(
  main: MainHost,
  browser: Browser,
  onPage: (page: Page) => void = () => undefined,
): Promise<ChromiumWindow> {
  const { windowId, width, height, preload } = await main.firstWindow();
  const context = await browser.newContext({ viewport: { width, height } });
  const page = await context.newPage();
  onPage(page);
  let expected = '';

  const invoke = async (frame: Frame, channel: string, args: unknown[]): Promise<unknown> => {
    const url = toApp(frame.url());
    const sender = { url, origin: originOf(url), isTop: frame.parentFrame() === null };
    try {
      return { value: await main.request('invoke', { windowId, channel, args, frame: sender }) };
    } catch (error) {
      return { failure: error instanceof Error ? error.message : String(error) };
    }
  };
  await page.exposeBinding(INVOKE_GLOBAL, (source, channel: string, args: unknown[]) =>
    invoke(source.frame, channel, args),
  );
  if (preload !== undefined) await page.addInitScript({ content: preloadScript(preload) });

  await context.route('**/*', async (route, request) => {
    const url = toApp(request.url());
    const from = request.isNavigationRequest() ? frameOf(request) : undefined;
    if (from === null) {
      const { action } = await main.request('windowOpen', { windowId, url });
      return action === 'deny' ? route.abort('aborted') : route.continue();
    }
    if (from !== undefined && url !== expected) {
      const isMainFrame = from.parentFrame() === null;
      const { isPrevented } = await main.request('willNavigate', { windowId, url, isMainFrame });
      if (isPrevented) return route.abort('aborted');
    }
    if (!url.startsWith(`${APP_ORIGIN}/`)) return route.abort('namenotresolved');
    const { status, headers, body } = await main.request('fetch', { url });
    return route.fulfill({ status, headers, body: Buffer.from(body) });
  });
  // A new window that main has denied stays behind empty.
  context.on('page', (opened) => {
    if (opened !== page) void opened.close().catch(() => undefined);
  });

  main.on('send', (message) => {
    if (message.windowId !== windowId) return;
    const deliver = ([symbol, channel, args]: [string, string, unknown[]]): void =>
      (globalThis as unknown as Record<symbol, (name: string, values: unknown[]) => void>)[Symbol.for(symbol)]?.(
        channel,
        args,
      );
    // A page that is loading or gone hears nothing, as in Electron.
    void page
      .evaluate(deliver, [EMIT_SYMBOL, message.channel, message.args] as [string, string, unknown[]])
      .catch(() => undefined);
  });
  main.on('closed', (message) => {
    if (message.windowId === windowId) void context.close().catch(() => undefined);
  });
  const load = async (url: string): Promise<void> => {
    expected = url;
    await page.goto(toPage(url));
  };
  main.on('load', (message) => {
    if (message.windowId === windowId) void load(message.url).catch(() => undefined);
  });
  const { windows } = await main.request('recorded', {});
  const url = windows.find((window) => window.id === windowId)?.url ?? '';
  // Main loads it while this side is still setting up.
  if (expected === '' && url !== '') await load(url);
  return { windowId, context, page };
}

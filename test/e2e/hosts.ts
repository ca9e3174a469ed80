import { join } from 'node:path';
import { _electron, type Browser, type ElectronApplication, type Page } from '@playwright/test';
import type { PreloadApi } from '#shared/contract/bridge.ts';
import { HubProcess } from '../helpers/hub-process.ts';
import type { TerminalName, TestRestaurant } from '../helpers/test-restaurant.ts';
import { openChromiumWindow } from '../test-host/chromium-window.ts';
import { MainHost } from '../test-host/main-host.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const OUT = join(ROOT, 'out');

/** Where the app under test runs. It lives as long as the restaurant; each spec gets pages that nobody is signed in on. */
export interface Host {
  /** A page at the sign-in of a terminal; `onPage` sees it before anything is loaded. */
  open(terminal: TerminalName, onPage: (page: Page) => void): Promise<Page>;
  /** The spec is over. */
  release(pages: readonly Page[]): Promise<void>;
  /** Ends everything; gives what did not end well. */
  close(): Promise<string[]>;
}

/** Every page is a browser of its own on the hub of its terminal. */
export class HubHost implements Host {
  readonly #hubs = new Map<TerminalName, Promise<HubProcess>>();
  readonly #restaurant: TestRestaurant;
  readonly #browser: Browser;

  constructor(restaurant: TestRestaurant, browser: Browser) {
    this.#restaurant = restaurant;
    this.#browser = browser;
  }

  hub(terminal: TerminalName): Promise<HubProcess> {
    const known =
      this.#hubs.get(terminal) ?? HubProcess.start(this.#restaurant.terminalDir(terminal), this.#restaurant.cloud.url);
    this.#hubs.set(terminal, known);
    return known;
  }

  async open(terminal: TerminalName, onPage: (page: Page) => void): Promise<Page> {
    const { url } = await this.hub(terminal);
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
    const page = await context.newPage();
    onPage(page);
    await page.goto(url);
    return page;
  }

  async release(pages: readonly Page[]): Promise<void> {
    for (const page of pages) await page.context().close();
  }

  async close(): Promise<string[]> {
    const codes = await Promise.all([...this.#hubs.values()].map(async (hub) => (await hub).stop()));
    return codes.filter((code) => code !== 0).map((code) => `a hub ended with ${code}`);
  }
}

/** Every page is the window of a terminal: the built main and preload with the double of Electron, and Chromium. */
export class TestHost implements Host {
  readonly #windows = new Map<TerminalName, { main: MainHost; page: Page }>();
  readonly #restaurant: TestRestaurant;
  readonly #browser: Browser;

  constructor(restaurant: TestRestaurant, browser: Browser) {
    this.#restaurant = restaurant;
    this.#browser = browser;
  }

  main(terminal: TerminalName): MainHost {
    const found = this.#windows.get(terminal);
    if (found === undefined) throw new Error(`${terminal} has no window`);
    return found.main;
  }

  async open(terminal: TerminalName, onPage: (page: Page) => void): Promise<Page> {
    const known = this.#windows.get(terminal);
    if (known !== undefined) {
      onPage(known.page);
      await lockAndReload(known.page);
      return known.page;
    }
    const dataDir = this.#restaurant.terminalDir(terminal);
    const main = new MainHost({
      out: OUT,
      args: ['--data', dataDir, `--cloud=${this.#restaurant.cloud.url}`],
      userData: join(dataDir, 'electron'),
    });
    const { page } = await openChromiumWindow(main, this.#browser, onPage);
    this.#windows.set(terminal, { main, page });
    return page;
  }

  async release(): Promise<void> {
    // A window stays open, as on a counter; the next spec finds it locked.
  }

  async close(): Promise<string[]> {
    const problems: string[] = [];
    for (const { main } of this.#windows.values()) {
      const code = await main.quit();
      if (code !== 0) problems.push(`main ended with ${code}:\n${main.output}`);
    }
    return problems;
  }
}

/** As if the person had left and the window had just been opened. */
async function lockAndReload(page: Page): Promise<void> {
  await page.evaluate(() => (globalThis as unknown as { chefcloud: PreloadApi }).chefcloud.call('session:lock', {}));
  await page.evaluate(() => (location.hash = ''));
  await page.reload();
}

/** Every page is a window of the real Electron on a terminal of its own. */
export class ElectronHost implements Host {
  readonly #windows = new Map<TerminalName, { app: ElectronApplication; page: Page }>();
  readonly #restaurant: TestRestaurant;

  constructor(restaurant: TestRestaurant) {
    this.#restaurant = restaurant;
  }

  async open(terminal: TerminalName, onPage: (page: Page) => void): Promise<Page> {
    const known = this.#windows.get(terminal);
    if (known !== undefined) {
      onPage(known.page);
      await lockAndReload(known.page);
      return known.page;
    }
    const data = this.#restaurant.terminalDir(terminal);
    const app = await _electron.launch({ args: [ROOT, `--data=${data}`, `--cloud=${this.#restaurant.cloud.url}`] });
    const page = await app.firstWindow();
    onPage(page);
    this.#windows.set(terminal, { app, page });
    return page;
  }

  async release(): Promise<void> {
    // As in the test host.
  }

  async close(): Promise<string[]> {
    for (const { app } of this.#windows.values()) await app.close();
    return [];
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test as base, expect, type Browser, type Page } from '@playwright/test';
import type { Level } from '#shared/domain/level.ts';
import { freePort } from '../helpers/free-port.ts';
import { createTestRestaurant, type TerminalName, type TestRestaurant } from '../helpers/test-restaurant.ts';
import { openChromiumWindow } from '../test-host/chromium-window.ts';
import { MainHost } from '../test-host/main-host.ts';

const root = join(import.meta.dirname, '..', '..');

/** Where the app under test runs: each gives a page that shows the sign-in of a terminal. */
interface Host {
  open(terminal: TerminalName): Promise<Page>;
  /** The hub's address of a terminal; only the hub has one. */
  addressOf(terminal: TerminalName): Promise<string>;
  close(): Promise<void>;
}

/** Every screen is a browser of its own on the hub of its terminal. */
class HubHost implements Host {
  readonly #hubs = new Map<TerminalName, { child: ChildProcess; url: string }>();
  readonly #restaurant: TestRestaurant;
  readonly #browser: Browser;

  constructor(restaurant: TestRestaurant, browser: Browser) {
    this.#restaurant = restaurant;
    this.#browser = browser;
  }

  async addressOf(terminal: TerminalName): Promise<string> {
    const running = this.#hubs.get(terminal);
    if (running !== undefined) return running.url;
    const port = await freePort();
    const args = ['--data', this.#restaurant.terminalDir(terminal), '--port', String(port), '--cloud', this.#restaurant.cloud.url];
    const child = spawn(process.execPath, [join(root, 'src-main', 'hub', 'main.ts'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => line.includes('"event":"listening"') && resolve());
      child.once('exit', (code) => reject(new Error(`the hub ended with ${String(code)}`)));
    });
    const url = `http://127.0.0.1:${port}`;
    this.#hubs.set(terminal, { child, url });
    return url;
  }

  async open(terminal: TerminalName): Promise<Page> {
    const url = await this.addressOf(terminal);
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    watch(page);
    await page.goto(url);
    return page;
  }

  async close(): Promise<void> {
    for (const { child } of this.#hubs.values()) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
  }
}

/** Every screen is the window of a terminal of its own: the built main and preload, the double, and Chromium. */
class TestHost implements Host {
  readonly #mains = new Map<TerminalName, { main: MainHost; page: Promise<Page> }>();
  readonly #restaurant: TestRestaurant;
  readonly #browser: Browser;

  constructor(restaurant: TestRestaurant, browser: Browser) {
    this.#restaurant = restaurant;
    this.#browser = browser;
  }

  addressOf(): Promise<string> {
    throw new Error('the test host has no address: ask it only on the hub');
  }

  main(terminal: TerminalName): MainHost {
    const found = this.#mains.get(terminal);
    if (found === undefined) throw new Error(`${terminal} is not open`);
    return found.main;
  }

  async open(terminal: TerminalName): Promise<Page> {
    if (this.#mains.has(terminal)) throw new Error(`${terminal} has its window already`);
    const dataDir = this.#restaurant.terminalDir(terminal);
    const main = new MainHost({
      out: join(root, 'out'),
      args: ['--data', dataDir, `--cloud=${this.#restaurant.cloud.url}`],
      userData: join(dataDir, 'electron'),
    });
    const opened = openChromiumWindow(main, this.#browser, watch).then(({ page }) => page);
    this.#mains.set(terminal, { main, page: opened });
    return opened;
  }

  async close(): Promise<void> {
    for (const { main } of this.#mains.values()) expect(await main.quit(), main.output).toBe(0);
    this.#mains.clear();
  }
}

/** What the page complained about: console errors and exceptions. Failed requests of a hub that is gone are not among them. */
const complaints = new WeakMap<Page, string[]>();

export function watch(page: Page): void {
  const list: string[] = [];
  complaints.set(page, list);
  page.on('pageerror', (error) => list.push(`exception: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') list.push(`console: ${message.text()} (${message.location().url})`);
  });
}

export interface App {
  /** A page at the sign-in of a terminal. */
  open(terminal: TerminalName): Promise<Page>;
  /** A page of somebody who has signed in on a terminal, on the screen named. */
  as(level: Level, terminal: TerminalName, screen?: string): Promise<Page>;
  addressOf(terminal: TerminalName): Promise<string>;
  /** The main process behind a terminal's window; only in the test host. */
  main(terminal: TerminalName): MainHost;
  /** What pages complained about so far, and forgets it: for a spec that provokes an error. */
  takeComplaints(): string[];
}

export const test = base.extend<{ app: App }, { restaurant: TestRestaurant }>({
  restaurant: [
    async ({}, use) => {
      const restaurant = await createTestRestaurant();
      await use(restaurant);
      await restaurant.close();
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  app: async ({ restaurant, browser }, use, testInfo) => {
    const host = testInfo.project.name === 'test-host' ? new TestHost(restaurant, browser) : new HubHost(restaurant, browser);
    const pages: Page[] = [];
    const takeComplaints = (): string[] => pages.flatMap((page) => complaints.get(page)?.splice(0) ?? []);
    const app: App = {
      async open(terminal) {
        const page = await host.open(terminal);
        pages.push(page);
        return page;
      },
      async as(level, terminal, screen) {
        const page = await app.open(terminal);
        await signIn(page, restaurant, level);
        if (screen !== undefined) await goTo(page, screen);
        return page;
      },
      addressOf: (terminal) => host.addressOf(terminal),
      main: (terminal) => {
        if (!(host instanceof TestHost)) throw new Error('only the test host has a main process');
        return host.main(terminal);
      },
      takeComplaints,
    };
    await use(app);
    const found = takeComplaints();
    for (const page of pages) await page.context().close();
    await host.close();
    expect(found, 'errors in the console').toEqual([]);
  },
});

/** Taps the name, types the PIN, and waits until the screens are there. */
export async function signIn(page: Page, restaurant: TestRestaurant, level: Level): Promise<void> {
  const { name, pin } = restaurant.person(level);
  await page.getByRole('button', { name: new RegExp(name) }).click();
  await page.keyboard.type(pin);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('navigation', { name: 'Screens' })).toBeVisible();
}

/** Goes to a screen by the rail; never by loading the page again. */
export async function goTo(page: Page, screen: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Screens' }).getByRole('button', { name: screen, exact: true }).click();
}

export { expect };

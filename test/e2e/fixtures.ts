import { test as base, chromium, expect, type ConsoleMessage, type Page } from '@playwright/test';
import type { Level } from '#shared/domain/level.ts';
import { createTestRestaurant, type TerminalName, type TestRestaurant } from '../helpers/test-restaurant.ts';
import type { HubProcess } from '../helpers/hub-process.ts';
import type { MainHost } from '../test-host/main-host.ts';
import { ElectronHost, HubHost, TestHost, type Host } from './hosts.ts';

export interface App {
  /** A page at the sign-in of a terminal. */
  open(terminal: TerminalName): Promise<Page>;
  /** A page of somebody who has signed in on a terminal, on the screen named. */
  as(level: Level, terminal: TerminalName, screen?: string): Promise<Page>;
  /** The hub of a terminal; only on the hub. */
  hub(terminal: TerminalName): Promise<HubProcess>;
  /** The main process behind a terminal's window; only in the test host. */
  main(terminal: TerminalName): MainHost;
  /** What pages complained about so far, and forgets it: for a spec that provokes an error. */
  takeComplaints(): string[];
}

export const test = base.extend<{ app: App }, { restaurant: TestRestaurant; host: Host }>({
  restaurant: [
    async ({}, use) => {
      const restaurant = await createTestRestaurant();
      await use(restaurant);
      await restaurant.close();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  host: [
    async ({ restaurant }, use, { project }) => {
      if (project.name === 'electron') {
        // It brings its own Chromium; the machine may have no other.
        await useAndClose(new ElectronHost(restaurant), use);
        return;
      }
      const browser = await chromium.launch(project.use.launchOptions);
      const isTestHost = project.name === 'test-host';
      await useAndClose(isTestHost ? new TestHost(restaurant, browser) : new HubHost(restaurant, browser), use);
      await browser.close();
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  app: async ({ restaurant, host }, use) => {
    const pages = new Set<Page>();
    const complaints: string[] = [];
    const listeners = new Map<Page, () => void>();
    const watch = (page: Page): void => {
      pages.add(page);
      if (!listeners.has(page)) listeners.set(page, listen(page, complaints));
    };
    const app: App = {
      open: (terminal) => host.open(terminal, watch),
      async as(level, terminal, screen) {
        const page = await app.open(terminal);
        await signIn(page, restaurant, level);
        if (screen !== undefined) await goTo(page, screen);
        return page;
      },
      hub: (terminal) => {
        if (!(host instanceof HubHost)) throw new Error('only the hub has an address');
        return host.hub(terminal);
      },
      main: (terminal) => {
        if (!(host instanceof TestHost)) throw new Error('only the test host has a main process');
        return host.main(terminal);
      },
      takeComplaints: () => complaints.splice(0),
    };
    await use(app);
    for (const stop of listeners.values()) stop();
    await host.release([...pages]);
    expect(complaints, 'errors in the console').toEqual([]);
  },
});

async function useAndClose(host: Host, use: (host: Host) => Promise<void>): Promise<void> {
  await use(host);
  expect(await host.close()).toEqual([]);
}

/** Collects console errors and exceptions of a page; returns the function that stops. */
function listen(page: Page, complaints: string[]): () => void {
  const onError = (error: Error): void => void complaints.push(`exception: ${error.stack ?? error.message}`);
  const onConsole = (message: ConsoleMessage): void => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()} (${message.location().url})`);
  };
  page.on('pageerror', onError);
  page.on('console', onConsole);
  return () => {
    page.off('pageerror', onError);
    page.off('console', onConsole);
  };
}

/** Taps the name and types the PIN; what comes of it is up to the caller. */
export async function typePin(page: Page, name: string, pin: string): Promise<void> {
  const face = page.getByRole('button', { name: new RegExp(name) });
  await expect(face.or(page.getByRole('region', { name: `PIN of ${name}` }))).toBeVisible();
  if (await face.isVisible()) await face.click();
  // Busy with the PIN before, it takes no digits.
  await expect(
    page.getByRole('group', { name: 'Keypad' }).getByRole('button', { name: '1', exact: true }),
  ).toBeEnabled();
  await page.keyboard.type(pin);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Signs somebody of a level in and waits until the screens are there. */
export async function signIn(page: Page, restaurant: TestRestaurant, level: Level): Promise<void> {
  const { name, pin } = restaurant.person(level);
  await typePin(page, name, pin);
  await expect(page.getByRole('navigation', { name: 'Screens' })).toBeVisible();
}

/** Goes to a screen by the rail; never by loading the page again. */
export async function goTo(page: Page, screen: string): Promise<void> {
  const link = page.getByRole('navigation', { name: 'Screens' }).getByRole('button', { name: screen, exact: true });
  await link.click();
  await expect(link).toHaveAttribute('aria-current', 'page');
}

export { expect };

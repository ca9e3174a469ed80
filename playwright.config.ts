import { join } from 'node:path';
import { defineConfig } from '@playwright/test';
import { findBrowser } from './scripts/ensure-browser.mjs';

// The same specs run in each host: the built bundles with a double of Electron's module, the hub in a browser, or real
// Electron (in the workflow, where its runtime can be had).
const host = process.env['CHEFCLOUD_HOST'];
const hosts = host === undefined ? ['test-host', 'hub'] : [host];
// What only one host has stands in `….hub.spec.ts` or `….test-host.spec.ts`; what starts its own app in start.spec.ts.
const othersOf = (name: string): string[] =>
  ['test-host', 'hub'].filter((each) => each !== name).map((each) => `**/*.${each}.spec.ts`);
const projects = hosts.map((name) => ({ name, testIgnore: ['**/start.spec.ts', ...othersOf(name)] }));
const executablePath = host === 'electron' ? undefined : findBrowser();

export default defineConfig({
  testDir: 'test/e2e',
  outputDir: 'node_modules/.cache/playwright',
  workers: 1,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: true,
  reporter: [['list'], ['json', { outputFile: join(import.meta.dirname, '.cache/reports/playwright.json') }]],
  projects: [...projects, ...(host === undefined ? [{ name: 'start', testMatch: '**/start.spec.ts' }] : [])],
  use: {
    locale: 'en-GB',
    // Recording every step takes half of the time again; a failure's last page is kept anyway.
    trace: process.env['CI'] === undefined ? 'off' : 'retain-on-failure',
    launchOptions: {
      ...(executablePath === undefined ? {} : { executablePath }),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        // Without these it looks up hosts of its maker at every start.
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--disable-quic',
        '--no-first-run',
      ],
    },
  },
});

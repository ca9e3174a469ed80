import { join } from 'node:path';
import { defineConfig } from '@playwright/test';
import { findBrowser } from './scripts/ensure-browser.mjs';

// The same specs run in each host: the built bundles with a double of Electron's module, the hub in a browser, or real
// Electron (in the workflow, where its runtime can be had).
const host = process.env['CHEFCLOUD_HOST'];
const executablePath = host === 'electron' ? undefined : findBrowser();

export default defineConfig({
  testDir: 'test/e2e',
  outputDir: 'node_modules/.cache/playwright',
  workers: 1,
  timeout: 30_000,
  expect: { timeout: 5_000 },
  forbidOnly: true,
  reporter: [['list'], ['json', { outputFile: join(import.meta.dirname, '.cache/reports/playwright.json') }]],
  projects: (host === undefined ? ['test-host', 'hub'] : [host]).map((name) => ({ name })),
  use: {
    locale: 'en-GB',
    trace: 'retain-on-failure',
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

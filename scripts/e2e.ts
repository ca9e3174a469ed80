// The Playwright specs on what is built; arguments go to Playwright (`npm run e2e -- --project hub`).
import { ensureBrowser } from './ensure-browser.mjs';
import { runNode, runTool } from './run.ts';

const built = await runNode('scripts/build.ts', []);
if (built.code !== 0) process.exit(built.code);
// Real Electron brings its own.
const env: Record<string, string> = process.env['CHEFCLOUD_HOST'] === 'electron' ? {} : { CHROMIUM: ensureBrowser() };
const { code } = await runTool('@playwright/test/cli.js', ['test', ...process.argv.slice(2)], { env });
process.exitCode = code;

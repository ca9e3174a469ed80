// Finds a Chromium for the specs, or brings one: `node scripts/ensure-browser.mjs` prints its path.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const USUAL_PLACES = {
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: ['ProgramFiles', 'ProgramFiles(x86)', 'LocalAppData'].flatMap((variable) => {
    const folder = process.env[variable];
    if (folder === undefined) return [];
    return [
      join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe'),
      join(folder, 'Microsoft', 'Edge', 'Application', 'msedge.exe'),
    ];
  }),
};

/**
 * The path of a Chromium that is on the machine; undefined when there is none. Installs nothing.
 * Throws when the environment variable CHROMIUM names a file that cannot be run.
 * @returns {string | undefined}
 */
export function findBrowser() {
  const named = process.env['CHROMIUM'];
  if (named) {
    if (!isExecutable(named)) throw new Error(`CHROMIUM is "${named}", which is not a program that can be run`);
    return named;
  }
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const onPath =
    process.platform === 'win32' ? [] : NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  const usual = USUAL_PLACES[/** @type {keyof typeof USUAL_PLACES} */ (process.platform)] ?? [];
  return [...onPath, ...usual].find(isExecutable) ?? playwrightsOwn();
}

/**
 * The path of a Chromium; brings one when there is none (Playwright's download, or Debian's package when root).
 * Throws an error whose message says everything that was tried.
 * @returns {string}
 */
export function ensureBrowser() {
  const found = findBrowser();
  if (found !== undefined) return found;
  const tried = [`no ${NAMES.join(', ')} on PATH or in the usual places`];
  for (const [name, commands] of ways()) {
    console.error(`No browser for the specs yet: trying ${name} …`);
    const failure = commands.map(runQuietly).find((words) => words !== undefined);
    const brought = findBrowser();
    if (brought !== undefined) return brought;
    tried.push(`${name}: ${failure ?? 'it ended well, but no browser came'}`);
  }
  throw new Error(
    `no Chromium could be had. Install one, or set CHROMIUM to its path. Tried:\n  ${tried.join('\n  ')}`,
  );
}

/** @returns {[string, string[][]][]} */
function ways() {
  const cli = join(dirname(createRequire(import.meta.url).resolve('@playwright/test/package.json')), 'cli.js');
  /** @type {[string, string[][]][]} */
  const all = [["Playwright's download", [[process.execPath, cli, 'install', 'chromium']]]];
  if (process.getuid?.() === 0 && isExecutable('/usr/bin/apt-get')) {
    all.push([
      "Debian's package",
      [
        ['/usr/bin/apt-get', 'update', '-qq'],
        ['/usr/bin/apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'chromium'],
      ],
    ]);
  }
  return all;
}

/**
 * @param {string[]} command
 * @returns {string | undefined} what it said when it failed, in a line
 */
function runQuietly([file = '', ...args]) {
  const { status, error, stdout, stderr } = spawnSync(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    timeout: 300_000,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (status === 0) return undefined;
  const lines = `${stderr}\n${stdout}`.trim().split('\n');
  return error?.message ?? lines.find((line) => /\berror\b|^E:/i.test(line)) ?? `exit code ${status}`;
}

/** @returns {string | undefined} the one that Playwright has downloaded */
function playwrightsOwn() {
  /** @type {{ chromium: import('@playwright/test').BrowserType }} */
  const { chromium } = createRequire(import.meta.url)('@playwright/test');
  return isExecutable(chromium.executablePath()) ? chromium.executablePath() : undefined;
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    console.log(ensureBrowser());
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

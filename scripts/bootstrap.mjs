// Every `npm run …` starts here: `node scripts/bootstrap.mjs <task> [arguments]`. It brings the dependencies in when they
// are not those of the lock file, then runs the task under the Node 24 that came with them.
//
// Plain old JavaScript without dependencies: it runs under whatever Node the machine has, before anything is installed.
import { spawn } from 'child_process';
import { createHash } from 'crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { constants } from 'os';
import { basename, delimiter, dirname, join } from 'path';
import { fileURLToPath, pathToFileURL } from 'url';
import { withLock } from './lock.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const windows = process.platform === 'win32';
const modules = join(root, 'node_modules');
const stampFile = join(modules, '.chefcloud-install');
const OLDEST = { major: 20, minor: 19 };
const WANTED_MAJOR = 24;
// npm finishes what it is doing before it obeys a signal; half an installation is no loss, the next run begins anew.
const PATIENCE_MS = 2000;

// What each public script runs, relative to the checkout. Arguments of the user are appended.
const tasks = {
  start: ['scripts/start.ts'],
  dev: ['scripts/dev.ts'],
  audit: ['scripts/audit/main.ts'],
  replay: ['scripts/replay/main.ts'],
  crash: ['scripts/crash/main.ts'],
  sim: ['scripts/sim.ts'],
  'sim:mutants': ['scripts/sim-mutants.ts'],
  test: ['scripts/test.ts'],
  ready: ['scripts/test.ts', '--ci'],
  build: ['scripts/build.ts'],
  lint: ['scripts/lint.ts'],
  typecheck: ['scripts/typecheck.ts'],
  e2e: ['scripts/e2e.ts'],
  'pack:check': ['scripts/pack-check.ts'],
  knip: ['node_modules/knip/bin/knip.js'],
  format: ['node_modules/prettier/bin/prettier.cjs', '--write', '.'],
  'test:unit': ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit'],
  coverage: ['node_modules/vitest/vitest.mjs', 'run', '--coverage'],
};

main(process.argv[2], process.argv.slice(3)).then(
  (code) => process.exit(code),
  (error) => {
    console.error('chefcloud: ' + (error && error.message ? error.message : error));
    process.exit(1);
  },
);

/**
 * @param {string | undefined} task
 * @param {string[]} args
 */
async function main(task, args) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < OLDEST.major || (major === OLDEST.major && minor < OLDEST.minor)) {
    throw new Error(
      'this is Node ' +
        process.versions.node +
        ', too old to set ChefCloud up. Install Node 20.19 or newer from nodejs.org.',
    );
  }
  if (!task || !Object.prototype.hasOwnProperty.call(tasks, task)) {
    throw new Error('no task "' + task + '". There are: ' + Object.keys(tasks).join(', '));
  }
  const [script = '', ...fixed] = tasks[/** @type {keyof typeof tasks} */ (task)];

  const code = await install();
  if (code !== 0) return code;

  const node = findNode();
  const target = join(root, script);
  if (!existsSync(target)) throw new Error('"' + task + '" needs ' + script + ', which is not in this checkout.');
  const guard = pathToFileURL(join(root, 'scripts', 'end-with-parent.mjs')).href;
  const path = [dirname(node), join(modules, '.bin'), process.env.PATH].join(delimiter);
  return run(node, ['--import', guard, target, ...fixed, ...args], {
    cwd: root,
    stdio: 'inherit',
    // A group of its own: a Ctrl-C reaches it through us, once, however many times the terminal and npm send it to us.
    detached: !windows,
    env: { ...process.env, PATH: path, NODE: node, npm_node_execpath: node },
  });
}

/** Brings node_modules to the lock file's state, unless it is there; two at once install once. Returns npm's exit code. */
async function install() {
  const wanted = fingerprint();
  if (installed() === wanted) return 0;
  return withLock(
    join(root, '.cache', 'locks', 'install'),
    async () => {
      if (installed() === wanted) return 0;
      rmSync(stampFile, { force: true });
      console.error('chefcloud: setting up, once: installing the packages of package-lock.json (about a minute) …');
      const began = Date.now();
      const ticker = setInterval(
        () => console.error('chefcloud: still installing (' + Math.round((Date.now() - began) / 1000) + ' s) …'),
        10000,
      );
      const code = await npmCi().finally(() => clearInterval(ticker));
      if (code === 0) {
        writeFileSync(stampFile, wanted);
        console.error('chefcloud: packages installed in ' + Math.round((Date.now() - began) / 1000) + ' s.');
      } else if (code < 128) {
        console.error(
          'chefcloud: the packages could not be installed (npm ci ended with ' +
            code +
            '; its own words are above). ' +
            'Check that the npm registry can be reached and that the disk has 1.5 GB free, then run the same command again.',
        );
      }
      return code;
    },
    () => console.error('chefcloud: another ChefCloud command is installing the packages; waiting for it …'),
  );
}

function npmCi() {
  // Everything the lock file names, whatever NODE_ENV or npm's settings leave out: the bundled Node is an optional dependency.
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--include=dev', '--include=optional'];
  const npm = process.env.npm_execpath; // the npm that started us, where there is one
  /** @type {import('child_process').SpawnOptions} */
  const options = { stdio: ['ignore', 'inherit', 'inherit'], cwd: root };
  if (npm && /^npm-cli\.c?js$/.test(basename(npm))) return run(process.execPath, [npm, ...args], options, PATIENCE_MS);
  return run('npm', args, { ...options, shell: windows }, PATIENCE_MS);
}

function installed() {
  return existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : '';
}

/** A hash of what decides node_modules: the lock file and what package.json asks for; editing its scripts installs nothing. */
function fingerprint() {
  const wishes = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return createHash('sha256')
    .update(process.platform + ' ' + process.arch + '\n')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(
      JSON.stringify([wishes.dependencies, wishes.devDependencies, wishes.optionalDependencies, wishes.overrides]),
    )
    .update(readFileSync(join(root, 'tools', 'node24', 'package.json')))
    .digest('hex');
}

/** The bundled Node 24; else the machine's own when that is new enough (there is none to bundle for macOS). */
function findNode() {
  const name = 'node-' + (windows ? 'win' : process.platform) + '-' + process.arch;
  const bundled = join(modules, name, 'bin', windows ? 'node.exe' : 'node');
  if (existsSync(bundled)) return bundled;
  if (Number(process.versions.node.split('.')[0]) >= WANTED_MAJOR) return process.execPath;
  throw new Error(
    'ChefCloud runs on Node ' +
      WANTED_MAJOR +
      '. None comes with the packages for ' +
      process.platform +
      '/' +
      process.arch +
      ', and this is Node ' +
      process.versions.node +
      '. Install Node ' +
      WANTED_MAJOR +
      ' from nodejs.org and run the same command again.',
  );
}

/**
 * Runs a program to its end and gives its exit code (128 + n when signal n ended it). Signals that reach this process go
 * on to the program, and this process waits for it. Repeats within half a second are one signal: a terminal's Ctrl-C
 * arrives twice, from the terminal and from npm.
 * @param {string} file
 * @param {string[]} args
 * @param {import('child_process').SpawnOptions} options
 * @param {number} [patienceMs] kill the program when it goes on for longer than this after a signal
 * @returns {Promise<number>}
 */
function run(file, args, options, patienceMs) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, options);
    /** @type {Record<string, number>} */
    const last = {};
    const forward = (/** @type {NodeJS.Signals} */ signal) => {
      const now = Date.now();
      // Windows has no signals: the console has told the program already, and kill() would end it without a word.
      if (!windows && now - (last[signal] || 0) > 500) child.kill(signal);
      last[signal] = now;
      if (patienceMs) setTimeout(() => child.kill('SIGKILL'), patienceMs).unref();
    };
    /** @type {NodeJS.Signals[]} */
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);

    // npm may die without telling us (SIGKILL).
    const parent = process.ppid;
    const watch = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(watch);
      if (process.env.npm_lifecycle_event) forward('SIGTERM');
    }, 1000);

    const done = () => {
      clearInterval(watch);
      for (const signal of signals) process.removeListener(signal, forward);
    };
    child.on('error', (error) => {
      done();
      reject(error);
    });
    child.on('exit', (code, signal) => {
      done();
      const asked = patienceMs ? signals.find((name) => last[name]) : undefined;
      const ending = asked || signal;
      resolve(ending ? 128 + constants.signals[ending] : code || 0);
    });
  });
}

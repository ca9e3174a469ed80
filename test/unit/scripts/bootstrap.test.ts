// The bootstrap in a checkout of its own, with a stand-in for npm.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');

// Slow enough that two at once would meet.
const NPM = `#!/bin/sh
echo "npm $*" >> npm.log
sleep 0.5
mkdir -p node_modules
exit "\${FAKE_NPM_CODE:-0}"
`;
const TASK = `
const [first = '', ...rest] = process.argv.slice(2);
if (first === 'wait') {
  let count = 0;
  process.on('SIGINT', () => {
    count += 1;
    setTimeout(() => { console.log('signals', count); process.exit(7); }, 300);
  });
  setInterval(() => undefined, 1000);
  console.log('waiting');
} else {
  console.log(JSON.stringify([first, ...rest]));
  process.exit(first === 'exit' ? Number(rest[0]) : 0);
}
`;

let checkout: string;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'chefcloud-bootstrap-'));
  for (const file of ['bootstrap.mjs', 'lock.mjs', 'end-with-parent.mjs']) {
    cpSync(join(root, 'scripts', file), join(checkout, 'scripts', file));
  }
  mkdirSync(join(checkout, 'tools', 'node24'), { recursive: true });
  mkdirSync(join(checkout, 'bin'));
  writeFileSync(join(checkout, 'tools', 'node24', 'package.json'), '{}');
  writeFileSync(join(checkout, 'package.json'), '{"type":"module"}');
  writeFileSync(join(checkout, 'package-lock.json'), '{}');
  writeFileSync(join(checkout, 'scripts', 'start.ts'), TASK);
  writeFileSync(join(checkout, 'bin', 'npm'), NPM, { mode: 0o755 });
});
afterEach(() => rmSync(checkout, { recursive: true, force: true }));

function start(args: string[], env: Record<string, string> = {}): ChildProcess {
  const path = [join(checkout, 'bin'), process.env['PATH']].join(delimiter);
  return spawn(process.execPath, [join(checkout, 'scripts', 'bootstrap.mjs'), ...args], {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, npm_execpath: '', npm_lifecycle_event: '', PATH: path, ...env },
  });
}

async function end(child: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  await once(child, 'close');
  return { code: child.exitCode, out, err };
}

const installs = (): number => readFileSync(join(checkout, 'npm.log'), 'utf8').trim().split('\n').length;

test('passes the arguments on as they are, and the exit code back', async () => {
  const args = ['--menu', 'a b', `c'd"e$HOME`, '*', ''];
  expect(await end(start(['start', ...args]))).toMatchObject({ code: 0, out: `${JSON.stringify(args)}\n` });
  expect(await end(start(['start', 'exit', '42']))).toMatchObject({ code: 42 });
});

test('installs once: not again for the next task, and not twice for two at once; again when the lock file changes', async () => {
  const both = await Promise.all([end(start(['start', 'a'])), end(start(['start', 'b']))]);
  expect(both.map(({ code, out }) => [code, out])).toEqual([
    [0, '["a"]\n'],
    [0, '["b"]\n'],
  ]);
  await end(start(['start']));
  expect(installs()).toBe(1);
  expect(readFileSync(join(checkout, 'npm.log'), 'utf8')).toContain('npm ci ');
  writeFileSync(join(checkout, 'package-lock.json'), '{"changed":true}');
  await end(start(['start']));
  expect(installs()).toBe(2);
});

test('says in a sentence that the packages could not be installed, runs nothing, and tries again the next time', async () => {
  const failed = await end(start(['start', 'a'], { FAKE_NPM_CODE: '3' }));
  expect(failed).toMatchObject({ code: 3, out: '' });
  expect(failed.err).toContain('the packages could not be installed (npm ci ended with 3');
  expect(await end(start(['start', 'a']))).toMatchObject({ code: 0, out: '["a"]\n' });
});

test('a lock left behind by a killed installation is taken over', async () => {
  mkdirSync(join(checkout, '.cache', 'locks', 'install'), { recursive: true });
  const waited = await end(start(['start', 'a']));
  expect(waited).toMatchObject({ code: 0 });
  expect(waited.err).toContain('another ChefCloud command is installing');
}, 60_000);

test('a signal reaches the task once, however often it comes, and the bootstrap waits for the task', async () => {
  await end(start(['start']));
  const child = start(['start', 'wait']);
  const ended = end(child);
  child.stdout?.once('data', () => {
    child.kill('SIGINT');
    // npm hands on what the terminal has sent already
    setTimeout(() => child.kill('SIGINT'), 50);
  });
  expect(await ended).toMatchObject({ code: 7, out: 'waiting\nsignals 1\n' });
});

test('a task that has lost its bootstrap ends', async () => {
  await end(start(['start']));
  writeFileSync(
    join(checkout, 'scripts', 'start.ts'),
    `process.on('SIGTERM', () => { console.log('ended'); process.exit(0); }); setInterval(() => undefined, 1000); console.log('waiting');`,
  );
  const child = start(['start']);
  const ended = end(child); // 'close': the task has closed the pipe too
  child.stdout?.once('data', () => child.kill('SIGKILL'));
  expect((await ended).out).toBe('waiting\nended\n');
});

test('names the tasks there are, and refuses an old Node in words', async () => {
  expect((await end(start(['nonsense']))).err).toMatch(/no task "nonsense"\. There are: start, /);
  writeFileSync(join(checkout, 'old.mjs'), `Object.defineProperty(process.versions, 'node', { value: '20.18.3' });`);
  const old = await end(start(['start'], { NODE_OPTIONS: `--import ${join(checkout, 'old.mjs')}` }));
  expect(old).toMatchObject({ code: 1, out: '' });
  expect(old.err).toContain('this is Node 20.18.3, too old');
});

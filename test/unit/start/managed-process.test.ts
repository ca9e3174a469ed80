import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManagedProcess } from '../../../scripts/start/managed-process.ts';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'managed-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const SERVES = `console.log(JSON.stringify({ event: 'listening', pid: process.pid }));
process.on('SIGTERM', () => process.exit(0));
setInterval(() => {}, 1000);`;

function managed(script: string, restartMs = 1) {
  const file = join(folder, 'child.mjs');
  writeFileSync(file, script);
  const restarts: number[] = [];
  const restarted = Promise.withResolvers<void>();
  const child = new ManagedProcess({
    name: 'the child',
    script: file,
    env: {},
    logFile: join(folder, 'child.log'),
    restartMs,
    onRestart: (pauseMs) => {
      restarts.push(pauseMs);
      restarted.resolve();
    },
  });
  return { child, restarts, restarted: restarted.promise };
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a managed process', () => {
  it('is waited for until it serves, and is gone when it was stopped', async () => {
    const { child, restarts } = managed(SERVES);
    await child.start();
    const pid = child.pid ?? 0;
    expect(isAlive(pid)).toBe(true);
    await child.stop();
    expect(isAlive(pid)).toBe(false);
    expect(restarts).toEqual([]);
    expect(readFileSync(join(folder, 'child.log'), 'utf8')).toContain('listening');
  });

  it('is started again after it was killed', async () => {
    const { child, restarts, restarted } = managed(SERVES);
    await child.start();
    const first = child.pid ?? 0;
    process.kill(first, 'SIGKILL');
    await restarted;
    await expect.poll(() => child.pid !== first && isAlive(child.pid ?? 0)).toBe(true);
    expect(restarts).toEqual([1]);
    await child.stop();
    expect(isAlive(child.pid ?? 0)).toBe(false);
  });

  it('is not started again while it is being stopped', async () => {
    const { child, restarts, restarted } = managed(SERVES, 60_000);
    await child.start();
    process.kill(child.pid ?? 0, 'SIGKILL');
    await restarted;
    await child.stop();
    expect(restarts).toEqual([60_000]);
  });

  it('says in its own words why it cannot start', async () => {
    const { child } = managed(
      `console.error(JSON.stringify({ event: 'failed', code: 'store/newer', message: 'This data was written by a newer version.' }));
       process.exit(1);`,
    );
    await expect(child.start()).rejects.toThrow('the child could not start: This data was written by a newer version.');
    await child.stop();
    const { child: mute } = managed('process.exit(3);');
    await expect(mute.start()).rejects.toThrow('the child could not start: it ended with exit code 3');
    await mute.stop();
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startUpdater, type Updater, type UpdaterHost } from '../../../../src-main/electron/updater.ts';

let resourcesPath = '';
beforeEach(() => {
  resourcesPath = mkdtempSync(join(tmpdir(), 'resources-'));
  writeFileSync(join(resourcesPath, 'app-update.yml'), 'provider: generic\n');
});
afterEach(() => rmSync(resourcesPath, { recursive: true, force: true }));

function world(over: Partial<UpdaterHost> = {}) {
  const timers: { ms: number; fn: () => void }[] = [];
  const log: string[] = [];
  const heard = new Map<string, (value: never) => void>();
  let checks = 0;
  let loads = 0;
  const updater: Updater = {
    autoDownload: false,
    autoInstallOnAppQuit: false,
    allowDowngrade: true,
    checkForUpdates: async () => {
      checks += 1;
      throw new Error('the update server did not answer');
    },
    on: (event: string, listener: (value: never) => void) => heard.set(event, listener),
  };
  const host: UpdaterHost = {
    isPackaged: true,
    resourcesPath,
    clock: {
      now: () => 0,
      after: (ms, fn) => {
        const timer = { ms, fn };
        timers.push(timer);
        return () => void timers.splice(timers.indexOf(timer), 1);
      },
    },
    log: (line) => log.push(line),
    load: async () => {
      loads += 1;
      return updater;
    },
    ...over,
  };
  return { host, updater, timers, log, heard, count: () => ({ checks, loads }) };
}

describe('updates', () => {
  it('are looked for at once and every four hours, and a failed look does no harm', async () => {
    const { host, timers, count } = world();
    const stop = await startUpdater(host);
    expect(count().checks).toBe(1);
    expect(timers.map((timer) => timer.ms)).toEqual([4 * 3_600_000]);
    timers.shift()?.fn();
    expect(count().checks).toBe(2);
    stop();
    expect(timers).toEqual([]);
  });

  it('come down in the background and are installed only when the app quits', async () => {
    const { host, updater, log, heard } = world();
    await startUpdater(host);
    expect(updater).toMatchObject({ autoDownload: true, autoInstallOnAppQuit: true, allowDowngrade: false });
    heard.get('update-downloaded')?.({ version: '9.9.9' } as never);
    heard.get('error')?.(new Error('no space') as never);
    expect(log).toEqual(['update: version 9.9.9 is installed at the next quit', 'update: no space']);
  });

  it.each([
    ['a run from source', { isPackaged: false }],
    ['an installation without an update server', { resourcesPath: '/nowhere' }],
    ['plain Node', { resourcesPath: undefined }],
  ])('are left alone in %s', async (_what, over) => {
    const { host, count } = world(over);
    await startUpdater(host);
    expect(count()).toEqual({ checks: 0, loads: 0 });
  });
});

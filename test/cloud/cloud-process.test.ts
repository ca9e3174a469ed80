import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openAsBlob } from 'node:fs';
import { newDeviceKeys, RemoteTill } from '../helpers/remote-till.ts';
import { CloudProcess } from '../helpers/cloud-process.ts';
import { freePort } from '../helpers/free-port.ts';
import { openDatabase } from '../../src-cloud/store/database.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src-cloud', 'main.ts');

/** Starts a cloud that is expected to refuse, and returns its exit code and what it says. */
async function refusal(env: Record<string, string>): Promise<{ exitCode: number; code: string; message: string }> {
  const child = spawn(process.execPath, [MAIN], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, DATABASE_URL: '', LOG_LEVEL: 'silent', ...env },
  });
  let text = '';
  child.stderr.on('data', (chunk) => (text += String(chunk)));
  const [exitCode] = (await once(child, 'close')) as [number];
  return { exitCode, ...(JSON.parse(text.trim().split('\n').at(-1) ?? '{}') as { code: string; message: string }) };
}

describe('the cloud as a process', () => {
  let folder: string;
  let cloud: CloudProcess;
  let port: number;
  let till: RemoteTill;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'chefcloud-process-'));
    // The database is made here from the template, as at a first start, only quicker.
    const database = await openDatabase({ dataDir: folder, template: await openAsBlob(inject('pgliteTemplate')) });
    await database.close();
    port = await freePort();
    cloud = new CloudProcess(folder, port);
    await cloud.start();
    till = await RemoteTill.setUp(cloud.url, cloud.setupToken, newDeviceKeys());
  }, 180_000);
  afterAll(async () => {
    await cloud.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('killed with kill -9 in the middle of pushes it opens again, with everything that it had answered, once', async () => {
    for (let round = 0; round < 3; round += 1) {
      const answered = await till.push(till.sales(5));
      expect(answered.watermark).toBe(till.seq);
      const entries = till.sales(60);
      const cut = till.push(entries).catch(() => 'cut');
      const idle = till.push([]).catch(() => 'cut');
      await Promise.race([cut, idle]);
      await cloud.kill();
      await cut;
      await cloud.start();
      const again = await till.push(entries);
      expect(again.outcomes.every(({ status }) => status === 'applied')).toBe(true);
      expect(again.watermark).toBe(till.seq);
      const { rows, lines } = await till.orders();
      expect([rows, lines]).toEqual([till.orderCount, till.orderCount * 2]);
    }
  }, 240_000);

  test('a second one on the same folder is refused, and the first does not notice', async () => {
    const second = await refusal({ DATA_DIR: folder, PORT: '0' });
    expect(second).toMatchObject({ exitCode: 1, code: 'store/in-use' });
    expect(second.message).toContain(folder);
    expect((await till.push([])).watermark).toBe(till.seq);
  });

  test('its secret lies in a file that only its owner reads', () => {
    const file = join(folder, 'secret.key');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8').length).toBeGreaterThanOrEqual(43);
  });

  test('a port that is taken, a folder that cannot be written and wrong settings are said clearly', async () => {
    const holder = createServer();
    holder.listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    const taken = typeof address === 'object' && address !== null ? String(address.port) : '';
    const other = mkdtempSync(join(tmpdir(), 'chefcloud-process-'));
    const database = await openDatabase({ dataDir: other, template: await openAsBlob(inject('pgliteTemplate')) });
    await database.close();
    expect(await refusal({ DATA_DIR: other, PORT: taken })).toMatchObject({
      exitCode: 1,
      code: 'port/taken',
      message: expect.stringContaining(taken) as string,
    });
    holder.close();
    writeFileSync(join(other, 'file'), '');
    expect(await refusal({ DATA_DIR: join(other, 'file', 'data') })).toMatchObject({
      exitCode: 1,
      code: 'store/not-writable',
    });
    expect(await refusal({ DATA_DIR: other, PORT: 'eighty', CHEFCLOUD_SECRET: 'short' })).toMatchObject({
      exitCode: 1,
      code: 'input/invalid',
      message: expect.stringMatching(/PORT: .*CHEFCLOUD_SECRET: at least 32/) as string,
    });
    rmSync(other, { recursive: true, force: true });
  }, 120_000);
});

describe('a data folder', () => {
  test('whose making was cut short is made again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chefcloud-half-'));
    const template = await openAsBlob(inject('pgliteTemplate'));
    const first = await openDatabase({ dataDir: folder, template });
    await first.close();
    // What a kill in the middle of the first start leaves: files, but no mark that they are whole.
    rmSync(join(folder, 'db.created'));
    rmSync(join(folder, 'db', 'global'), { recursive: true });
    const second = await openDatabase({ dataDir: folder, template });
    await second.close();
    await expect(openDatabase({ dataDir: join(folder, 'cloud.lock', 'x') })).rejects.toMatchObject({
      code: 'store/not-writable',
    });
    rmSync(folder, { recursive: true, force: true });
  });
});

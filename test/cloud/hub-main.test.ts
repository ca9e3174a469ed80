import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CloudDouble } from '../helpers/cloud-double.ts';
import { testFolder, TestTerminal } from '../helpers/test-terminal.ts';

const MAIN = join(import.meta.dirname, '../../src-main/hub/main.ts');

class HubRun {
  readonly child: ChildProcess;
  text = '';
  readonly ended: Promise<number | null>;
  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stderr?.on('data', (chunk: Buffer) => (this.text += chunk.toString()));
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
    onTestFinished(() => void this.child.kill('SIGKILL'));
  }
  /** The port of its one line. */
  async listening(): Promise<number> {
    const lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream });
    for await (const line of lines) return (JSON.parse(line) as { event: string; port: number }).port;
    throw new Error(this.text);
  }
}

function screens(): string {
  const folder = join(testFolder(), 'renderer');
  mkdirSync(folder);
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  return folder;
}

async function enrolledFolder(): Promise<string> {
  const till = await TestTerminal.create({ isOffline: true });
  till.openOrder();
  await till.terminal.close();
  return till.dataDir;
}

/** The cloud in memory on a real port. */
async function serve(cloud: CloudDouble): Promise<string> {
  const server = createServer((request, response) => {
    void (async () => {
      const body = Buffer.concat(await request.toArray()).toString();
      const headers = { authorization: request.headers.authorization ?? '' };
      const init = { method: request.method ?? 'GET', headers, ...(body === '' ? {} : { body }) };
      const answer = await cloud.fetch(`http://cloud.test${request.url ?? '/'}`, init);
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the hub as a process', () => {
  test('without a cloud it serves all the same, keeps its folder, and ends cleanly on SIGTERM', async () => {
    const data = await enrolledFolder();
    const hub = new HubRun(['--data', data, '--port', '0', '--screens', screens(), '--cloud', 'http://127.0.0.1:9']);
    const port = await hub.listening();
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
    const second = new HubRun(['--data', data, '--port', '0', '--screens', screens()]);
    expect(await second.ended).toBe(1);
    expect(second.text).toContain('ChefCloud is already running on this data folder.');
    hub.child.kill('SIGTERM');
    expect(await hub.ended).toBe(0);
  });

  test('a port that is taken: a clear word and exit 1', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const hub = new HubRun(['--data', await enrolledFolder(), '--port', String(port), '--screens', screens()]);
    expect(await hub.ended).toBe(1);
    expect(hub.text).toContain(`Port ${port} is in use by another program.`);
    other.close();
  });

  test('it enrols a new folder, sends what is done there, and goes on with the same words', async () => {
    const cloud = new CloudDouble();
    const url = await serve(cloud);
    const args = [
      '--data',
      join(testFolder(), 'new'),
      '--port',
      '0',
      '--screens',
      screens(),
      '--enrol',
      'CODE-123',
      '--cloud',
      url,
    ];
    for (const start of [1, 2]) {
      const hub = new HubRun(args);
      const port = await hub.listening();
      const answer = await fetch(`http://127.0.0.1:${port}/bridge/terminal:info`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-chefcloud-screen': '1' },
        body: '{}',
      });
      expect(await answer.json()).toMatchObject({ ok: true, value: { deviceName: 'Counter', host: 'hub' } });
      hub.child.kill('SIGINT');
      expect(await hub.ended).toBe(0);
      expect({ start, enrolled: cloud.sent('/devices/enrol').length }).toEqual({ start, enrolled: 1 });
    }
  });

  test.each([
    [['--port', '0'], '--data is missing'],
    [['--data', 'x', '--port', '70000'], '"70000" is not a port'],
    [['--data', 'x', '--enrol', 'CODE-123'], '--enrol needs --cloud'],
    [['--nonsense'], '--nonsense'],
  ])('%j is refused in words', async (args, words) => {
    const hub = new HubRun(args);
    expect(await hub.ended).toBe(1);
    expect(hub.text).toContain(words);
  });
});

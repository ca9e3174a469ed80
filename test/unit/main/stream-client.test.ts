import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startStream, type Stream } from '../../../src-main/sync/stream-client.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';

/** A real server whose every connection is answered by the test; the clock of the client stands still. */
class StreamWorld {
  readonly clock = new FakeClock();
  readonly connections: { request: IncomingMessage; response: ServerResponse }[] = [];
  readonly calls: string[] = [];
  readonly dropped: string[] = [];
  cursor: string | undefined = '1.a.2.b';
  onEvent: (name: string, data: string) => void | Promise<void> = () => {};
  stream: Stream | undefined;
  #token = 1;
  #waiting: (() => void)[] = [];

  static async start(): Promise<StreamWorld> {
    const world = new StreamWorld();
    const server = createServer((request, response) => {
      world.connections.push({ request, response });
      world.#wake();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      world.stream?.stop();
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    world.stream = startStream({
      url: `http://127.0.0.1:${port}/stream/changes`,
      clock: world.clock,
      fetch,
      tokens: {
        get: () => Promise.resolve(`token-${world.#token}`),
        drop: (token) => {
          world.dropped.push(token);
          world.#token += 1;
        },
      },
      log: (line) => world.note(`log ${line}`),
      random: () => 0.999_999,
      cursor: () => world.cursor,
      onOpen: () => world.note('open'),
      onAlive: () => world.note('alive'),
      onClosed: () => world.note('closed'),
      onEvent: (name, data) => {
        world.note(`${name} ${data}`);
        return world.onEvent(name, data);
      },
      onMissed: () => world.note('missed'),
    });
    return world;
  }

  note(call: string): void {
    this.calls.push(call);
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Resolves when it holds; the test's own time limit ends a wait for what never comes. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async connection(count: number): Promise<{ request: IncomingMessage; response: ServerResponse }> {
    await this.until(() => this.connections.length >= count);
    const found = this.connections[count - 1];
    if (found === undefined) throw new Error('no connection');
    return found;
  }

  async opened(count: number): Promise<ServerResponse> {
    const { response } = await this.connection(count);
    const before = this.times('open');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(':\n\n');
    await this.until(() => this.times('open') === before + 1);
    return response;
  }

  times(call: string): number {
    return this.calls.filter((each) => each === call).length;
  }
}

describe('the supervised stream', () => {
  test('connects with a token and the cursor of the store, and passes events on', async () => {
    const world = await StreamWorld.start();
    const { request } = await world.connection(1);
    expect(request.headers).toMatchObject({
      authorization: 'Bearer token-1',
      'last-event-id': '1.a.2.b',
      accept: 'text/event-stream',
    });
    const response = await world.opened(1);
    response.write('id: 1.a.3.c\nevent: rows\ndata: {"x":1}\n\nevent: kpis\ndata: {}\n\nevent: other\ndata: {}\n\n');
    await world.until(() => world.calls.includes('kpis {}'));
    expect(world.calls.filter((call) => /^(rows|kpis|other)/.test(call))).toEqual(['rows {"x":1}', 'kpis {}']);
  });

  test('any status but 200 is not the end: it comes back after 1, 2, 4 … 60 s', async () => {
    const world = await StreamWorld.start();
    for (const [index, waitMs] of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000].entries()) {
      const { response } = await world.connection(index + 1);
      response.writeHead([500, 404, 204, 302, 503][index % 5] ?? 500).end();
      await world.until(() => world.times('closed') === index + 1);
      world.clock.advance(waitMs - 1);
      expect(world.connections).toHaveLength(index + 1);
      world.clock.advance(1);
    }
    await world.opened(9);
    expect(world.stream?.isOpen).toBe(true);
  });

  test('Retry-After is waited for', async () => {
    const world = await StreamWorld.start();
    const { response } = await world.connection(1);
    response.writeHead(429, { 'retry-after': '30' }).end();
    await world.until(() => world.times('closed') === 1);
    world.clock.advance(29_999);
    expect(world.connections).toHaveLength(1);
    world.clock.advance(1);
    await world.connection(2);
  });

  test('401 brings a new token', async () => {
    const world = await StreamWorld.start();
    const { response } = await world.connection(1);
    response.writeHead(401).end();
    await world.until(() => world.times('closed') === 1);
    world.clock.advance(1_000);
    const { request } = await world.connection(2);
    expect(world.dropped).toEqual(['token-1']);
    expect(request.headers.authorization).toBe('Bearer token-2');
  });

  test('45 s of silence is a dead connection; a heartbeat is not silence', async () => {
    const world = await StreamWorld.start();
    const response = await world.opened(1);
    for (let i = 0; i < 5; i += 1) {
      world.clock.advance(44_000);
      const before = world.times('alive');
      response.write(':\n\n');
      await world.until(() => world.times('alive') > before);
    }
    expect(world.times('closed')).toBe(0);
    world.clock.advance(45_000);
    expect(world.times('closed')).toBe(1);
    world.clock.advance(1_000);
    await world.opened(2);
  });

  test('a connection that is never answered is given up after 15 s', async () => {
    const world = await StreamWorld.start();
    await world.connection(1);
    world.clock.advance(15_000);
    expect(world.times('closed')).toBe(1);
    world.clock.advance(1_000);
    await world.connection(2);
  });

  test('a server that goes away is noticed at once, and the cursor of then is sent', async () => {
    const world = await StreamWorld.start();
    const response = await world.opened(1);
    world.cursor = '5.x.6.y';
    response.end();
    await world.until(() => world.times('closed') === 1);
    world.clock.advance(1_000);
    const { request } = await world.connection(2);
    expect(request.headers['last-event-id']).toBe('5.x.6.y');
  });

  test('a handler that throws loses nothing: it is said, and a pull makes it right', async () => {
    const world = await StreamWorld.start();
    world.onEvent = (_name, data) => {
      if (data === 'bad') throw new Error('cannot');
    };
    const response = await world.opened(1);
    response.write('event: rows\ndata: bad\n\nevent: rows\ndata: good\n\n');
    await world.until(() => world.calls.includes('missed') && world.calls.includes('rows good'));
    expect(world.stream?.isOpen).toBe(true);
  });

  test('a change of the network does not wait for the backoff', async () => {
    const world = await StreamWorld.start();
    const { response } = await world.connection(1);
    response.writeHead(503).end();
    await world.until(() => world.times('closed') === 1);
    world.stream?.retryNow();
    await world.connection(2);
    expect(world.connections).toHaveLength(2);
  });

  test('stopped, it stays stopped', async () => {
    const world = await StreamWorld.start();
    const response = await world.opened(1);
    const closed = once(response, 'close');
    world.stream?.stop();
    await closed;
    world.clock.advance(3_600_000);
    expect(world.connections).toHaveLength(1);
    expect(world.clock.waiting).toBe(0);
  });
});

import { Socket } from 'node:net';
import net from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '#shared/kernel/errors.ts';
import type { SseClient } from '../../../src-cloud/stream/sse-client.ts';
import { encodeEvent } from '../../../src-cloud/stream/sse-frame.ts';
import { type HubLimits, SseHub } from '../../../src-cloud/stream/sse-hub.ts';
import { streamHead } from '../../../src-cloud/stream/sse-socket.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { SseReader } from '../../helpers/sse-reader.ts';

const HOUR_MS = 3_600_000;
const BIG = 'x'.repeat(200_000);

describe('the hub of all streams', () => {
  let clock: FakeClock;
  let app: FastifyInstance;
  let hub: SseHub;
  let url: string;
  let logged: { event: string; reason?: string }[];
  let clients: SseClient[];
  const readers: SseReader[] = [];

  const start = async (limits: Partial<HubLimits> = {}): Promise<void> => {
    clock = new FakeClock();
    logged = [];
    clients = [];
    const note = (facts: object) => void logged.push(facts as { event: string });
    hub = new SseHub({ clock, log: { info: note, warn: note }, limits });
    app = Fastify({ forceCloseConnections: true });
    app.setErrorHandler((error, _request, reply) => reply.code(error instanceof AppError ? error.status : 500).send());
    app.addHook('onRequest', async (_request, reply) => {
      reply.header('access-control-allow-origin', 'https://pos.example.com');
      reply.header('vary', ['Origin', 'Cookie']);
    });
    app.get<{ Querystring: { subject?: string; kind?: 'log' | 'state'; lifeMs?: number } }>(
      '/',
      async (request, reply) => {
        await Promise.resolve();
        const { subject = 'staff:1', kind = 'log', lifeMs = HOUR_MS } = request.query;
        const client = hub.open(reply, {
          subject,
          orgId: 'org',
          stream: 'test',
          expiresAtMs: clock.now() + Number(lifeMs),
        });
        hub.channel('c', kind).join(client);
        clients.push(client);
        return reply;
      },
    );
    url = await app.listen({ port: 0, host: '127.0.0.1' });
  };
  const open = async (query = ''): Promise<SseReader> => {
    const reader = await SseReader.open(`${url}/?${query}`);
    readers.push(reader);
    return reader;
  };
  const stopped = async (): Promise<void> => {
    hub.close();
    for (const reader of readers.splice(0)) await reader.close();
    await app.close();
  };

  beforeEach(() => start());
  afterEach(stopped);

  it('writes the head by hand: no length, no chunks, what plug-ins set, and a hint for browsers', async () => {
    const raw = await new Promise<string>((resolve) => {
      const socket = net.connect(Number(new URL(url).port), '127.0.0.1', () =>
        socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
      );
      let text = '';
      socket.on('data', (bytes) => {
        text += bytes.toString();
        if (text.includes('retry')) {
          socket.destroy();
          resolve(text);
        }
      });
    });
    const [head = '', body] = raw.split('\r\n\r\n');
    const lines = head.toLowerCase().split('\r\n');
    expect(lines[0]).toBe('http/1.1 200 ok');
    expect(lines).toEqual(
      expect.arrayContaining([
        'content-type: text/event-stream; charset=utf-8',
        'cache-control: no-cache, no-transform',
        'x-accel-buffering: no',
        'connection: close',
        'access-control-allow-origin: https://pos.example.com',
        'vary: origin',
        'vary: cookie',
      ]),
    );
    expect(head).not.toMatch(/content-length|transfer-encoding/i);
    expect(body).toBe('retry: 2000\n\n');
  });

  it('gives what is said in one turn to each client in one write', async () => {
    const streams = [await open(), await open('subject=staff:2')];
    const written: string[] = [];
    const write = vi.spyOn(Socket.prototype, 'write').mockImplementation(function (this: Socket, bytes) {
      written.push(String(bytes));
      // Past the spy, into the stream itself.
      return Object.getPrototypeOf(Socket.prototype).write.call(this, bytes) as boolean;
    });
    for (let n = 0; n < 10; n += 1) hub.channel('c', 'log').publish({ id: String(n), data: String(n) });
    for (const stream of streams)
      for (let n = 0; n < 10; n += 1) expect(await stream.next()).toMatchObject({ id: String(n), data: String(n) });
    write.mockRestore();
    expect(written).toHaveLength(2);
    expect(hub.stats()).toMatchObject({ events: 1, deliveries: 2 });
  });

  it('beats for all from one timer, which rests while nobody listens', async () => {
    expect(clock.waiting).toBe(0);
    const streams = [await open(), await open()];
    expect(clock.waiting).toBe(1);
    clock.advance(15_000);
    for (const stream of streams) await stream.comment(1);
    clock.advance(30_000);
    for (const stream of streams) await stream.comment(3);
    expect(streams[0]?.pending).toEqual([]);
  });

  it('leaves nothing behind when a client goes', async () => {
    const stream = await open('lifeMs=10000');
    expect(hub.stats()).toMatchObject({ clients: 1, channels: 1, clientsByStream: { test: 1 } });
    expect(hub.isListening('staff:1')).toBe(true);
    await stream.close();
    await vi.waitFor(() => expect(hub.stats().clients).toBe(0));
    expect(hub.stats()).toMatchObject({ channels: 0, clientsByStream: {}, opened: 1, closed: { client: 1 } });
    expect(hub.isListening('staff:1')).toBe(false);
    expect(clock.waiting).toBe(0);
    expect(clients[0]?.channels).toEqual([]);
    expect(clients[0]?.queuedBytes).toBe(0);
    expect(logged.map(({ event }) => event)).toEqual(['stream-opened', 'stream-closed']);
    expect(await new Promise((resolve) => app.server.getConnections((_error, count) => resolve(count)))).toBe(0);
  });

  it('closes at the end of the token, to the millisecond', async () => {
    const stream = await open('lifeMs=40000');
    clock.advance(39_999);
    expect(hub.stats().clients).toBe(1);
    clock.advance(1);
    await stream.ended();
    expect(hub.stats().closed).toEqual({ expired: 1 });
  });

  it('refuses more than the limits, with 503 and before anything is streamed', async () => {
    await stopped();
    await start({ maxClients: 3, maxClientsPerSubject: 2 });
    await open();
    await open();
    expect((await open()).status).toBe(503);
    await open('subject=staff:2');
    expect((await open('subject=staff:3')).status).toBe(503);
    expect(hub.stats().opened).toBe(3);
  });

  it('keeps only the newest of a state for a slow client, and sends it when that takes bytes again', async () => {
    const slow = await open('kind=state');
    const quick = await open('kind=state&subject=staff:2');
    slow.pause();
    const channel = hub.channel('c', 'state');
    for (let n = 0; n < 60; n += 1) {
      channel.publish({ data: `${n} ${BIG}` });
      expect((await quick.next()).data.startsWith(`${n} `)).toBe(true);
    }
    expect(clients[0]?.queuedBytes).toBeLessThan(8_000_000);
    slow.resume();
    const seen: number[] = [];
    while (seen.at(-1) !== 59) seen.push(Number.parseInt((await slow.next()).data, 10));
    expect(seen.length).toBeLessThan(60);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    // Whoever comes later starts with the newest.
    expect((await (await open('kind=state')).next()).data.startsWith('59 ')).toBe(true);
  });

  it('never drops from a log: a client that is too slow is cut, the others get everything', async () => {
    const slow = await open();
    const quick = await open('subject=staff:2');
    slow.pause();
    const channel = hub.channel('c', 'log');
    for (let n = 0; n < 80; n += 1) {
      channel.publish({ id: String(n), data: BIG });
      expect((await quick.next()).id).toBe(String(n));
    }
    expect(hub.stats()).toMatchObject({ clients: 1, closed: { overflow: 1 } });
    expect(logged.at(-1)).toMatchObject({ event: 'stream-closed', reason: 'overflow' });
    slow.resume();
    let last = -1;
    for (const event of slow.pending) expect(Number(event.id)).toBe((last += 1));
  });

  it('does not cut a client for one page larger than the limit', async () => {
    const stream = await open();
    const page = 'y'.repeat(6_000_000);
    hub.channel('c', 'log').publish({ id: '1', data: page });
    expect((await stream.next()).data).toBe(page);
    hub.channel('c', 'log').publish({ id: '2', data: 'small' });
    expect((await stream.next()).data).toBe('small');
  });

  it('cuts a client that has taken nothing for a minute', async () => {
    const slow = await open('kind=state');
    slow.pause();
    const channel = hub.channel('c', 'state');
    while (clients[0]?.queuedBytes === 0) {
      channel.publish({ data: BIG });
      await new Promise((resolve) => setImmediate(resolve));
    }
    clock.advance(59_000);
    expect(hub.stats().clients).toBe(1);
    clock.advance(16_000);
    expect(hub.stats()).toMatchObject({ clients: 0, closed: { stalled: 1 } });
  });

  it('holds events back while a client catches up, and sends those that the catch-up does not cover', async () => {
    const stream = await open();
    const [client] = clients;
    client?.hold();
    const channel = hub.channel('c', 'log');
    for (const id of ['1', '2', '3']) channel.publish({ id, data: id });
    await new Promise((resolve) => setImmediate(resolve));
    client?.send({ id: '2', data: 'caught up' });
    client?.release((id) => Number(id) <= 2);
    channel.publish({ id: '4', data: '4' });
    expect([await stream.next(), await stream.next(), await stream.next()].map(({ data }) => data)).toEqual([
      'caught up',
      '3',
      '4',
    ]);
  });

  it('ends the streams of a device that was switched off, and all on shutdown', async () => {
    const revoked = await open('subject=device:1');
    const other = await open('subject=device:2');
    expect(hub.disconnect(({ subject }) => subject === 'device:1')).toBe(1);
    await revoked.ended();
    expect(hub.stats().clients).toBe(1);
    hub.channel('c', 'log').publish({ data: 'last words' });
    hub.close();
    expect((await other.next()).data).toBe('last words');
    await other.ended();
    expect(hub.stats()).toMatchObject({ clients: 0, closed: { revoked: 1, shutdown: 1 } });
    expect((await open()).status).toBe(503);
  });
});

describe('the bytes of an event', () => {
  it('lets nothing break out of a field', () => {
    const bytes = encodeEvent({ id: '1\r\nevent: x\0', name: 'a\nb', data: 'one\r\ntwo\rthree\n' });
    expect(bytes.toString()).toBe('id: 1event: x\nevent: ab\ndata: one\ndata: two\ndata: three\ndata: \n\n');
  });

  it('refuses a header that would split the head', () => {
    expect(() => streamHead({ 'x-evil': 'a\r\nset-cookie: b' })).toThrow('Invalid character in header content');
    expect(() => streamHead({ 'x evil': 'a' })).toThrow('valid HTTP token');
  });
});

/**
 * Fan-out: what one event to many open streams costs the server, next to the floor (bare sockets that are only written to).
 * `node bench/fanout.ts [clients=1000] [rounds=3] [seconds=3]`. Both run in one run, alternating, each in a process of its own; read the ratio.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import Fastify from 'fastify';
import type { Clock } from '#shared/kernel/clock.ts';
import { SseHub } from '../src-cloud/stream/sse-hub.ts';

const CONTENDERS = ['floor', 'hub'] as const;
type Contender = (typeof CONTENDERS)[number];

interface Served {
  port: number;
  count(): number;
  broadcast(seq: number): void;
}
interface Measured {
  contender: Contender;
  cpuSecondsPerMillion: number;
  deliveriesPerSecond: number;
  kibPerConnection: number;
}

const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, fn) => {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};

/** About 300 bytes with one `|` at the end, by which the clients count. */
function payload(seq: number): string {
  const text = JSON.stringify({
    seq,
    salesToday: 12_345_678,
    salesMTD: 345_678_901,
    paymentsMomo: 4_567_890,
    openOrders: 17,
  });
  return `${text}${'x'.repeat(299 - text.length)}|`;
}

async function serveFloor(): Promise<Served> {
  const clients = new Set<net.Socket>();
  const server = net.createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('close', () => clients.delete(socket));
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n\r\n');
      clients.add(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4096, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    count: () => clients.size,
    broadcast: (seq) => {
      const bytes = Buffer.from(`id: ${seq}\nevent: kpis\ndata: ${payload(seq)}\n\n`);
      for (const client of clients) client.write(bytes);
    },
  };
}

async function serveHub(): Promise<Served> {
  const app = Fastify();
  const hub = new SseHub({
    clock: systemClock,
    log: { info: () => undefined, warn: () => undefined },
    limits: { maxClients: 100_000, maxClientsPerSubject: 100_000, heartbeatMs: 1_000 },
  });
  // As the routes do it: an asynchronous check before the stream, CORS headers set by a hook, replay held and released.
  app.addHook('onRequest', async (request, reply) => {
    reply.header('access-control-allow-origin', 'http://127.0.0.1');
    if (request.headers.authorization !== 'Bearer bench') await reply.code(401).send();
  });
  app.get('/sse', async (_request, reply) => {
    const client = hub.open(reply, {
      subject: 'device:bench',
      orgId: 'org',
      stream: 'changes',
      expiresAtMs: Date.now() + 3_600_000,
    });
    const channel = hub.channel('changes:org:branch', 'log');
    client.hold();
    channel.join(client);
    await Promise.resolve();
    client.release(() => true);
  });
  await app.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    count: () => hub.stats().clients,
    broadcast: (seq) =>
      hub.findChannel('changes:org:branch')?.publish({ id: String(seq), name: 'kpis', data: payload(seq) }),
  };
}

const WINDOW = 4;

/** The server's process: fires events so that at most WINDOW are under way, and reports its own CPU time. */
async function runServer(contender: Contender): Promise<void> {
  const served = contender === 'floor' ? await serveFloor() : await serveHub();
  const baseRss = settledRss();
  let acked = 0;
  let seq = 0;
  let wake = (): void => undefined;
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) await new Promise<void>((resolve) => (wake = resolve));
  };
  const fire = (): void => served.broadcast((seq += 1));
  process.on('message', (message: { ack?: number; measureMs?: number; expect?: number }) => {
    if (message.ack !== undefined) {
      acked = message.ack;
      wake();
    } else if (message.measureMs !== undefined) void measure(message.measureMs, message.expect ?? 0);
  });
  const measure = async (ms: number, expect: number): Promise<void> => {
    while (served.count() < expect) await new Promise((resolve) => setTimeout(resolve, 20));
    for (let warm = 0; warm < 20; warm += 1) {
      fire();
      await until(() => acked >= seq);
    }
    const kibPerConnection = (settledRss() - baseRss) / expect / 1024;
    const first = seq;
    const cpu = process.cpuUsage();
    const startedAt = performance.now();
    while (performance.now() - startedAt < ms) {
      fire();
      // One event a turn: the hub would join those of one turn in one write, and the ratio would flatter it.
      await new Promise((resolve) => setImmediate(resolve));
      await until(() => seq - acked < WINDOW);
    }
    await until(() => acked >= seq);
    const used = process.cpuUsage(cpu);
    const deliveries = (seq - first) * expect;
    const measured: Measured = {
      contender,
      cpuSecondsPerMillion: (used.user + used.system) / deliveries,
      deliveriesPerSecond: (deliveries * 1000) / (performance.now() - startedAt),
      kibPerConnection,
    };
    process.send?.({ measured });
  };
  process.send?.({ port: served.port });
}

function settledRss(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

/** The clients' process: raw sockets that only count. */
function runClients(port: number, count: number): void {
  let marks = 0;
  let told = 0;
  const request =
    'GET /sse HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer bench\r\nAccept: text/event-stream\r\n\r\n';
  const open = (left: number): void => {
    if (left === 0) return;
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.write(request);
      setImmediate(open, left - 1);
    });
    socket.on('data', (bytes) => {
      for (let at = bytes.indexOf(124); at >= 0; at = bytes.indexOf(124, at + 1)) marks += 1;
      const complete = Math.floor(marks / count);
      if (complete > told) process.send?.({ ack: (told = complete) });
    });
  };
  open(count);
}

async function next<T>(child: ChildProcess, key: string): Promise<T> {
  for (;;) {
    const [message] = (await once(child, 'message')) as [Record<string, T>];
    const value = message[key];
    if (value !== undefined) return value;
  }
}

async function measure(contender: Contender, clients: number, ms: number): Promise<Measured> {
  const self = fileURLToPath(import.meta.url);
  const server = fork(self, ['--server', contender], { execArgv: ['--expose-gc'] });
  const port = await next<number>(server, 'port');
  const crowd = fork(self, ['--clients', String(port), String(clients)]);
  crowd.on('message', (message) => server.send(message));
  server.send({ measureMs: ms, expect: clients });
  const measured = await next<Measured>(server, 'measured');
  for (const child of [crowd, server]) {
    child.kill();
    await once(child, 'exit');
  }
  return measured;
}

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function main(clients = 1000, rounds = 3, seconds = 3): Promise<void> {
  const all: Measured[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? CONTENDERS : CONTENDERS.toReversed();
    for (const contender of order) all.push(await measure(contender, clients, seconds * 1000));
  }
  const of = (contender: Contender, field: Exclude<keyof Measured, 'contender'>): number =>
    median(all.filter((each) => each.contender === contender).map((each) => each[field]));
  const floorCpu = of('floor', 'cpuSecondsPerMillion');
  const table = CONTENDERS.map((contender) => ({
    contender,
    'CPU s per million': of(contender, 'cpuSecondsPerMillion').toFixed(2),
    '× floor': (of(contender, 'cpuSecondsPerMillion') / floorCpu).toFixed(2),
    'deliveries/s': Math.round(of(contender, 'deliveriesPerSecond')),
    'KiB per connection': of(contender, 'kibPerConnection').toFixed(1),
  }));
  process.stdout.write(`One 300-byte event to ${clients} clients, medians of ${rounds} rounds\n`);
  console.table(table);
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === '--server') await runServer(rest[0] === 'floor' ? 'floor' : 'hub');
else if (mode === '--clients') runClients(Number(rest[0]), Number(rest[1]));
else await main(...process.argv.slice(2).map(Number));

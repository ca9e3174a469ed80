/**
 * Drain: a terminal's queue of 10,000 orders, 8 commands each, sent to the real cloud over HTTP, next to the same bytes sent to a server that only
 * reads and answers (the floor), and next to one request an order.
 * `node bench/push-drain.ts [orders=10000] [rounds=3]`; on PGlite, or with DATABASE_URL on that PostgreSQL. All in one run, alternating; read the ratios.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { monotonicFactory } from 'ulid';
import { EnrolAnswer, SetupRequest } from '#shared/contract/cloud-wire.ts';
import { MAX_BODY_BYTES, MAX_PUSH_ENTRIES } from '#shared/contract/protocol.ts';
import { PushAnswer, type PushEntry } from '#shared/contract/sync-wire.ts';
import { setUp } from '../scripts/replay/cloud-client.ts';
import { CloudProcess } from '../scripts/replay/cloud-process.ts';
import { createDeviceKey, signerOf } from '../src-main/core/device-key.ts';
import { systemClock } from '../src-main/core/system-clock.ts';
import { createCloudClient } from '../src-main/sync/cloud-client.ts';
import { createDeviceClient, type DeviceClient } from '../src-main/sync/device-client.ts';
import { createDeviceTokens } from '../src-main/sync/device-token.ts';

const ITEMS = 60;
const LINES = 4;
const PRICE_MINOR = 2_500;
const TAX = { code: 'vat', ratePpm: 180_000, mode: 'inclusive' } as const;
const newId = monotonicFactory(Math.random);

interface Measured {
  contender: string;
  ordersPerSecond: number;
  requestP50Ms: number;
  requestP99Ms: number;
}

/** One enrolled terminal without a store: it makes entries as the outbox would hold them, and sends them. */
class Device {
  readonly client: DeviceClient;
  readonly #who: { deviceId: string; branchId: string; actorId: string };
  #incarnation = '';
  #seq = 0;

  constructor(client: DeviceClient, who: { deviceId: string; branchId: string; actorId: string }) {
    this.client = client;
    this.#who = who;
    this.startSeries();
  }

  startSeries(): void {
    this.#incarnation = randomBytes(8).toString('hex');
    this.#seq = 0;
  }

  entry(name: string, endpoint: string, input: Record<string, unknown>): PushEntry {
    const { branchId, actorId } = this.#who;
    const id = newId();
    const at = new Date().toISOString();
    const envelope = { id, name, version: 1, branchId, actorId, at, businessDay: at.slice(0, 10), input };
    this.#seq += 1;
    const [method = '', path = ''] = endpoint.split(' ');
    return {
      seq: this.#seq,
      lamport: this.#seq,
      id,
      endpoint: `${method} ${path}`,
      method,
      idempotencyKey: id,
      createdAt: at,
      body: JSON.stringify(envelope),
    };
  }

  menu(): PushEntry[] {
    const category = this.entry('menu.saveCategory', 'PUT /menu/categories/c', {
      categoryId: 'c',
      name: 'All',
      rank: 0,
      colour: 1,
    });
    const items = Array.from({ length: ITEMS }, (_, n) =>
      this.entry('menu.saveItem', `PUT /menu/items/item-${n}`, {
        itemId: `item-${n}`,
        name: `Menu item number ${n}`,
        categoryId: 'c',
        priceMinor: PRICE_MINOR,
        tax: TAX,
        stationId: 'kitchen',
      }),
    );
    return [category, ...items];
  }

  /** Open, four lines, send, pay, close. */
  order(n: number): PushEntry[] {
    const orderId = newId();
    const path = `POST /pos/orders/${orderId}`;
    const lineIds = Array.from({ length: LINES }, (_, line) => `${orderId}.${line}`);
    const amountMinor = lineIds.reduce((sum, _id, line) => sum + PRICE_MINOR * (1 + (line & 1)), 0);
    return [
      this.entry('order.open', 'POST /pos/orders', { orderId, number: `T1-${n}`, type: 'takeaway' }),
      ...lineIds.map((lineId, line) =>
        this.entry('order.addLine', `${path}/lines`, {
          orderId,
          lineId,
          itemId: `item-${(n + line) % ITEMS}`,
          name: `Menu item number ${(n + line) % ITEMS}`,
          quantity: 1 + (line & 1),
          unitPriceMinor: PRICE_MINOR,
          tax: TAX,
          stationId: 'kitchen',
          note: '',
        }),
      ),
      this.entry('order.send', `${path}/send-to-kitchen`, { orderId, lineIds }),
      this.entry('payment.take', `${path}/payments`, {
        orderId,
        paymentId: newId(),
        method: 'momo',
        amountMinor,
        tipMinor: 0,
        reference: `MM-${n}`,
      }),
      this.entry('order.close', `${path}/close`, { orderId }),
    ];
  }

  async push(entries: PushEntry[]): Promise<void> {
    const body = {
      deviceId: this.#who.deviceId,
      incarnation: this.#incarnation,
      clockMs: Date.now(),
      pending: { count: entries.length, oldestAt: entries[0]?.createdAt ?? null },
      entries,
    };
    const { outcomes } = await this.client.send({ method: 'POST', path: '/sync/push', body, answer: PushAnswer });
    const bad = outcomes.find(({ status, flags }) => status !== 'applied' || flags.length > 0);
    if (bad !== undefined || outcomes.length !== entries.length) throw new Error(`not applied: ${JSON.stringify(bad)}`);
  }
}

/** Entries in the batches that the replicator would make. */
function batchesOf(orders: PushEntry[][]): PushEntry[][] {
  const batches: PushEntry[][] = [];
  let batch: PushEntry[] = [];
  let bytes = 0;
  for (const entry of orders.flat()) {
    const size = JSON.stringify(entry).length + 1;
    if (batch.length === MAX_PUSH_ENTRIES || bytes + size > MAX_BODY_BYTES - 16_384) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(entry);
    bytes += size;
  }
  return [...batches, batch];
}

async function drain(
  contender: string,
  batches: PushEntry[][],
  orders: number,
  push: (batch: PushEntry[]) => Promise<void>,
): Promise<Measured> {
  const latencies: number[] = [];
  const startedMs = performance.now();
  for (const batch of batches) {
    const sentMs = performance.now();
    await push(batch);
    latencies.push(performance.now() - sentMs);
  }
  const ordersPerSecond = (orders / (performance.now() - startedMs)) * 1000;
  latencies.sort((a, b) => a - b);
  const quantile = (q: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))] ?? 0;
  return { contender, ordersPerSecond, requestP50Ms: quantile(0.5), requestP99Ms: quantile(0.99) };
}

/** Reads a body, parses it and answers an outcome for each entry: what HTTP and JSON cost at least. */
function serveFloor(): void {
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (bytes: Buffer) => chunks.push(bytes));
    req.on('end', () => {
      const { entries } = JSON.parse(Buffer.concat(chunks).toString()) as { entries: PushEntry[] };
      const outcomes = entries.map(({ seq, id }) => ({
        seq,
        id,
        status: 'applied',
        flags: [],
        visible: { org: 0, branch: 1 },
      }));
      const answer = { outcomes, watermark: entries.at(-1)?.seq ?? 0, lamport: 0, serverAt: new Date().toISOString() };
      res.setHeader('content-type', 'application/json');
      res.end(JSON.stringify(answer));
    });
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}

async function startFloor(): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(fileURLToPath(import.meta.url), ['floor'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [port] = (await once(child, 'message')) as [number];
  return { child, port };
}

async function enrolled(cloud: CloudProcess, token: string): Promise<Device> {
  const stations = [{ id: 'kitchen', name: 'Kitchen' }];
  const setup = SetupRequest.parse({
    token,
    organisation: { name: 'Bench', currency: 'UGX' },
    branch: { name: 'Bench', zone: 'UTC', dayStartHour: 0, stations },
    owner: {
      name: 'Bench',
      email: `bench-${randomBytes(6).toString('hex')}@bench.example`,
      password: randomBytes(12).toString('hex'),
      pin: '739281',
    },
  });
  const { branchId, ownerId, enrolmentCode } = await setUp(cloud.url, setup);
  const client = createCloudClient({ cloudUrl: cloud.url, clock: systemClock, fetch });
  const key = createDeviceKey();
  const { deviceId, certificate } = await client.send({
    method: 'POST',
    path: '/devices/enrol',
    body: { code: enrolmentCode, name: 'Bench', publicKey: key.key.x },
    answer: EnrolAnswer,
  });
  const tokens = createDeviceTokens(client, { deviceId, certificate, sign: signerOf(key) }, systemClock);
  return new Device(createDeviceClient(client, tokens), { deviceId, branchId, actorId: ownerId });
}

async function main(orderCount: number, rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'chefcloud-bench-'));
  const token = randomBytes(18).toString('base64url');
  const cloud = new CloudProcess(folder, token);
  const floor = await startFloor();
  const results: Measured[] = [];
  try {
    await cloud.start();
    const device = await enrolled(cloud, token);
    await device.push(device.menu());
    const floorClient = createCloudClient({ cloudUrl: `http://127.0.0.1:${floor.port}`, clock: systemClock, fetch });
    const pushToFloor = async (entries: PushEntry[]): Promise<void> => {
      const body = { deviceId: 'x', incarnation: 'x', clockMs: 0, pending: { count: 0, oldestAt: null }, entries };
      await floorClient.send({ method: 'POST', path: '/sync/push', body, answer: PushAnswer });
    };
    const contenders = ['floor', 'cloud, batches', 'cloud, one request an order'];
    for (let round = 0; round < rounds; round += 1) {
      for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
        const isSingle = contender === 'cloud, one request an order';
        const count = isSingle ? Math.ceil(orderCount / 10) : orderCount;
        device.startSeries();
        const orders = Array.from({ length: count }, (_, n) => device.order(n));
        const batches = isSingle ? orders : batchesOf(orders);
        const push = contender === 'floor' ? pushToFloor : (batch: PushEntry[]) => device.push(batch);
        const measured = await drain(contender, batches, count, push);
        results.push(measured);
        print(measured);
      }
    }
  } finally {
    floor.child.kill();
    await cloud.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  summarise(results);
}

function print({ contender, ordersPerSecond, requestP50Ms, requestP99Ms }: Measured): void {
  process.stdout.write(
    `${contender.padEnd(28)} ${ordersPerSecond.toFixed(0).padStart(6)} orders/s, request p50 ${requestP50Ms.toFixed(1)} ms, p99 ${requestP99Ms.toFixed(1)} ms\n`,
  );
}

function summarise(results: readonly Measured[]): void {
  const median = (contender: string): number => {
    const rates = results.filter((each) => each.contender === contender).map((each) => each.ordersPerSecond);
    return rates.sort((a, b) => a - b)[Math.floor(rates.length / 2)] ?? 0;
  };
  const batches = median('cloud, batches');
  const engine = process.env['DATABASE_URL'] === undefined ? 'PGlite' : 'PostgreSQL';
  process.stdout.write(
    `\n${engine}, medians: ${batches.toFixed(0)} orders/s (${(batches * (LINES + 4)).toFixed(0)} commands/s); ` +
      `${(median('floor') / batches).toFixed(2)} of it is the floor's rate; ${(batches / median('cloud, one request an order')).toFixed(1)} times one request an order\n`,
  );
}

const [first = '10000', second = '3'] = process.argv.slice(2);
if (first === 'floor') serveFloor();
else await main(Number(first), Number(second));

/**
 * Taps while a queue drains: a real terminal with 2,000 orders of 8 commands waiting sends them to the real cloud over HTTP and takes their rows
 * in again, and meanwhile somebody taps every 50 ms. A tap's time is counted from the moment at which the finger is lifted, so whatever the
 * terminal does just then is in it.
 * `node bench/tap-in-drain.ts [orders=2000]`; on PGlite, or with DATABASE_URL on that PostgreSQL.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SetupRequest } from '#shared/contract/cloud-wire.ts';
import { setUp } from '../scripts/replay/cloud-client.ts';
import { CloudProcess } from '../scripts/replay/cloud-process.ts';
import { systemClock } from '../src-main/core/system-clock.ts';
import { createTerminal, type Terminal } from '../src-main/core/terminal.ts';

const LINES = 4;
const PRICE_MINOR = 2_500;
const TAP_EVERY_MS = 50;
const TAX = { code: 'vat', ratePpm: 180_000, mode: 'inclusive' } as const;

let serial = 0;

/** Open, four lines, send, pay, close: as one tap after the other. */
function ring(terminal: Terminal, actorId: string): void {
  serial += 1;
  const orderId = `order-${serial}`;
  const lineIds = Array.from({ length: LINES }, (_, line) => `${orderId}.${line}`);
  const calls = [
    { name: 'order.open', input: { orderId, type: 'takeaway' } },
    ...lineIds.map((lineId, line) => ({ name: 'order.addLine', input: lineOf(orderId, lineId, line) })),
    { name: 'order.send', input: { orderId, lineIds } },
    {
      name: 'payment.take',
      input: { orderId, paymentId: `${orderId}.p`, method: 'momo', amountMinor: LINES * PRICE_MINOR, reference: 'MM' },
    },
    { name: 'order.close', input: { orderId } },
  ];
  terminal.execute({ actorId, calls });
}

function lineOf(orderId: string, lineId: string, n: number): Record<string, unknown> {
  return {
    orderId,
    lineId,
    itemId: `item-${n}`,
    name: `Menu item number ${n}`,
    quantity: 1,
    unitPriceMinor: PRICE_MINOR,
    tax: TAX,
    stationId: 'kitchen',
    note: '',
  };
}

/** Taps until `isDone`; each tap opens an order or adds a line to it. Returns the times, ms. */
async function tapUntil(terminal: Terminal, actorId: string, isDone: () => boolean): Promise<number[]> {
  const times: number[] = [];
  serial += 1;
  const orderId = `tapped-${serial}`;
  for (let n = 0; !isDone(); n += 1) {
    const dueMs = performance.now() + TAP_EVERY_MS;
    await new Promise((resolve) => setTimeout(resolve, TAP_EVERY_MS));
    const calls = [{ name: 'order.addLine', input: lineOf(`${orderId}.${n >> 3}`, `${orderId}.${n}`, n % LINES) }];
    if ((n & 7) === 0)
      calls.unshift({ name: 'order.open', input: { orderId: `${orderId}.${n >> 3}`, type: 'takeaway' } });
    terminal.execute({ actorId, calls });
    times.push(performance.now() - dueMs);
  }
  return times.sort((a, b) => a - b);
}

async function main(orders: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'chefcloud-bench-'));
  const token = randomBytes(18).toString('base64url');
  const cloud = new CloudProcess(join(folder, 'cloud'), token);
  const slow: string[] = [];
  const terminal = createTerminal({
    dataDir: join(folder, 'till'),
    clock: systemClock,
    host: 'hub',
    version: '0',
    log: (line) => slow.push(line),
  });
  try {
    await cloud.start();
    const setup = SetupRequest.parse({
      token,
      organisation: { name: 'Bench', currency: 'UGX' },
      branch: { name: 'Bench', zone: 'UTC', dayStartHour: 0, stations: [{ id: 'kitchen', name: 'Kitchen' }] },
      owner: {
        name: 'Bench',
        email: `bench-${randomBytes(6).toString('hex')}@bench.example`,
        password: randomBytes(12).toString('hex'),
        pin: '739281',
      },
    });
    const { ownerId, enrolmentCode } = await setUp(cloud.url, setup);
    await terminal.enrol({ cloudUrl: cloud.url, code: enrolmentCode, deviceName: 'Till' });
    for (let n = 0; n < orders; n += 1) ring(terminal, ownerId);
    let quietTaps = 0;
    const quiet = await tapUntil(terminal, ownerId, () => (quietTaps += 1) > 40);
    say('taps while nothing is sent', quiet);
    const beganMs = performance.now();
    await terminal.start();
    let isDrained = false;
    const busy = await tapUntil(terminal, ownerId, () => {
      const { waiting, unsettled } = terminal.backlog();
      isDrained ||= waiting < 8 && unsettled < 16;
      return isDrained;
    });
    const tookMs = performance.now() - beganMs;
    say('taps while the queue drains', busy);
    process.stdout.write(
      `${orders} orders sent and taken in again at ${((orders / tookMs) * 1000).toFixed(0)} orders/s\n`,
    );
    for (const line of slow.filter((each) => each.includes('took')).slice(-5)) process.stdout.write(`${line}\n`);
  } finally {
    await terminal.close();
    await cloud.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function say(what: string, times: readonly number[]): void {
  const at = (q: number): string => (times[Math.min(times.length - 1, Math.floor(q * times.length))] ?? 0).toFixed(1);
  process.stdout.write(
    `${what}: ${times.length}, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms\n`,
  );
}

await main(Number(process.argv[2] ?? 2_000));

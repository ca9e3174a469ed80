// A till in a process of its own: the real terminal on real files, rung as fast as it goes. It tells the checker before and
// after each `execute` on a pipe, and may be killed at any moment. Orders come on stdin: `sell N`, `wake`, `settle`.
// Usage: node scripts/crash/seller.ts DATA_DIR CLOUD_URL ACTOR_ID SEED
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { CommandCall } from '#shared/contract/bridge.ts';
import { systemClock } from '../../src-main/core/system-clock.ts';
import { createTerminal } from '../../src-main/core/terminal.ts';
import { seededRandom } from '../replay/random.ts';
import { type Effect, ITEMS, PIPE_FD, type SellerMessage, STATION, TAX } from './seller-messages.ts';

const [dataDir = '', cloudUrl = '', actorId = '', seed = '1'] = process.argv.slice(2);
const random = seededRandom(Number(seed));
const below = (limit: number): number => Math.floor(random() * limit);
const terminal = createTerminal({
  dataDir,
  cloudUrl,
  clock: systemClock,
  host: 'hub',
  version: '0.0.0-crash',
  log: (line) => process.stderr.write(`${line}\n`),
});

const LOOK_EVERY_MS = 50;

interface Step {
  call: CommandCall;
  effects: Effect[];
}

let budget = 0;
let executed = 0;
let isSelling = false;

function say(message: SellerMessage): void {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let sent = 0; sent < bytes.length;) {
    try {
      sent += writeSync(PIPE_FD, bytes, sent);
    } catch (error) {
      // The checker is behind: nothing is done before it has been told.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }
}

/** Executes steps in one transaction, between two words to the checker. */
function run(steps: readonly Step[]): void {
  executed += 1;
  say({ said: 'intent', n: executed, effects: steps.flatMap(({ effects }) => effects) });
  const { results, rows } = terminal.execute({ actorId, calls: steps.map(({ call }) => call) });
  const opened = steps.flatMap(({ effects }) => effects).find(({ kind }) => kind === 'open');
  const order = rows.find(({ kind, id }) => kind === 'order' && id === opened?.orderId)?.body as
    { number?: string } | undefined;
  say({
    said: 'confirmed',
    n: executed,
    commandIds: results.map(({ commandId }) => commandId),
    ...(order?.number === undefined ? {} : { number: order.number }),
  });
}

/** A sale: lines, perhaps sent to the kitchen, paid by one or two means, closed, now and then partly refunded. */
function newSale(): Step[] {
  const orderId = randomUUID();
  const steps: Step[] = [
    { call: { name: 'order.open', input: { orderId, type: 'takeaway' } }, effects: [{ kind: 'open', orderId }] },
  ];
  let totalMinor = 0;
  const lineIds: string[] = [];
  for (let count = 1 + below(3); count > 0; count -= 1) {
    const item = ITEMS[below(ITEMS.length)] ?? ITEMS[0];
    const quantity = 1 + below(3);
    const amountMinor = item.unitPriceMinor * quantity;
    const lineId = randomUUID();
    totalMinor += amountMinor;
    lineIds.push(lineId);
    steps.push({
      call: { name: 'order.addLine', input: { orderId, lineId, ...item, quantity, tax: TAX, stationId: STATION } },
      effects: [{ kind: 'line', orderId, id: lineId, amountMinor }],
    });
  }
  if (random() < 0.5) steps.push({ call: { name: 'order.send', input: { orderId, lineIds } }, effects: [] });
  const parts = random() < 0.2 ? [Math.floor(totalMinor / 2), Math.ceil(totalMinor / 2)] : [totalMinor];
  for (const amountMinor of parts) steps.push(payment(orderId, amountMinor));
  steps.push({ call: { name: 'order.close', input: { orderId } }, effects: [{ kind: 'close', orderId }] });
  const paid = steps.flatMap(({ effects }) => effects).find((effect) => effect.kind === 'payment');
  if (random() < 0.1 && paid !== undefined) steps.push(refund(orderId, paid.id, 1 + below(paid.amountMinor)));
  return steps;
}

function payment(orderId: string, amountMinor: number): Step {
  const paymentId = randomUUID();
  const method = (['cash', 'momo', 'card'] as const)[below(3)] ?? 'cash';
  const reference = method === 'momo' ? { reference: paymentId.slice(0, 8) } : {};
  return {
    call: { name: 'payment.take', input: { orderId, paymentId, method, amountMinor, ...reference } },
    effects: [{ kind: 'payment', orderId, id: paymentId, method, amountMinor }],
  };
}

function refund(orderId: string, paymentId: string, amountMinor: number): Step {
  const refundId = randomUUID();
  return {
    call: { name: 'payment.refund', input: { orderId, paymentId, refundId, amountMinor, reason: 'Cold' } },
    effects: [{ kind: 'refund', orderId, id: refundId, paymentId, amountMinor }],
  };
}

async function sell(): Promise<void> {
  if (isSelling) return;
  isSelling = true;
  for (; budget > 0; budget -= 1) {
    const steps = newSale();
    // Half of the sales in one transaction, half tap by tap.
    if (random() < 0.5) run(steps);
    else for (const step of steps) run([step]);
    // The replicator lives in this thread too: after each sale it has its turn.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  isSelling = false;
}

function openShift(): void {
  const { deviceId } = terminal.info();
  if (terminal.list('shift').some((shift) => shift.deviceId === deviceId && shift.status === 'open')) return;
  terminal.execute({ actorId, calls: [{ name: 'shift.open', input: { shiftId: randomUUID(), floatMinor: 0 } }] });
}

/** Rows of other tills come when they come. */
function catchUp(orders: number, closed: number): void {
  const all = terminal.list('order');
  if (all.length >= orders && all.filter(({ status }) => status === 'closed').length >= closed)
    say({ said: 'caught-up' });
  else setTimeout(() => catchUp(orders, closed), LOOK_EVERY_MS);
}

const orders = createInterface({ input: process.stdin });
orders.on('line', (line) => {
  const [word, number, closed] = line.split(' ');
  if (word === 'sell') {
    budget += Number(number);
    void sell();
  } else if (word === 'wake') terminal.wake();
  else if (word === 'catch-up') catchUp(Number(number), Number(closed));
  else if (word === 'settle') void terminal.whenSettled().then(() => say({ said: 'settled' }));
});
// The checker is gone.
orders.on('close', () => process.exit(0));

await terminal.start();
// A terminal that was put back without a backup gets its people from the cloud.
while (terminal.find('staff', actorId) === undefined) {
  await new Promise((resolve) => {
    setTimeout(resolve, LOOK_EVERY_MS);
  });
}
openShift();
say({ said: 'ready' });

// One command through the whole local path, durable: validate, rights, execute, rows, outbox, audit, one transaction with
// synchronous=FULL. `node bench/commit.ts [commands]`. Beside it, in the same run and on the same disk, the floor: append 1 KiB
// and fdatasync. What counts is the ratio; disks and neighbours differ.
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { put } from '#shared/domain/entity.ts';
import { silentLog } from '#shared/kernel/log.ts';
import { systemClock } from '../src-main/core/system-clock.ts';
import { createCommandRunner } from '../src-main/core/run-commands.ts';
import { Enrolment } from '../src-main/core/enrolment.ts';
import { openStore } from '../src-main/store/store.ts';

const wanted = Number(process.argv[2] ?? 24_000);
const folder = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'chefcloud-bench-'));

const enrolment = Enrolment.parse({
  cloudUrl: 'http://127.0.0.1:1',
  deviceId: 'device',
  deviceCode: 'T1',
  deviceName: 'Bench',
  organisation: { id: 'org', name: 'Org', currency: 'USD' },
  branch: {
    id: 'branch',
    name: 'Branch',
    zone: 'Africa/Kampala',
    dayStartHour: 4,
    stations: [{ id: 'grill', name: 'Grill' }],
  },
  firstIncarnation: 'bench00000',
});
const person = { id: 'cashier', name: 'Cashier', level: 'L3', branchIds: ['branch'], isActive: true };

interface Figures {
  perSecond: number;
  /** User and system; unlike the wall clock it hardly knows what else the machine does. */
  cpuUs: number;
  p50Ms: number;
  p99Ms: number;
}

function measure(count: number, work: (index: number) => void): Figures {
  const taken = new Float64Array(count);
  const cpu = process.cpuUsage();
  const began = performance.now();
  for (let index = 0; index < count; index += 1) {
    const at = performance.now();
    work(index);
    taken[index] = performance.now() - at;
  }
  const elapsed = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  taken.sort();
  const at = (share: number): number => taken[Math.min(count - 1, Math.floor(count * share))] ?? 0;
  return {
    perSecond: Math.round((count / elapsed) * 1000),
    cpuUs: (user + system) / count,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

function floor(count: number): Figures {
  const handle = openSync(join(folder, 'floor'), 'a');
  const block = Buffer.alloc(1024, 65);
  const figures = measure(count, () => {
    writeSync(handle, block);
    fdatasyncSync(handle);
  });
  closeSync(handle);
  return figures;
}

/** Eight commands: open, four lines, send, pay, close. */
function sale(index: number): { name: string; input: Record<string, unknown> }[] {
  const orderId = `order-${index}`;
  const lineIds = [0, 1, 2, 3].map((line) => `${orderId}-${line}`);
  const tax = { code: 'VAT', ratePpm: 180_000, mode: 'inclusive' };
  const lines = lineIds.map((lineId, line) => ({
    name: 'order.addLine',
    input: {
      orderId,
      lineId,
      itemId: `item-${line}`,
      name: `Item ${line}`,
      quantity: 1,
      unitPriceMinor: 1_500,
      tax,
      stationId: 'grill',
    },
  }));
  return [
    { name: 'order.open', input: { orderId, type: 'takeaway' } },
    ...lines,
    { name: 'order.send', input: { orderId, lineIds } },
    {
      name: 'payment.take',
      input: {
        orderId,
        paymentId: `${orderId}-p`,
        method: 'cash',
        amountMinor: 6_000,
        tenderedMinor: 10_000,
        changeMinor: 4_000,
      },
    },
    { name: 'order.close', input: { orderId } },
  ];
}

const store = openStore(folder, silentLog);
store.write(() => {
  store.outbox.startIncarnation('bench00000', 1, new Date(systemClock.now()).toISOString());
  store.entities.saveView(put('staff', person as never), undefined);
});
const runner = createCommandRunner(store, systemClock, enrolment);
const sales = Array.from({ length: Math.ceil(wanted / 8) + 250 }, (_, index) => sale(index)).flat();
const warmUp = 2_000;
const run = (index: number): void => {
  const call = sales[index];
  if (call !== undefined) runner.run({ actorId: 'cashier', calls: [call] });
};
for (let index = 0; index < warmUp; index += 1) run(index);

const rounds = 3;
const each = Math.floor(wanted / rounds);
const results: { floor: Figures; command: Figures }[] = [];
for (let round = 0; round < rounds; round += 1) {
  const before = floor(4_000);
  const command = measure(each, (index) => run(warmUp + round * each + index));
  store.checkpoints.run();
  results.push({ floor: before, command });
}
const middle = <T>(list: T[], key: (item: T) => number): T =>
  list.toSorted((a, b) => key(a) - key(b))[Math.floor(list.length / 2)] as T;
const command = middle(
  results.map((each_) => each_.command),
  (figures) => figures.perSecond,
);
const bottom = middle(
  results.map((each_) => each_.floor),
  (figures) => figures.perSecond,
);
const show = ({ perSecond, cpuUs, p50Ms, p99Ms }: Figures): string =>
  `${perSecond}/s  p50 ${p50Ms.toFixed(3)} ms  p99 ${p99Ms.toFixed(3)} ms  CPU ${cpuUs.toFixed(0)} µs`;
console.log(`append 1 KiB + fdatasync  ${show(bottom)}`);
console.log(
  `command, durable          ${show(command)}  = ${(bottom.perSecond / command.perSecond).toFixed(2)} × the floor's time; ${Math.round(command.perSecond / 8)} sales of eight commands/s`,
);
store.close();
rmSync(folder, { recursive: true, force: true });

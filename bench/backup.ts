// A backup while people sell: `node bench/backup.ts [orders]`. Builds a terminal's database of so many closed orders (100 MB by default), opens it as a
// start does, then sells without a pause while backups are made. What counts is the longest tap, and the longest time for which
// the thread that serves taps was held up, beside the same without a backup.
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { put } from '#shared/domain/entity.ts';
import { silentLog } from '#shared/kernel/log.ts';
import { systemClock } from '../src-main/core/system-clock.ts';
import { startBackups } from '../src-main/store/backups.ts';
import { startMirror } from '../src-main/store/mirror.ts';
import { openHealedStore } from '../src-main/store/open-healed-store.ts';
import { openStore } from '../src-main/store/store.ts';

const orders = Number(process.argv[2] ?? 42_000);
const folder = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'chefcloud-bench-'));
const second = join(folder, 'second');
mkdirSync(second);
const at = '2026-03-02T12:00:00.000Z';
const lines = Array.from({ length: 4 }, (_, line) => ({
  id: `line-${line}`,
  itemId: `item-${line}`,
  name: `Item ${line}`,
  quantity: 1,
  unitPriceMinor: 1_500,
  tax: { code: 'VAT', ratePpm: 180_000, mode: 'inclusive' },
  stationId: 'grill',
  note: 'as it comes, with everything that belongs to it',
}));

function build(): void {
  const store = openStore(folder, silentLog);
  const entity = store.db.prepare(
    `INSERT INTO entity (kind, id, body, base_seq, day) VALUES ('order', ?, ?, 1, '2026-03-02')`,
  );
  const outbox = store.db.prepare(
    `INSERT INTO outbox (pos, status, settled, incarnation, seq, lamport, device_id, id, endpoint, method, idempotency_key, created_at, acked_at, body, body_sum)
     VALUES (?, 'SUCCESS', 1, 'bench00000', ?, ?, 'device', ?, 'POST /pos/orders', 'POST', ?, ?, ?, ?, ?)`,
  );
  store.write(() => {
    store.meta.save('enrolment', JSON.stringify({ organisation: { id: 'org' } }));
    store.outbox.startIncarnation('bench00000', 1, at);
  });
  for (let from = 0; from < orders; from += 1_000) {
    store.write(() => {
      for (let n = from; n < Math.min(orders, from + 1_000); n += 1) {
        const id = `order-${n}`;
        entity.run(id, JSON.stringify({ id, number: `T1-${n}`, status: 'closed', lines, payments: [], openedAt: at }));
        const body = JSON.stringify({ id, name: 'order.open', version: 1, at, input: { id, lines } });
        outbox.run(n + 1, n + 1, n + 1, id, id, at, at, body, crc32(body));
      }
    });
    store.checkpoints.run();
  }
  store.write(() => store.db.exec(`UPDATE outbox_mark SET acked_pos = ${orders}, settled_pos = ${orders}`));
  store.close();
}

build();
const bytes = statSync(join(folder, 'terminal.db')).size;
const options = { dataDir: folder, copiesFolder: second, nowMs: systemClock.now(), log: silentLog };
const began = performance.now();
const store = openHealedStore(options);
const openedMs = performance.now() - began;
console.log(
  `${orders} orders, ${(bytes / 1e6).toFixed(0)} MB: opened, checked and compared with its mirrors in ${openedMs.toFixed(0)} ms`,
);

let sold = 0;
/** Taps until `work` has ended, at least for five seconds. */
async function sell(work: Promise<unknown>): Promise<string> {
  let isDone = false;
  void work.then(() => {
    isDone = true;
  });
  const start = performance.now();
  const taps: number[] = [];
  let longestHeldMs = 0;
  while (!isDone || performance.now() - start < 5_000) {
    const tap = performance.now();
    store.write(() => {
      sold += 1;
      const table = put('table', {
        id: `t${sold % 50}`,
        branchId: 'b',
        name: 'T',
        area: 'x',
        seats: sold,
        isRemoved: false,
      } as never);
      store.entities.saveView(table, undefined);
    });
    const tapped = performance.now();
    taps.push(tapped - tap);
    await nextTurn();
    longestHeldMs = Math.max(longestHeldMs, performance.now() - tapped);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  taps.sort((a, b) => a - b);
  const share = (part: number): string => (taps[Math.floor((taps.length - 1) * part)] ?? 0).toFixed(1);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  return `${taps.length} taps in ${seconds} s: p50 ${share(0.5)} ms, p99 ${share(0.99)} ms, longest ${share(1)} ms; thread held up ${longestHeldMs.toFixed(1)} ms at most`;
}

const mirror = startMirror({
  store,
  folders: [join(folder, 'mirror')],
  clock: systemClock,
  log: silentLog,
  onProblem: () => {},
});
const problems: string[] = [];
const backups = startBackups({
  store,
  dataDir: folder,
  copiesFolder: () => Promise.resolve(second),
  clock: systemClock,
  log: (line) => problems.push(line),
  onProblem: (_place, error) =>
    error !== undefined && problems.push(error instanceof Error ? error.message : 'a copy failed'),
  onDamage: (problem) => problems.push(problem),
});
console.log(`without a backup   ${await sell(Promise.resolve())}`);
console.log(`while backups run  ${await sell(backups.run())}`);
if (problems.length > 0) console.log(problems.join('\n'));
await backups.stop();
await mirror.close();
store.close();
rmSync(folder, { recursive: true, force: true });

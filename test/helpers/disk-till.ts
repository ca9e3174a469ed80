// A terminal on a small disk of its own, offline, and what becomes of it when the disk is full or read-only. Prints what it saw as JSON.
// Usage (small-disk.ts): node test/helpers/disk-till.ts DISK PREPARED_FOLDER
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src-main/core/system-clock.ts';
import { createTerminal, type Terminal } from '../../src-main/core/terminal.ts';

const [disk = '', prepared = ''] = process.argv.slice(2);
const dataDir = join(disk, 'till');
const ballast = join(disk, 'somebody-elses-film.mp4');
const LEFT_BYTES = 400_000;

interface Said {
  code: string;
  message: string;
}
interface Held {
  /** Receipt numbers in order. */
  numbers: string[];
  /** Whether every order is whole: a line, its payment, closed. */
  isWhole: boolean;
  cardMinor: number;
}

const open = (): Terminal =>
  createTerminal({
    dataDir,
    clock: systemClock,
    host: 'hub',
    version: '0.0.0',
    log: () => undefined,
    fetch: () => Promise.reject(new TypeError('offline')),
  });

let sold = 0;
function sell(terminal: Terminal): void {
  const orderId = `disk-${sold + 1}`;
  const line = { lineId: 'l1', itemId: 'burger', name: 'Burger', quantity: 1, unitPriceMinor: 1_295 };
  const tax = { code: 'vat', ratePpm: 180_000, mode: 'inclusive' };
  const calls = [
    { name: 'order.open', input: { orderId, type: 'takeaway' } },
    { name: 'order.addLine', input: { orderId, ...line, tax, stationId: 'grill', note: 'x'.repeat(150) } },
    { name: 'payment.take', input: { orderId, paymentId: `${orderId}-p`, method: 'card', amountMinor: 1_295 } },
    { name: 'order.close', input: { orderId } },
  ];
  terminal.execute({ actorId: 'staff-L5', calls });
  sold += 1;
}

function said(work: () => unknown): Said {
  try {
    work();
    return { code: 'nothing', message: '' };
  } catch (error) {
    const { code = 'none', message } = error as Error & { code?: string };
    return { code, message };
  }
}

function held(terminal: Terminal): Held {
  const orders = terminal.list('order').filter(({ id }) => id.startsWith('disk-'));
  return {
    numbers: orders.map(({ number }) => number).sort(),
    isWhole: orders.every(
      ({ status, lines, payments }) => status === 'closed' && lines.length === 1 && payments.length === 1,
    ),
    cardMinor: terminal.dayTotals().reduce((sum, day) => sum + day.cardMinor, 0),
  };
}

function fillUpTo(leftBytes: number): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - leftBytes), 1));
}

function sellUntilRefused(terminal: Terminal): Said {
  for (let tries = 0; tries < 5_000; tries += 1) {
    const word = said(() => sell(terminal));
    if (word.code !== 'nothing') return word;
  }
  return { code: 'never', message: '' };
}

cpSync(prepared, dataDir, { recursive: true });
let terminal = open();
sell(terminal);
fillUpTo(LEFT_BYTES);
const refusal = sellUntilRefused(terminal);
const soldWhenFull = sold;
const again = said(() => sell(terminal));
const whenFull = held(terminal);
rmSync(ballast);
for (let n = 0; n < 5; n += 1) sell(terminal);
const withRoom = held(terminal);

// The last byte of the disk is gone while the terminal is not running.
await terminal.close();
fillUpTo(0);
const startOnFull = said(() => {
  terminal = open();
});
if (startOnFull.code === 'nothing') await terminal.close();
rmSync(ballast);

execFileSync('mount', ['-o', 'remount,ro', disk]);
const startOnReadOnly = said(open);
execFileSync('mount', ['-o', 'remount,rw', disk]);
terminal = open();
sell(terminal);
const atLast = held(terminal);
await terminal.close();
const soldAtLast = sold;

process.stdout.write(
  `${JSON.stringify({ refusal, again, soldWhenFull, whenFull, withRoom, startOnFull, startOnReadOnly, atLast, soldAtLast })}\n`,
);

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { silentLog } from '#shared/kernel/log.ts';
import { seededRandom } from '../../scripts/replay/random.ts';
import { systemClock } from '../../src-main/core/system-clock.ts';
import { createTerminal } from '../../src-main/core/terminal.ts';
import { openStore, type Store } from '../../src-main/store/store.ts';
import { onSmallDisk, smallDiskProblem } from '../helpers/small-disk.ts';
import { testFolder, TestTerminal } from '../helpers/test-terminal.ts';

const random = seededRandom(20_260_302);
const below = (limit: number): number => Math.floor(random() * limit);

/** One commit of two rows that belong together. */
function commit(store: Store, n: number): void {
  store.write(() => {
    const insert = store.db.prepare('INSERT INTO entity (kind, id, body) VALUES (?, ?, ?)');
    for (const kind of ['left', 'right']) insert.run(kind, String(n), 'x'.repeat(below(3_000)));
  });
}
const committed = (store: Store, kind: string): string[] =>
  store.db
    .prepare<[string], string>('SELECT id FROM entity WHERE kind = ? ORDER BY cast(id AS INTEGER)')
    .pluck()
    .all(kind);

/** A store that was killed after thirty commits: its two files, and how long the log was after each commit. */
function killedStore(): { copyTo(folder: string): string; logBytes: number[] } {
  const folder = testFolder();
  // Its tables are in the database file already; the log is new.
  openStore(folder, silentLog).close();
  const store = openStore(folder, silentLog);
  const log = join(folder, 'terminal.db-wal');
  const logBytes = Array.from({ length: 30 }, (_, n) => {
    commit(store, n);
    return statSync(log).size;
  });
  const files = new Map(
    ['terminal.db', 'terminal.db-wal'].map((name) => [name, readFileSync(join(folder, name))] as const),
  );
  store.close();
  return {
    copyTo: (target) => {
      mkdirSync(target, { recursive: true });
      for (const [name, bytes] of files) writeFileSync(join(target, name), bytes);
      return join(target, 'terminal.db-wal');
    },
    logBytes,
  };
}

describe('the log of a terminal that was killed', () => {
  test('cut anywhere, has every commit before the cut, and none by half', () => {
    const { copyTo, logBytes } = killedStore();
    const whole = logBytes.at(-1) ?? 0;
    const cuts = [0, 1, 31, 32, 33, whole - 1, whole, ...logBytes, ...Array.from({ length: 60 }, () => below(whole))];
    const folder = testFolder();
    for (const [n, cut] of cuts.entries()) {
      truncateSync(copyTo(join(folder, String(n))), cut);
      const store = openStore(join(folder, String(n)), silentLog);
      const expected = logBytes.flatMap((end, index) => (end <= cut ? [String(index)] : []));
      expect({ cut, ids: committed(store, 'left') }).toEqual({ cut, ids: expected });
      expect(committed(store, 'right')).toEqual(expected);
      commit(store, 1_000);
      expect(committed(store, 'right')).toEqual([...expected, '1000']);
      store.close();
    }
  });

  test('with a bit turned anywhere, has every commit before that, and none that was spoiled', () => {
    const { copyTo, logBytes } = killedStore();
    const folder = testFolder();
    for (let n = 0; n < 60; n += 1) {
      const log = copyTo(join(folder, String(n)));
      const bytes = readFileSync(log);
      const at = below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
      writeFileSync(log, bytes);
      const store = openStore(join(folder, String(n)), silentLog);
      const ids = committed(store, 'left');
      const before = logBytes.flatMap((end, index) => (end <= at ? [String(index)] : []));
      expect({ at, ids }).toEqual({ at, ids: before });
      expect(committed(store, 'right')).toEqual(before);
      store.close();
    }
  });
});

describe('a bit that turned inside what was written', () => {
  /** Every place in the bytes where the text stands. */
  const placesOf = (bytes: Buffer, text: string): number[] => {
    const places: number[] = [];
    for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + 1)) places.push(at);
    return places;
  };

  test('is found at the start and never shown: a price, a right, an amount of the day; and it comes back right', async () => {
    const till = await TestTerminal.create();
    for (let n = 0; n < 3; n += 1) till.pay(till.openOrder());
    await till.pass(5_000);
    const shown = (): unknown => ({
      orders: till.terminal.list('order').toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      staff: till.terminal.list('staff').toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      days: till.terminal.dayTotals(),
    });
    const right = shown();
    await till.terminal.close();
    const whole = testFolder();
    cpSync(till.dataDir, whole, { recursive: true });
    const bytes = readFileSync(join(whole, 'terminal.db'));
    const prices = placesOf(bytes, '"unitPriceMinor":1295').map((at) => at + '"unitPriceMinor":12'.length);
    const rights = placesOf(bytes, '"level":"L2"').map((at) => at + '"level":"L'.length);
    // 1,295 as the two bytes of an amount, behind the day that it belongs to.
    const sums = placesOf(bytes, '2026-03-02').flatMap((at) => {
      const amount = bytes.indexOf(Buffer.from([0x05, 0x0f]), at);
      return amount !== -1 && amount - at < 16 ? [amount + 1] : [];
    });
    expect([prices.length >= 3, rights.length >= 1, sums.length >= 3]).toEqual([true, true, true]);
    let found = 0;
    for (const at of [...prices, ...rights, ...sums]) {
      rmSync(till.dataDir, { recursive: true });
      cpSync(whole, till.dataDir, { recursive: true });
      const spoiled = Buffer.from(bytes);
      spoiled[at] = (spoiled[at] ?? 0) ^ 1;
      writeFileSync(join(till.dataDir, 'terminal.db'), spoiled);
      till.log.length = 0;
      await till.reopen();
      if (till.log.join('\n').includes('the data file is damaged')) found += 1;
      await till.pass(5_000);
      expect({ at, shown: shown() }).toEqual({ at, shown: right });
      await till.terminal.close();
    }
    // Others are those of commands that are done with, or of pages that are free again: nobody is shown them.
    expect(found).toBeGreaterThanOrEqual(3 + 1 + 3);
  });
});

const disks = smallDiskProblem === undefined ? ['a real file system of 6 MB'] : [];
if (smallDiskProblem !== undefined) {
  if (process.env['CI'] === 'true') throw new Error(`not run: ${smallDiskProblem}. With CI=true that is an error.`);
  console.error(`\n*** not run: ${smallDiskProblem}; full and read-only disks are left out ***\n`);
}

interface Held {
  numbers: string[];
  isWhole: boolean;
  cardMinor: number;
}
interface Seen {
  refusal: { code: string; message: string };
  again: { code: string };
  soldWhenFull: number;
  whenFull: Held;
  withRoom: Held;
  startOnFull: { code: string };
  startOnReadOnly: { code: string; message: string };
  atLast: Held;
  soldAtLast: number;
}

describe('a disk that takes nothing more', () => {
  test('this machine can mount one, or it was said that it cannot', () => {
    expect(disks.length === 1 || smallDiskProblem !== undefined).toBe(true);
  });

  test.each(disks)('%s, full and then read-only: a clear word, nothing by half, and selling goes on', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    await till.terminal.close();
    const seen = (await onSmallDisk('test/helpers/disk-till.ts', testFolder(), 6, [till.dataDir])) as Seen;

    expect(seen.refusal.code).toBe('store/full');
    expect(seen.refusal.message).toMatch(/disk is full.*Nothing was lost/);
    expect(seen.again.code).toBe('store/full');
    expect(seen.soldWhenFull).toBeGreaterThan(5);
    const isRight = ({ numbers, isWhole, cardMinor }: Held, sold: number): void => {
      expect(isWhole).toBe(true);
      expect(cardMinor).toBe(sold * 1_295);
      // The prepared folder was copied onto the disk: a copy goes on under a series of its own.
      const [series] = numbers[0]?.split('-') ?? [];
      expect(numbers).toEqual(Array.from({ length: sold }, (_, n) => `${series}-${String(n + 1).padStart(4, '0')}`));
    };
    isRight(seen.whenFull, seen.soldWhenFull);
    isRight(seen.withRoom, seen.soldWhenFull + 5);
    expect(['nothing', 'store/full']).toContain(seen.startOnFull.code);
    expect(seen.startOnReadOnly.code).toBe('store/not-writable');
    expect(seen.startOnReadOnly.message).toMatch(/cannot be written/);
    expect(seen.soldAtLast).toBe(seen.soldWhenFull + 6);
    isRight(seen.atLast, seen.soldAtLast);
  });
});

describe('a second instance on the same folder', () => {
  test('is refused in plain words, also as a process of its own, and the first sells on unharmed', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    till.openOrder();
    const options = { dataDir: till.dataDir, clock: systemClock, host: 'hub', version: '0', log: silentLog } as const;
    expect(() => createTerminal(options)).toThrow(/already running on this data folder/);
    const hub = ['src-main/hub/main.ts', '--data', till.dataDir, '--port', '0'];
    const { status, stderr } = spawnSync(process.execPath, hub, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/already running on this data/) });
    const orderId = till.openOrder();
    till.pay(orderId);
    await till.reopen(false);
    expect(till.terminal.list('order').map(({ number }) => number)).toEqual(['T1-0001', 'T1-0002']);
    expect(till.terminal.find('order', orderId)?.payments).toHaveLength(1);
  });
});

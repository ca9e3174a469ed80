import {
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { silentLog } from '#shared/kernel/log.ts';
import { openStore } from '../../src-main/store/store.ts';
import { testFolder, type TestTerminal } from './test-terminal.ts';

// Real files and threads, on a machine that may be busy with other things.
export const SOON = { timeout: 15_000 };
export const fileOf = (till: TestTerminal): string => join(till.dataDir, 'terminal.db');
export const asides = (till: TestTerminal): string[] =>
  readdirSync(till.dataDir).filter((name) => name.startsWith('damaged-'));
export const warningOf = (till: TestTerminal): string => till.terminal.status().warnings?.[0]?.text ?? '';
export const numbers = (till: TestTerminal): string[] =>
  till.terminal
    .list('order')
    .map((order) => order.number)
    .sort();
export const outbox = (
  dataDir: string,
): { pos: number; incarnation: string; seq: number; id: string; body: string }[] => {
  const store = openStore(dataDir, silentLog);
  const rows = store.db.prepare('SELECT pos, incarnation, seq, id, body FROM outbox ORDER BY pos').all();
  store.close();
  return rows as ReturnType<typeof outbox>;
};
/** Puts other bytes into a file that stays the same file. */
export const overwrite = (path: string, from: string): void => writeFileSync(path, readFileSync(from), { flag: 'r+' });
export const flip = (path: string, offset: number, bit = 3): void => {
  const bytes = readFileSync(path);
  bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit);
  writeFileSync(path, bytes);
};
export const breakHeader = (till: TestTerminal): void => {
  const bytes = readFileSync(fileOf(till));
  bytes.fill(0x55, 0, 200);
  writeFileSync(fileOf(till), bytes);
};
/** A backup as the terminal makes it by itself. */
export const backUp = async (till: TestTerminal): Promise<void> => {
  await till.pass(61_000);
  await expect
    .poll(() => existsSync(join(till.dataDir, 'backups')) && readdirSync(join(till.dataDir, 'backups')), SOON)
    .toEqual(expect.arrayContaining([expect.stringMatching(/^terminal-\d+-\d+\.db$/)]));
};
/** Everything that was ever confirmed reaches the cloud, once, in series without a gap. */
export const expectAllInCloud = async (till: TestTerminal, orders: readonly string[]): Promise<void> => {
  till.cloud.isDown = false;
  await till.terminal.start();
  for (let turn = 0; turn < 8; turn += 1) await till.pass(70_000);
  expect(till.terminal.backlog()).toEqual({ waiting: 0, unsettled: 0 });
  expect(
    till.cloud
      .list('order')
      .map((order) => order.id)
      .sort(),
  ).toEqual([...orders].sort());
  for (const order of till.cloud.list('order')) {
    expect(order.lines).toHaveLength(1);
    expect(till.terminal.find('order', order.id)).toEqual(order);
  }
  const all = till.cloud.list('order').map((order) => order.number);
  expect(new Set(all).size).toBe(all.length);
};

function overwriteOrMake(path: string, from: string): void {
  if (existsSync(path)) {
    truncateSync(path, 0);
    overwrite(path, from);
  } else copyFileSync(from, path);
}

/** The process dies now: its files are as they are on the disk at this moment, and the same files. */
export async function crash(till: TestTerminal): Promise<void> {
  const crashed = testFolder();
  cpSync(till.dataDir, crashed, { recursive: true });
  await till.terminal.close();
  for (const name of readdirSync(crashed)) {
    if (name.startsWith('terminal.db')) overwriteOrMake(join(till.dataDir, name), join(crashed, name));
  }
  rmSync(join(till.dataDir, 'mirror'), { recursive: true });
  cpSync(join(crashed, 'mirror'), join(till.dataDir, 'mirror'), { recursive: true });
}

export function cutLog(till: TestTerminal, how: 'torn' | 'gone'): void {
  const log = join(till.dataDir, 'terminal.db-wal');
  if (how === 'gone') rmSync(log);
  else truncateSync(log, readFileSync(log).length - 5_000);
}

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { EnrolmentCodeAnswer, LoginAnswer, SetupAnswer } from '#shared/contract/cloud-wire.ts';
import { CloudProcess } from '../../scripts/replay/cloud-process.ts';
import type { ReplayResult } from '../../scripts/replay/result.ts';

// The tool as a user starts it: real processes, real files, the real terminal and the real cloud.
const root = join(import.meta.dirname, '..', '..');
// Seconds each on a machine that is free; several processes and databases start in each of them.
const PATIENCE_MS = 600_000;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'replay-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Starts the tool; its temporary folders lie in a folder of its own, so that what is left behind is seen. */
function start(args: string[]) {
  const temp = mkdtempSync(join(folder, 'tmp-'));
  const child = spawn(process.execPath, [join(root, 'scripts', 'replay', 'main.ts'), ...args], {
    env: { ...process.env, TMPDIR: temp, DATABASE_URL: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
  const heard: { text: string; resolve: () => void }[] = [];
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString();
    for (const wait of heard) if (stderr.includes(wait.text)) wait.resolve();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  const says = (text: string): Promise<void> =>
    new Promise((resolve) => {
      heard.push({ text, resolve });
      if (stderr.includes(text)) resolve();
    });
  return { child, ended, temp, says };
}

async function replay(args: string[]): Promise<Ended & { result: ReplayResult | undefined }> {
  const { ended, temp } = start(args);
  const { code, stdout, stderr } = await ended;
  expect(readdirSync(temp).filter((name) => name.startsWith('chefcloud-replay'))).toEqual([]);
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  return { code, stdout, stderr, result: last.startsWith('{') ? (JSON.parse(last) as ReplayResult) : undefined };
}

const MENU = [
  'menu_item_id,item_name,category,price',
  '101,Hamburger,American,12.95',
  '102,"Chips, salsa",Mexican,7.00',
  '103,Edamame,Asian,5.10',
  '104,Tap water,Asian,0.00',
  '105,Broken,Asian,about five',
];

/** Orders of the given numbers over three days, in both styles of dates, with a quantity column; some lines are bad. */
function ordersFile(count: number): string[] {
  const lines = ['order_details_id,order_id,quantity,order_date,order_time,item_id'];
  const days = ['2023-01-31', '2/1/23', '2023-02-28'];
  for (let number = 1; number <= count; number += 1) {
    const day = days[number % days.length];
    for (let n = 0; n <= number % 4; n += 1) {
      lines.push(
        `${lines.length},${number},${1 + ((number * 7 + n) % 5)},${day},${1 + (number % 11)}:0${n}:30 PM,${101 + ((number + n) % 3)}`,
      );
    }
  }
  // Nothing to pay; and an order that begins again further down.
  lines.push(`x,${count + 1},2,2/1/23,12:00:00 AM,104`, `x,1,1,2/1/23,2:00:30 PM,102`);
  lines.push(
    `x,2,0,2023-01-31,1:00:00 PM,101`,
    `x,2,1,2023-01-31,1:00:00 PM,105`,
    `x,,1,2023-01-31,1:00:00 PM,101`,
    `x,2,1,soon,1:00:00 PM,101`,
  );
  return lines;
}

/** What the files hold, worked out here once more, from csv-parse and plain numbers. */
function oracle(orders: string[]) {
  const menu = new Map(
    parse<Record<string, string>>(MENU.join('\n'), { columns: true })
      .filter((item) => /^[\d.]+$/.test(item['price'] ?? ''))
      .map((item) => [item['menu_item_id'], Math.round(Number(item['price']) * 100)]),
  );
  const days: ReplayResult['days'] = {};
  const dayOfOrder = new Map<string, string>();
  let lines = 0;
  for (const row of parse<Record<string, string>>(orders.join('\n'), { columns: true })) {
    const { order_id: id = '', quantity = '', order_date: date = '', item_id: item } = row;
    const price = menu.get(item);
    const iso = date.includes('/')
      ? date.replace(
          /(\d+)\/(\d+)\/(\d+)/,
          (_all, m: string, d: string, y: string) => `20${y}-${m.padStart(2, '0')}-${d.padStart(2, '0')}`,
        )
      : date;
    if (id === '' || price === undefined || !(Number(quantity) >= 1) || !/^\d{4}-/.test(iso)) continue;
    lines += 1;
    const isNew = !dayOfOrder.has(id);
    if (isNew) dayOfOrder.set(id, iso);
    const day = (days[dayOfOrder.get(id) ?? ''] ??= { orders: 0, revenueMinor: 0, cashMinor: 0, momoMinor: 0 });
    if (isNew) day.orders += 1;
    day.revenueMinor += price * Number(quantity);
    day[Number(id) % 2 === 1 ? 'cashMinor' : 'momoMinor'] += price * Number(quantity);
  }
  const revenueMinor = Object.values(days).reduce((sum, day) => sum + day.revenueMinor, 0);
  return { orders: dayOfOrder.size, lines, revenueMinor, days };
}

function files(count: number): string[] {
  const menu = join(folder, 'menu_items.csv');
  const orders = join(folder, `orders-${count}.csv`);
  writeFileSync(menu, `\uFEFF${MENU.join('\r\n')}\r\n`);
  writeFileSync(orders, `\uFEFF${ordersFile(count).join('\r\n')}\r\n`);
  return ['--menu', menu, '--orders', orders];
}

describe('a recorded file, rung up', { timeout: PATIENCE_MS }, () => {
  test('files, terminal and cloud agree; what cannot be used is listed', async () => {
    const rejects = join(folder, 'rejects.csv');
    const { code, result, stderr } = await replay([...files(40), '--rejects', rejects]);
    const wanted = oracle(ordersFile(40));
    expect(stderr).toContain('agree');
    expect(result).toMatchObject({
      ...wanted,
      skippedLines: 5,
      outbox: { pending: 0, rejected: 0 },
      terminal: { orders: wanted.orders, revenueMinor: wanted.revenueMinor },
      cloud: { orders: wanted.orders, revenueMinor: wanted.revenueMinor, days: wanted.days },
      equal: true,
      faults: { cuts: 0, kills: 0 },
    });
    // Open, send and close for each; a payment for all but the one without a price; a line each; and the set-up.
    expect(result?.commands).toBeGreaterThanOrEqual(wanted.orders * 4 - 1 + wanted.lines);
    expect(code).toBe(0);
    const listed = parse<Record<string, string>>(readFileSync(rejects, 'utf8'), { columns: true });
    expect(listed.map(({ file, reason }) => `${file}: ${reason}`)).toEqual([
      'menu_items.csv: price: "about five" is not an amount. Write it like 12.50',
      expect.stringContaining('orders-40.csv: quantity "0" is not a whole number'),
      'orders-40.csv: item 105 is not on the menu',
      'orders-40.csv: order_id is missing',
      expect.stringContaining('orders-40.csv: order_date "soon" is not a date'),
    ]);
  });

  test('with the line cut and the cloud killed at random, the same', async () => {
    const json = join(folder, 'result.json');
    const { code, stdout, stderr } = await replay([...files(60), '--faults', '1', '--json', json]);
    const result = JSON.parse(readFileSync(json, 'utf8')) as ReplayResult;
    expect(stdout).not.toContain('{');
    expect(result).toMatchObject({ ...oracle(ordersFile(60)), equal: true, outbox: { pending: 0, rejected: 0 } });
    expect(result.faults.kills).toBeGreaterThanOrEqual(3);
    expect(result.faults.cuts).toBeGreaterThanOrEqual(8);
    expect(stderr.match(/kill -9 of the cloud/g)).toHaveLength(result.faults.kills);
    expect(stderr.match(/: cut: /g)).toHaveLength(result.faults.cuts);
    expect(code).toBe(0);
  });

  test('stopped in the middle, nothing stays behind', async () => {
    const { child, ended, temp, says } = start(['--faults', '2']);
    await says('kill -9 of the cloud');
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
    expect(readdirSync(temp)).toEqual([]);
  });
});

describe('input that cannot be used ends with 2 and writes nothing', { timeout: PATIENCE_MS }, () => {
  test.each<[string, () => string[], string]>([
    [
      'a file that is not there',
      () => ['--menu', 'no-menu.csv', '--orders', 'no.csv'],
      'no-menu.csv: there is no such file.',
    ],
    ['a column that is missing', () => columnMissing(), 'bad-orders.csv, line 1: no column "item_id"'],
    ['another currency', () => [...files(3), '--currency', 'JPY'], '--currency'],
    ['a currency that is none', () => ['--currency', 'ABC'], '--currency ABC'],
    ['an option that is none', () => ['--nope'], "Unknown option '--nope'"],
  ])('%s', async (_what, args, message) => {
    const json = join(folder, 'never.json');
    const rejects = join(folder, 'never.csv');
    const { code, stdout, stderr } = await replay([...args(), '--json', json, '--rejects', rejects]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect([existsSync(json), existsSync(rejects)]).toEqual([false, false]);
  });

  function columnMissing(): string[] {
    const [, menu = ''] = files(3);
    const orders = join(folder, 'bad-orders.csv');
    writeFileSync(orders, 'order_details_id,order_id,order_date,order_time\n1,1,2023-01-01,1:00 PM\n');
    return ['--menu', menu, '--orders', orders];
  }
});

describe('into a cloud that is there already', { timeout: PATIENCE_MS }, () => {
  let cloud: CloudProcess;
  let data: string;
  beforeAll(async () => {
    data = mkdtempSync(join(folder, 'cloud-'));
    cloud = new CloudProcess(data, 'set-up-token-of-the-test');
    await cloud.start();
  }, PATIENCE_MS);
  afterAll(() => cloud.stop());

  async function organisation(currency: string) {
    const post = async <S extends z.ZodType>(
      schema: S,
      path: string,
      body: unknown,
      token?: string,
    ): Promise<z.output<S>> => {
      const headers = {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      };
      const answer = await fetch(`${cloud.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      expect([answer.status, path]).toEqual([expect.toBeOneOf([200, 201]), path]);
      return schema.parse(await answer.json());
    };
    const login = { email: `owner-${currency}@example.com`, password: 'a long password' };
    await post(SetupAnswer, '/setup', {
      token: 'set-up-token-of-the-test',
      organisation: { name: 'Chain', currency },
      branch: { name: 'First', zone: 'Africa/Kampala', dayStartHour: 4, stations: [{ id: 'grill', name: 'Grill' }] },
      owner: { name: 'Olive', pin: '482913', ...login },
    });
    const { accessToken } = await post(LoginAnswer, '/auth/login', login);
    return async () => (await post(EnrolmentCodeAnswer, '/enrolment-codes', {}, accessToken)).code;
  }

  test('each run into a branch of its own, as often as wanted', async () => {
    const newCode = await organisation('USD');
    const wanted = oracle(ordersFile(12));
    for (let run = 0; run < 2; run += 1) {
      const { code, result } = await replay([...files(12), '--cloud', cloud.url, '--enrol', await newCode()]);
      expect(result).toMatchObject({ ...wanted, equal: true, cloud: { orders: wanted.orders, days: wanted.days } });
      expect(code).toBe(0);
    }
  });

  test('an organisation of another currency is refused, a used or wrong code too', async () => {
    const newCode = await organisation('UGX');
    const used = await newCode();
    const other = await replay([...files(12), '--cloud', cloud.url, '--enrol', used]);
    expect(other).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('keeps its books in UGX, the files are read as USD'),
    });
    const again = await replay([...files(12), '--cloud', cloud.url, '--enrol', used]);
    expect(again).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('enrolment code') });
  });
});

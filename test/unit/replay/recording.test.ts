import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseArguments } from '../../../scripts/replay/arguments.ts';
import { readRecording } from '../../../scripts/replay/recording.ts';
import { rejectsCsv } from '../../../scripts/replay/rejects.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'recording-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const MENU =
  'menu_item_id,item_name,category,price\n101,Hamburger,American,12.95\n102,Edamame,Asian,5.00\n103,Tap water,Asian,0\n';
const HEADING = 'order_details_id,order_id,order_date,order_time,item_id';

function read(orders: string, { menu = MENU, args = [] as string[] } = {}) {
  const menuPath = join(folder, 'menu.csv');
  const ordersPath = join(folder, 'orders.csv');
  writeFileSync(menuPath, menu);
  writeFileSync(ordersPath, orders);
  const options = parseArguments(['--menu', menuPath, '--orders', ordersPath, ...args], folder);
  if (options === 'help') throw new Error('help was not asked for');
  return readRecording(options);
}

function readLines(lines: string[], heading = HEADING) {
  return read([heading, ...lines, ''].join('\n'));
}

const good = '1,1,2023-01-31,11:38:36 AM,101';

describe('orders', () => {
  test('the sample: known totals, and every line that cannot be used', async () => {
    const options = parseArguments([], folder);
    if (options === 'help') throw new Error('help was not asked for');
    const { orders, expected, rejects, notes, menu } = await readRecording(options);
    expect(menu.items.size).toBe(32);
    expect(orders).toHaveLength(5_343);
    expect(expected).toMatchObject({ orders: 5_343, lines: 12_097, revenueMinor: 15_921_790 });
    expect(rejects).toHaveLength(137);
    expect(rejects[0]).toEqual({
      file: 'order_details.csv',
      line: 123,
      reason: 'item 0 is not on the menu',
      raw: '122,50,2023-01-01,6:41:01 PM,0',
    });
    expect(notes).toEqual([expect.stringContaining('add --dates year-day-month')]);
  });

  test('the sample with day and month exchanged is one quarter', async () => {
    const options = parseArguments(['--dates', 'year-day-month'], folder);
    if (options === 'help') throw new Error('help was not asked for');
    const { expected, notes } = await readRecording(options);
    const days = Object.keys(expected.days);
    expect([days[0], days.at(-1), days.length]).toEqual(['2023-01-01', '2023-03-31', 90]);
    expect(expected.revenueMinor).toBe(15_921_790);
    expect(notes).toEqual([]);
  });

  test('lines of one order come together, in file order, whatever stands between', async () => {
    const { orders, expected } = await readLines([
      '1,7,2023-01-31,1:00:00 PM,101',
      '2,8,2/1/23,1:05:00 PM,102',
      '3,7,2023-01-31,1:00:00 PM,102',
      '4,8,2/1/23,1:05:00 PM,103',
    ]);
    expect(
      orders.map(({ number, day, atMs, lines }) => [
        number,
        day,
        new Date(atMs).toISOString(),
        lines.map(({ item }) => item.name),
      ]),
    ).toEqual([
      [7, '2023-01-31', '2023-01-31T13:00:00.000Z', ['Hamburger', 'Edamame']],
      [8, '2023-02-01', '2023-02-01T13:05:00.000Z', ['Edamame', 'Tap water']],
    ]);
    expect(expected).toEqual({
      orders: 2,
      lines: 4,
      revenueMinor: 2_295,
      days: {
        '2023-01-31': { orders: 1, revenueMinor: 1_795, cashMinor: 1_795, momoMinor: 0 },
        '2023-02-01': { orders: 1, revenueMinor: 500, cashMinor: 0, momoMinor: 500 },
      },
    });
  });

  test('an order lies where its first usable line lies; a line that says otherwise counts with it and is noted', async () => {
    const { orders, expected, notes } = await readLines([
      '1,1,2023-01-30,11:00:00 PM,0',
      '2,1,2023-01-31,11:59:00 PM,101',
      '3,1,2023-02-01,12:01:00 AM,102',
    ]);
    expect(orders).toHaveLength(1);
    expect(Object.keys(expected.days)).toEqual(['2023-01-31']);
    expect(expected.revenueMinor).toBe(1_795);
    expect(notes).toEqual([expect.stringContaining('1 lines name another day or time')]);
  });

  test.each([
    ['at the end', `${HEADING},quantity`, '1,1,2023-01-31,1:00 PM,101,3'],
    ['in front', `quantity,${HEADING}`, '3,1,1,2023-01-31,1:00 PM,101'],
    ['in the middle, in capitals', 'order_id,QUANTITY,order_date,order_time,item_id', '1,3,2023-01-31,1:00 PM,101'],
  ])('a quantity column %s', async (_where, heading, line) => {
    const { expected } = await readLines([line], heading);
    expect(expected).toMatchObject({ orders: 1, lines: 1, revenueMinor: 3_885 });
  });

  test.each([
    ['unknown item', '2,2,2023-01-31,1:00 PM,999', 'item 999 is not on the menu'],
    ['item 0', '2,2,2023-01-31,1:00 PM,0', 'item 0 is not on the menu'],
    ['no item', '2,2,2023-01-31,1:00 PM,', 'item_id is missing'],
    [
      'bad date',
      '2,2,2023-02-30,1:00 PM,101',
      'order_date "2023-02-30" is not a date (2023-01-31 or 1/31/23, month first)',
    ],
    [
      'day before month',
      '2,2,31/1/23,1:00 PM,101',
      'order_date "31/1/23" is not a date (2023-01-31 or 1/31/23, month first)',
    ],
    ['a day to come', '2,2,12/31/99,1:00 PM,101', 'order_date "12/31/99" lies in the future'],
    ['no date', '2,2,,1:00 PM,101', 'order_date is missing'],
    ['bad time', '2,2,2023-01-31,25:00:00,101', 'order_time "25:00:00" is not a time (11:38:36 AM)'],
    ['no time', '2,2,2023-01-31,,101', 'order_time is missing'],
    ['no order number', '2,,2023-01-31,1:00 PM,101', 'order_id is missing'],
    ['a name as order number', '2,A7,2023-01-31,1:00 PM,101', 'order_id "A7" is not an order number'],
    ['too few fields', '2,2', 'order_date is missing'],
    ['too many fields', '2,2,2023-01-31,1:00 PM,101,7', 'has 6 fields, the heading has 5'],
    ['an open quote', '2,2,"2023-01-31,1:00 PM,101', 'a quote is opened and not closed'],
  ])('%s: the line is listed with its reason, the rest goes on', async (_what, bad, reason) => {
    const { orders, rejects } = await readLines([good, bad, '3,3,2023-01-31,1:00 PM,102']);
    expect(orders.map(({ number }) => number)).toEqual([1, 3]);
    expect(rejects).toEqual([{ file: 'orders.csv', line: 3, reason, raw: bad }]);
  });

  test.each(['0', '-1', '1.5', 'two', '', '1000', '1e2', '0x10'])('quantity "%s" is refused', async (quantity) => {
    const { rejects, orders } = await readLines(
      [`${good},2`, `2,2,2023-01-31,1:00 PM,101,${quantity}`],
      `${HEADING},quantity`,
    );
    expect(orders).toHaveLength(1);
    expect(rejects).toMatchObject([{ line: 3, reason: expect.stringMatching(/^quantity /) }]);
  });

  test('a file without a single usable line is refused with the reason of the first', async () => {
    await expect(readLines(['1,1,2023-01-31,1:00 PM,0'])).rejects.toMatchObject({
      code: 'file/malformed',
      message: 'orders.csv: no line can be used. Line 2: item 0 is not on the menu.',
    });
    await expect(readLines([])).rejects.toMatchObject({
      message: 'orders.csv: there is a heading, but no order line behind it.',
    });
  });

  test('the list of rejects is CSV again', async () => {
    const { rejects } = await readLines([good, '2,2,"2023, January",1:00 PM,101', '3,3,2023-01-31,1:00 PM,0']);
    const text = rejectsCsv(rejects);
    expect(text.split('\n')[0]).toBe('file,line,reason,raw');
    expect(parse(text, { columns: true })).toEqual(
      rejects.map(({ line, ...rest }) => ({ ...rest, line: String(line) })),
    );
    expect(rejectsCsv([])).toBe('file,line,reason,raw\n');
  });
});

describe('menu', () => {
  const menu = (...lines: string[]) => ['menu_item_id,item_name,category,price', ...lines, ''].join('\n');
  const orders = [HEADING, good, ''].join('\n');

  test.each([
    ['104,Soup,Asian,abc', 'price: "abc" is not an amount. Write it like 12.50'],
    ['104,Soup,Asian,', 'price is missing'],
    ['104,Soup,Asian,-3', 'price -3 is below zero'],
    ['104,Soup,Asian,"1,200"', 'price: "1,200" is not an amount. Write it like 12.50'],
    ['104,Soup,Asian,9.999', 'price: "9.999" has more decimals than USD knows (2). Check the amount or the currency'],
    ['104,Soup,Asian,999999999999', 'price 999999999999 is too high'],
    [',Soup,Asian,3', 'menu_item_id is missing'],
    ['104,,Asian,3', 'item_name is missing'],
    ['104,Soup,,3', 'category is missing'],
    ['101,Hamburger,American,13.95', 'menu_item_id 101 stands in line 2 already, with something else'],
  ])('%s: listed, and its sales too', async (bad, reason) => {
    const { rejects } = await read(`${orders}2,2,2023-01-31,1:00 PM,104\n`, {
      menu: menu('101,Hamburger,American,12.95', '102,Edamame,Asian,5', bad),
    });
    expect(rejects[0]).toEqual({ file: 'menu.csv', line: 4, reason, raw: bad });
    expect(rejects[1]).toMatchObject({ file: 'orders.csv', line: 3, reason: 'item 104 is not on the menu' });
  });

  test('the same line twice is one item', async () => {
    const { rejects } = await read(orders, {
      menu: menu('101,Hamburger,American,12.95', '101,Hamburger,American,12.950'),
    });
    expect(rejects).toEqual([]);
  });

  test('prices that do not fit the currency are refused as a whole', async () => {
    await expect(read(orders, { args: ['--currency', 'JPY'] })).rejects.toMatchObject({
      code: 'currency/wrong',
      message: expect.stringContaining('menu.csv, line 2, column "price": 12.95 is no amount in JPY'),
    });
  });

  test('minor units follow the currency', async () => {
    const ofCurrency = async (currency: string, price: string) =>
      (await read(orders, { menu: menu(`101,Hamburger,American,${price}`), args: ['--currency', currency] })).expected
        .revenueMinor;
    expect(await ofCurrency('UGX', '12000')).toBe(12_000);
    expect(await ofCurrency('UGX', '12000.00')).toBe(12_000);
    expect(await ofCurrency('KWD', '1.25')).toBe(1_250);
    expect(await ofCurrency('USD', '0.1')).toBe(10);
  });

  test('a menu without a usable item is refused', async () => {
    await expect(read(orders, { menu: menu('101,Hamburger,American,x') })).rejects.toMatchObject({
      message: 'menu.csv: no line can be used. Line 2: price: "x" is not an amount. Write it like 12.50.',
    });
  });
});

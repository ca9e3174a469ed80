import { expect, test } from 'vitest';
import { commands } from '#shared/commands/registry.ts';
import type { StockItem } from '#shared/domain/stock.ts';
import {
  decimalSign,
  milliText,
  parseMilli,
  plainMilli,
  typeAmount,
} from '../../../src-renderer/features/stock/stock-amount.ts';
import {
  ADJUSTMENTS,
  deltaMilli,
  MODES,
  stockList,
  stockState,
} from '../../../src-renderer/features/stock/stock-list.ts';
import { subjectOf } from '../../../src-renderer/features/sync/outbox-text.ts';
import { en } from '../../../src-renderer/i18n/en.ts';
import { emptyRows, withRows } from '../../../src-renderer/state/rows.ts';

const item = (name: string, onHandMilli: number, reorderLevelMilli: number, isRemoved = false) =>
  ({ id: name, branchId: 'b1', name, unit: 'kg', onHandMilli, reorderLevelMilli, isRemoved }) as unknown as StockItem;
const mapOf = (...items: StockItem[]) => new Map(items.map((each) => [each.id as string, each]));

test('amounts are thousandths, read and written exactly', () => {
  expect([parseMilli('1.5'), parseMilli('1,5'), parseMilli('0.007'), parseMilli('12'), parseMilli('.5')]).toEqual([
    1_500, 1_500, 7, 12_000, 500,
  ]);
  expect([parseMilli(''), parseMilli('.'), parseMilli('1.2345'), parseMilli('x'), parseMilli('-1')]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(['1', '1.5', '0.07', '123456789.123'].map((text) => plainMilli(parseMilli(text) ?? NaN))).toEqual([
    '1',
    '1.5',
    '0.07',
    '123456789.123',
  ]);
  expect(plainMilli(-1_250)).toBe('-1.25');
});

test('amounts stand as the locale writes them', () => {
  expect(milliText(1_234_567, 'en')).toBe('1,234.567');
  expect(milliText(1_500, 'de')).toBe('1,5');
  expect(milliText(-1_000, 'en')).toBe('-1');
  expect([milliText(2_500, 'en', true), milliText(-2_500, 'en', true), milliText(0, 'en', true)]).toEqual([
    '+2.5',
    '-2.5',
    '0',
  ]);
  expect([decimalSign('en'), decimalSign('fr')]).toEqual(['.', ',']);
});

test('keys make an amount of at most nine digits and three decimals', () => {
  const typed = (keys: string) => [...keys].reduce(typeAmount, '');
  expect([typed('12.5'), typed('.5'), typed('007'), typed('1..5'), typed('1.23456')]).toEqual([
    '12.5',
    '0.5',
    '7',
    '1.5',
    '1.234',
  ]);
  expect(typed('1234567890')).toBe('123456789');
});

test('what runs low stands first, and removed items not at all', () => {
  const items = mapOf(
    item('Apples', 5_000, 1_000),
    item('flour', 500, 1_000),
    item('Oil 10', 0, 1_000),
    item('Oil 2', 0, 1_000),
    item('Gone', 0, 1_000, true),
  );
  expect(stockList(items, '', false).map(({ name }) => name)).toEqual(['flour', 'Oil 2', 'Oil 10', 'Apples']);
  expect(stockList(items, '', true)).toHaveLength(3);
  expect(stockList(items, ' OIL', false).map(({ name }) => name)).toEqual(['Oil 2', 'Oil 10']);
});

test('the state of an item', () => {
  const state = (onHandMilli: number, level: number) => stockState(item('x', onHandMilli, level));
  expect([state(-1, 0), state(0, 5), state(4, 5), state(5, 5), state(9, 0)]).toEqual([
    'below',
    'out',
    'at-risk',
    'ok',
    'ok',
  ]);
});

test('an amount becomes the change it means', () => {
  expect([deltaMilli('in', 500, 9_000), deltaMilli('out', 500, 9_000), deltaMilli('count', 500, 9_000)]).toEqual([
    500, -500, -8_500,
  ]);
  for (const type of ADJUSTMENTS) expect(MODES[type].length).toBeGreaterThan(0);
});

test('every command there is has plain words', () => {
  const words = en.commands as Record<string, Record<string, string>>;
  const without = commands
    .map(({ name }) => name)
    .filter((name) => {
      const [noun = '', verb = ''] = name.split('.');
      return (words[noun]?.[verb] ?? '') === '';
    });
  expect(commands.length).toBeGreaterThan(25);
  expect(without).toEqual([]);
});

test('an entry of the outbox is about what its address names', () => {
  const rows = withRows(emptyRows(), [
    { kind: 'order', id: 'o1', body: { id: 'o1', number: 'T1-0042' } },
    { kind: 'order', id: 'shell', body: { id: 'shell', number: '' } },
    { kind: 'ticket', id: 'c1.grill', body: { id: 'c1.grill', label: 'T 4' } },
    { kind: 'stockItem', id: 's1', body: { id: 's1', name: 'Flour' } },
  ]);
  const subject = (endpoint: string) => subjectOf({ endpoint }, rows);
  expect(subject('POST /pos/orders/o1/payments')).toEqual({ kind: 'order', number: 'T1-0042' });
  expect(subject('POST /kds/tickets/c1.grill/bump')).toEqual({ kind: 'ticket', label: 'T 4' });
  expect(subject('POST /stock/items/s1/adjustments')).toEqual({ kind: 'name', name: 'Flour' });
  expect(subject('POST /pos/orders/shell/close')).toBeUndefined();
  expect(subject('POST /pos/orders')).toBeUndefined();
});

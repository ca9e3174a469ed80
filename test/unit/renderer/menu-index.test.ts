import { expect, test } from 'vitest';
import type { Category, MenuItem } from '#shared/domain/menu.ts';
import { findItems, indexMenu } from '../../../src-renderer/features/pos/menu-index.ts';

const category = (id: string, rank: number, colour = 2): Category => ({ id, name: id, rank, colour }) as Category;
const item = (id: string, name: string, categoryId: string, isRemoved = false): MenuItem =>
  ({
    id,
    name,
    categoryId,
    priceMinor: 1_000,
    tax: { code: 'VAT', ratePpm: 180_000, mode: 'inclusive' },
    stationId: 'grill',
    isRemoved,
    formerPrices: [],
  }) as unknown as MenuItem;
const byId = <T extends { id: string }>(rows: readonly T[]) => new Map(rows.map((row) => [row.id, row]));

const categories = byId([category('drinks', 2), category('mains', 1, 5), category('empty', 3)]);
const items = byId([
  item('1', 'Tea 10', 'drinks'),
  item('2', 'Tea 2', 'drinks'),
  item('3', 'Crème brûlée', 'mains'),
  item('4', 'Old dish', 'mains', true),
  item('5', 'Stray', 'gone'),
]);

test('orders by category rank, then by name with numbers as numbers; removed items and empty categories are left out', () => {
  const menu = indexMenu(items, categories);
  expect(menu.entries.map((entry) => entry.item.name)).toEqual(['Crème brûlée', 'Tea 2', 'Tea 10', 'Stray']);
  expect(menu.categories.map((each) => each.id)).toEqual(['mains', 'drinks']);
  expect(menu.entries[0]?.colour).toBe(5);
  expect(menu.byCategory.get('drinks')?.length).toBe(2);
});

test('finds by every word, without accents or capitals, names that begin so first', () => {
  const { entries } = indexMenu(
    byId([item('1', 'Iced tea', 'd'), item('2', 'Tea, green', 'd'), item('3', 'Crème', 'd')]),
    new Map(),
  );
  const names = (search: string) => findItems(entries, search).map((entry) => entry.item.name);
  expect(names('tea')).toEqual(['Tea, green', 'Iced tea']);
  expect(names('GREEN te')).toEqual(['Tea, green']);
  expect(names('creme')).toEqual(['Crème']);
  expect(names('  ')).toHaveLength(3);
  expect(names('soup')).toEqual([]);
});

test('searches 20,000 items within a frame or two', () => {
  const many = Array.from({ length: 20_000 }, (_, index) => item(`m${index}`, `Item number ${index}`, 'd'));
  const { entries } = indexMenu(byId(many), new Map());
  const started = performance.now();
  expect(findItems(entries, 'number 19999')).toHaveLength(1);
  expect(performance.now() - started).toBeLessThan(100);
});

import type { Category, MenuItem } from '#shared/domain/menu.ts';
import type { RowMap } from '../../state/rows.ts';

export interface MenuEntry {
  item: MenuItem;
  /** The name as the search reads it: small letters, no accents. */
  searchName: string;
  colour: number;
}

export interface MenuIndex {
  categories: readonly Category[];
  /** Every item on sale: by category rank, then by name. */
  entries: readonly MenuEntry[];
  byCategory: ReadonlyMap<string, readonly MenuEntry[]>;
}

/** A text as the search compares it. */
export function searchText(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Diacritic}/gu, '')
    .toLowerCase();
}

/** The menu in the order of the till; built once for each change of the menu. */
export function indexMenu(items: RowMap<'menuItem'>, categories: RowMap<'category'>): MenuIndex {
  const byName = new Intl.Collator(undefined, { numeric: true });
  const sorted = [...categories.values()].sort((a, b) => a.rank - b.rank || byName.compare(a.name, b.name));
  const groups = new Map<string, MenuEntry[]>(sorted.map((category) => [category.id, []]));
  const rest: MenuEntry[] = [];
  for (const item of items.values()) {
    if (item.isRemoved) continue;
    const colour = categories.get(item.categoryId)?.colour ?? 1;
    (groups.get(item.categoryId) ?? rest).push({ item, searchName: searchText(item.name), colour });
  }
  const entries: MenuEntry[] = [];
  for (const group of [...groups.values(), rest]) {
    group.sort((a, b) => byName.compare(a.item.name, b.item.name));
    entries.push(...group);
  }
  return { categories: sorted.filter(({ id }) => (groups.get(id)?.length ?? 0) > 0), entries, byCategory: groups };
}

/** The entries whose name has every word of `search` in it; those that begin with it come first. */
export function findItems(entries: readonly MenuEntry[], search: string): readonly MenuEntry[] {
  const wanted = searchText(search).trim();
  if (wanted === '') return entries;
  const words = wanted.split(/\s+/);
  const first: MenuEntry[] = [];
  const others: MenuEntry[] = [];
  for (const entry of entries) {
    if (!words.every((word) => entry.searchName.includes(word))) continue;
    (entry.searchName.startsWith(wanted) ? first : others).push(entry);
  }
  return [...first, ...others];
}

import { isAtRisk, type StockItem } from '#shared/domain/stock.ts';
import type { RowMap } from '../../state/rows.ts';

/** `below`: less than nothing, so a count is wrong. */
export type StockState = 'below' | 'out' | 'at-risk' | 'ok';

/** How an item stands. What is out is at risk too, unless it has no reorder level. */
export function stockState(item: StockItem): StockState {
  if (item.onHandMilli < 0) return 'below';
  if (item.onHandMilli === 0) return 'out';
  return isAtRisk(item) ? 'at-risk' : 'ok';
}

/** The items in use, those at risk first, each part by name. `search`: part of a name. */
export function stockList(items: RowMap<'stockItem'>, search: string, isAtRiskOnly: boolean): StockItem[] {
  const wanted = search.trim().toLocaleLowerCase();
  const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });
  return [...items.values()]
    .filter(
      (item) => !item.isRemoved && (!isAtRiskOnly || isAtRisk(item)) && item.name.toLocaleLowerCase().includes(wanted),
    )
    .sort((a, b) => Number(isAtRisk(b)) - Number(isAtRisk(a)) || byName.compare(a.name, b.name));
}

export const ADJUSTMENTS = ['PURCHASE', 'WASTE', 'ADJUSTMENT', 'TRANSFER'] as const;
export type Adjustment = (typeof ADJUSTMENTS)[number];
export type Mode = 'count' | 'in' | 'out';
/** What each kind of change can be, the usual one first. */
export const MODES: Record<Adjustment, readonly Mode[]> = {
  PURCHASE: ['in'],
  WASTE: ['out'],
  ADJUSTMENT: ['count', 'in', 'out'],
  TRANSFER: ['out', 'in'],
};

/** The change that an amount means, thousandths; `onHandMilli` is what is there when it is saved. */
export function deltaMilli(mode: Mode, amountMilli: number, onHandMilli: number): number {
  if (mode === 'count') return amountMilli - onHandMilli;
  return mode === 'in' ? amountMilli : -amountMilli;
}

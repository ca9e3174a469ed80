import { z } from 'zod';
import { BranchId, CategoryId, IsoAt, MenuItemId, Name, StationId } from '../kernel/ids.ts';
import { NonNegativeMinor, TaxRule } from '../kernel/money.ts';

export const Category = z.object({
  id: CategoryId,
  name: Name,
  /** Position in the row of chips. */
  rank: z.int().min(0).max(10_000),
  /** One of the seven category colours of the design tokens. */
  colour: z.int().min(1).max(7),
});
export type Category = z.infer<typeof Category>;

export const MenuItem = z.object({
  id: MenuItemId,
  name: Name,
  categoryId: CategoryId,
  priceMinor: NonNegativeMinor,
  tax: TaxRule,
  stationId: StationId,
  isRemoved: z.boolean(),
  /** Earlier prices, newest first: a terminal that was offline sold at them in good faith. */
  formerPrices: z.array(z.object({ priceMinor: NonNegativeMinor, untilAt: IsoAt })).max(20),
});
export type MenuItem = z.infer<typeof MenuItem>;

/** Whether an item has run out in a branch. The id is `branchId:itemId`. */
export const Availability = z.object({
  id: z.string(),
  branchId: BranchId,
  itemId: MenuItemId,
  is86: z.boolean(),
  at: IsoAt,
});
export type Availability = z.infer<typeof Availability>;

export function availabilityId(branchId: string, itemId: string): string {
  return `${branchId}:${itemId}`;
}

/** Whether `unitPriceMinor` is or recently was the item's price on the menu. */
export function isMenuPrice(item: MenuItem | undefined, unitPriceMinor: number): boolean {
  if (item === undefined) return false;
  if (!item.isRemoved && item.priceMinor === unitPriceMinor) return true;
  return item.formerPrices.some((former) => former.priceMinor === unitPriceMinor);
}

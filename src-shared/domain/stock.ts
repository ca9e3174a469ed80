import { z } from 'zod';
import { BusinessDay } from '../kernel/business-day.ts';
import { BranchId, IsoAt, Name, StaffId, StockItemId } from '../kernel/ids.ts';

/** Amounts of stock in thousandths of the unit (1.5 kg = 1500): integers add up exactly on every machine. */
export const Milli = z.int().min(-1_000_000_000_000).max(1_000_000_000_000);

export const StockItem = z.object({
  id: StockItemId,
  branchId: BranchId,
  name: Name,
  unit: z.string().trim().min(1).max(16),
  reorderLevelMilli: Milli.nonnegative(),
  onHandMilli: Milli,
  isRemoved: z.boolean(),
});
export type StockItem = z.infer<typeof StockItem>;

export const MovementType = z.enum(['PURCHASE', 'SALE', 'WASTE', 'ADJUSTMENT', 'TRANSFER']);
export type MovementType = z.infer<typeof MovementType>;

/** One change of a stock level, with the balance after it. The id is that of the command. */
export const StockMovement = z.object({
  id: z.string(),
  branchId: BranchId,
  stockItemId: StockItemId,
  type: MovementType,
  deltaMilli: Milli,
  balanceMilli: Milli,
  reason: z.string().max(200),
  at: IsoAt,
  day: BusinessDay,
  by: StaffId,
});
export type StockMovement = z.infer<typeof StockMovement>;

/** An item below its reorder level is at risk. */
export function isAtRisk(item: StockItem): boolean {
  return !item.isRemoved && item.onHandMilli < item.reorderLevelMilli;
}

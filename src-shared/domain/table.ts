import { z } from 'zod';
import { BranchId, IsoAt, Name, SessionId, StaffId, TableId } from '../kernel/ids.ts';

export const DiningTable = z.object({
  id: TableId,
  branchId: BranchId,
  name: Name,
  seats: z.int().min(1).max(200),
  area: z.string().trim().max(60),
  /** Place in the room, in a grid of 100 × 100. */
  x: z.int().min(0).max(100),
  y: z.int().min(0).max(100),
  isRemoved: z.boolean(),
});
export type DiningTable = z.infer<typeof DiningTable>;

/** Guests at a table, from seating until the table is cleared (even when they have paid). */
export const Session = z.object({
  id: SessionId,
  branchId: BranchId,
  tableId: TableId,
  guests: z.int().min(1).max(500),
  status: z.enum(['seated', 'cleared']),
  seatedAt: IsoAt,
  seatedBy: StaffId,
  clearedAt: IsoAt.optional(),
});
export type Session = z.infer<typeof Session>;

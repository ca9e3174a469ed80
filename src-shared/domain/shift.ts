import { z } from 'zod';
import { BusinessDay } from '../kernel/business-day.ts';
import { BranchId, DeviceId, IsoAt, Reason, ShiftId, StaffId } from '../kernel/ids.ts';
import { Minor, NonNegativeMinor } from '../kernel/money.ts';
import type { Order } from './order.ts';

const NoSale = z.object({ at: IsoAt, by: StaffId, approvedBy: StaffId.optional(), reason: Reason });

/** One person's time at one drawer. */
export const Shift = z.object({
  id: ShiftId,
  branchId: BranchId,
  deviceId: DeviceId,
  staffId: StaffId,
  status: z.enum(['open', 'closed']),
  /** Made by a command that arrived before the shift's opening. */
  isShell: z.boolean(),
  floatMinor: NonNegativeMinor,
  openedAt: IsoAt,
  openedDay: BusinessDay,
  noSales: z.array(NoSale),
  closedAt: IsoAt.optional(),
  closedDay: BusinessDay.optional(),
  closedBy: StaffId.optional(),
  countedMinor: NonNegativeMinor.optional(),
  expectedMinor: Minor.optional(),
});
export type Shift = z.infer<typeof Shift>;

/** What the drawer of a shift should hold: the float, cash taken on it, less cash given back out of it. */
export function drawerMinor(shift: Shift, orders: Iterable<Order>): number {
  let sum = shift.floatMinor;
  for (const order of orders) {
    for (const payment of order.payments) {
      if (payment.method !== 'cash') continue;
      if (payment.shiftId === shift.id) sum += payment.amountMinor + payment.tipMinor;
      const reversal = payment.reversal;
      if (reversal !== undefined && (reversal.shiftId ?? payment.shiftId) === shift.id)
        sum -= payment.amountMinor + payment.tipMinor;
      for (const refund of payment.refunds)
        if ((refund.shiftId ?? payment.shiftId) === shift.id) sum -= refund.amountMinor;
    }
  }
  return sum;
}

/** What is over (positive) or short (negative) in a closed drawer; `undefined` while it is open. */
export function overShortMinor(shift: Shift): number | undefined {
  if (shift.countedMinor === undefined || shift.expectedMinor === undefined) return undefined;
  return shift.countedMinor - shift.expectedMinor;
}

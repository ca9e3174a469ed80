import { z } from 'zod';
import { BusinessDay } from '../kernel/business-day.ts';
import { DeviceId, IsoAt, PaymentId, Reason, RefundId, ShiftId, StaffId } from '../kernel/ids.ts';
import { NonNegativeMinor, PositiveMinor } from '../kernel/money.ts';

export const PaymentMethod = z.enum(['cash', 'momo', 'card']);
export type PaymentMethod = z.infer<typeof PaymentMethod>;

const Reversal = z.object({
  at: IsoAt,
  day: BusinessDay,
  by: StaffId,
  /** The terminal; unknown of what an earlier version did. */
  on: DeviceId.optional(),
  approvedBy: StaffId.optional(),
  reason: Reason,
  shiftId: ShiftId.optional(),
});

export const Refund = z.object({
  id: RefundId,
  amountMinor: PositiveMinor,
  at: IsoAt,
  day: BusinessDay,
  by: StaffId,
  on: DeviceId.optional(),
  approvedBy: StaffId.optional(),
  reason: Reason,
  /** The drawer the money came out of. */
  shiftId: ShiftId.optional(),
});
export type Refund = z.infer<typeof Refund>;

export const Payment = z.object({
  id: PaymentId,
  method: PaymentMethod,
  /** What counts towards the order; change is not in it, the tip neither. */
  amountMinor: PositiveMinor,
  tipMinor: NonNegativeMinor,
  /** Cash only: what the guest gave, and what went back. */
  tenderedMinor: NonNegativeMinor.optional(),
  changeMinor: NonNegativeMinor.optional(),
  /** MoMo transaction or card slip. */
  reference: z.string().max(80).optional(),
  shiftId: ShiftId.optional(),
  at: IsoAt,
  day: BusinessDay,
  by: StaffId,
  takenOn: DeviceId,
  reversal: Reversal.optional(),
  refunds: z.array(Refund),
});
export type Payment = z.infer<typeof Payment>;

/** Money given back on a payment whose taking has not arrived yet; the late taking picks it up. */
export const EarlyReturn = z.object({
  paymentId: PaymentId,
  reversal: Reversal.optional(),
  refunds: z.array(Refund),
});
export type EarlyReturn = z.infer<typeof EarlyReturn>;

/** What a payment still brings: nothing when reversed, less when refunded. */
export function keptMinor(payment: Payment): number {
  if (payment.reversal !== undefined) return 0;
  return payment.amountMinor - payment.refunds.reduce((sum, refund) => sum + refund.amountMinor, 0);
}

/** What was paid towards an order. A refund gives money back without making the order due again. */
export function paidMinor(payments: readonly Payment[]): number {
  let sum = 0;
  for (const payment of payments) if (payment.reversal === undefined) sum += payment.amountMinor;
  return sum;
}

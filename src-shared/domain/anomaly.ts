import { z } from 'zod';
import { BusinessDay } from '../kernel/business-day.ts';
import { BranchId, DeviceId, IsoAt, StaffId } from '../kernel/ids.ts';
import { Minor } from '../kernel/money.ts';

/**
 * Why an applied command deserves a look. `anomaly`: counted in `anomaliesToday` (SPEC A1). `review`: a task for a
 * person, such as money that arrived without its order.
 */
export const FLAGS = {
  'void-after-send': 'anomaly',
  overpayment: 'anomaly',
  'price-not-on-menu': 'anomaly',
  'no-sale': 'anomaly',
  'cash-short': 'anomaly',
  'clock-off': 'anomaly',
  'payment-unmatched': 'review',
  'payment-after-void': 'review',
  'refund-without-payment': 'review',
  'closed-underpaid': 'review',
  'after-closing': 'review',
  'order-unknown': 'review',
  'shift-unknown': 'review',
  'expected-differs': 'review',
  'not-permitted': 'review',
  'forked-series': 'review',
  'failed-inside': 'review',
} as const satisfies Record<string, 'anomaly' | 'review'>;
export type FlagCode = keyof typeof FLAGS;
export const FlagCode = z.enum(Object.keys(FLAGS) as [FlagCode, ...FlagCode[]]);

/** What `execute` says beside its rows. `subjectId` tells apart two flags of one code in one command. */
export interface Flag {
  code: FlagCode;
  orderId?: string;
  subjectId?: string;
  amountMinor?: number;
  detail?: string;
}

/** A flag as it is kept. The id derives from the command, so that a re-run writes the same row. */
export const Anomaly = z.object({
  id: z.string(),
  branchId: BranchId,
  code: FlagCode,
  day: BusinessDay,
  at: IsoAt,
  deviceId: DeviceId,
  actorId: StaffId,
  approvedBy: StaffId.optional(),
  commandId: z.string(),
  orderId: z.string().optional(),
  amountMinor: Minor.optional(),
  detail: z.string().max(300).optional(),
});
export type Anomaly = z.infer<typeof Anomaly>;

export function countsAsAnomaly(code: FlagCode): boolean {
  return FLAGS[code] === 'anomaly';
}

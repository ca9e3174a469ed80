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
  'after-revocation': 'review',
  'failed-inside': 'review',
  'command-refused': 'review',
  'decided-twice': 'review',
} as const satisfies Record<string, 'anomaly' | 'review'>;
export type FlagCode = keyof typeof FLAGS;
export const FlagCode = z.enum(Object.keys(FLAGS) as [FlagCode, ...FlagCode[]]);

/** What a person may do about a refused command: the same again, the same with changes, or nothing. */
export const RefusalDecision = z.enum(['retry', 'fix', 'discard']);
export type RefusalDecision = z.infer<typeof RefusalDecision>;

/** The command that a flag `command-refused` is about. */
export const RefusedCommand = z.object({
  name: z.string(),
  version: z.int(),
  code: z.string(),
  message: z.string().max(500),
  /** The field that did not fit. */
  path: z.string().max(200).optional(),
  /** Missing where it is secret (a PIN's hash), too long, or could not be read: it can be discarded, not tried again. */
  input: z.record(z.string(), z.unknown()).optional(),
});
export type RefusedCommand = z.infer<typeof RefusedCommand>;

/** Who has seen to it, and how. */
const Resolution = z.object({
  at: IsoAt,
  by: StaffId,
  on: DeviceId,
  approvedBy: StaffId.optional(),
  note: z.string().max(200),
  /** Of a refused command only. */
  decision: RefusalDecision.optional(),
  /** The command that took the refused one's place. */
  newCommandId: z.string().optional(),
});
export type Resolution = z.infer<typeof Resolution>;

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
  refused: RefusedCommand.optional(),
  resolved: Resolution.optional(),
});
export type Anomaly = z.infer<typeof Anomaly>;

export function countsAsAnomaly(code: FlagCode): boolean {
  return FLAGS[code] === 'anomaly';
}

/** Whether a person has to do something about it, until they have said that they did. */
export function isTask(code: FlagCode): boolean {
  return FLAGS[code] === 'review' || code === 'overpayment';
}

/** The row of a refused command: its id follows from the command's, so that it is one wherever it is made. */
export function refusalId(commandId: string): string {
  return `${commandId}.command-refused`;
}

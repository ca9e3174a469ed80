import { z } from 'zod';
import { BusinessDay } from '../kernel/business-day.ts';
import {
  BranchId,
  DeviceId,
  IsoAt,
  LineId,
  MenuItemId,
  Name,
  OrderId,
  Reason,
  SessionId,
  StaffId,
  StationId,
  TableId,
  TicketId,
} from '../kernel/ids.ts';
import { NonNegativeMinor, taxed, TaxRule } from '../kernel/money.ts';
import { EarlyReturn, Payment, paidMinor } from './payment.ts';

export const OrderType = z.enum(['dine-in', 'takeaway', 'delivery']);
export type OrderType = z.infer<typeof OrderType>;

export const Quantity = z.int().min(1).max(999);

const VoidMark = z.object({
  reason: Reason,
  at: IsoAt,
  by: StaffId,
  approvedBy: StaffId.optional(),
  /** The terminal; unknown of what an earlier version did. So of every `…On` below. */
  on: DeviceId.optional(),
  wasSent: z.boolean(),
});

/** The last hand on a line that somebody else had added. */
const ChangeMark = z.object({ at: IsoAt, by: StaffId, on: DeviceId });

export const OrderLine = z.object({
  id: LineId,
  itemId: MenuItemId,
  name: Name,
  quantity: Quantity,
  unitPriceMinor: NonNegativeMinor,
  tax: TaxRule,
  stationId: StationId,
  note: z.string().max(200),
  addedAt: IsoAt,
  addedBy: StaffId,
  addedOn: DeviceId.optional(),
  changed: ChangeMark.optional(),
  sentAt: IsoAt.optional(),
  void: VoidMark.optional(),
});
export type OrderLine = z.infer<typeof OrderLine>;

export const Order = z.object({
  id: OrderId,
  branchId: BranchId,
  /** The receipt number, a gap-free series per terminal; empty on a shell whose opening has not arrived. */
  number: z.string().max(32),
  type: OrderType,
  tableId: TableId.optional(),
  tableName: z.string().max(120).optional(),
  sessionId: SessionId.optional(),
  status: z.enum(['open', 'closed', 'voided']),
  /** Made by a command that arrived before the order's opening; the late `open` fills it. */
  isShell: z.boolean(),
  /** Set when this order took in what a terminal rang up without having seen the other's closing. */
  followUpOf: OrderId.optional(),
  openedAt: IsoAt,
  openedBy: StaffId,
  openedOn: DeviceId,
  openedDay: BusinessDay,
  /** The last business day on which anything happened; an index looks it up. */
  day: BusinessDay,
  lines: z.array(OrderLine),
  payments: z.array(Payment),
  /** Reversals and refunds that came before their payments (a cloud that was put back hears of the later first). */
  early: z.array(EarlyReturn).optional(),
  ticketIds: z.array(TicketId),
  closedAt: IsoAt.optional(),
  closedDay: BusinessDay.optional(),
  closedBy: StaffId.optional(),
  closedOn: DeviceId.optional(),
});
export type Order = z.infer<typeof Order>;

export interface OrderTotals {
  /** Sum of the lines as priced: with inclusive tax in it, without exclusive tax. */
  subtotalMinor: number;
  taxMinor: number;
  totalMinor: number;
  paidMinor: number;
  /** What is still to pay; negative when more was paid than the total. */
  dueMinor: number;
}

/** Lines that count: neither voided nor removed. */
export function liveLines(order: Order): OrderLine[] {
  return order.lines.filter((line) => line.void === undefined);
}

/** The amounts of an order in minor units. Tax is rounded once per line (kernel/money). */
export function orderTotals(order: Order): OrderTotals {
  let subtotalMinor = 0;
  let taxMinor = 0;
  let totalMinor = 0;
  for (const line of order.lines) {
    if (line.void !== undefined) continue;
    const amountMinor = line.quantity * line.unitPriceMinor;
    const split = taxed(amountMinor, line.tax);
    subtotalMinor += amountMinor;
    taxMinor += split.taxMinor;
    totalMinor += split.grossMinor;
  }
  const paid = paidMinor(order.payments);
  return { subtotalMinor, taxMinor, totalMinor, paidMinor: paid, dueMinor: totalMinor - paid };
}

/** The order that takes in what `deviceId` rang up on `orderId` without having seen its closing. */
export function followUpId(orderId: string, deviceId: string): OrderId {
  const base = orderId.split('~')[0] ?? orderId;
  return `${base}~${deviceId}` as OrderId;
}

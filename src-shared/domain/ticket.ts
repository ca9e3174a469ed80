import { z } from 'zod';
import { BusinessDay } from '../kernel/business-day.ts';
import { BranchId, IsoAt, LineId, Name, OrderId, StaffId, StationId, TicketId } from '../kernel/ids.ts';
import { OrderType, Quantity } from './order.ts';

export const TicketLine = z.object({
  lineId: LineId,
  name: Name,
  quantity: Quantity,
  note: z.string().max(200),
  doneAt: IsoAt.optional(),
  cancelledAt: IsoAt.optional(),
  cancelledBy: StaffId.optional(),
});
export type TicketLine = z.infer<typeof TicketLine>;

/** What one kitchen station has to make of one sending of an order. */
export const Ticket = z.object({
  id: TicketId,
  branchId: BranchId,
  orderId: OrderId,
  stationId: StationId,
  /** What the kitchen shouts: the table's name, or the order's number. */
  label: z.string().max(120),
  type: OrderType,
  status: z.enum(['new', 'started', 'bumped', 'served']),
  lines: z.array(TicketLine).min(1),
  sentAt: IsoAt,
  sentBy: StaffId,
  day: BusinessDay,
  startedAt: IsoAt.optional(),
  bumpedAt: IsoAt.optional(),
  servedAt: IsoAt.optional(),
  recalledAt: IsoAt.optional(),
});
export type Ticket = z.infer<typeof Ticket>;

/** Whether nothing is left to make: every line is done or cancelled. */
export function isTicketComplete(ticket: Ticket): boolean {
  return ticket.lines.every((line) => line.doneAt !== undefined || line.cancelledAt !== undefined);
}

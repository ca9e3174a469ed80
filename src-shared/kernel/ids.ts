import { z } from 'zod';

/** Ids are ULIDs where we make them, and other short texts where they are derived or come from outside. */
const idText = z.string().regex(/^[A-Za-z0-9._:~-]{1,96}$/, 'an id has 1 to 96 letters, digits or . _ : ~ -');
const ulidText = z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/, 'not a ULID');

export const CommandId = ulidText.brand<'CommandId'>();
export type CommandId = z.infer<typeof CommandId>;
export const OrgId = idText.brand<'OrgId'>();
export type OrgId = z.infer<typeof OrgId>;
export const BranchId = idText.brand<'BranchId'>();
export type BranchId = z.infer<typeof BranchId>;
export const DeviceId = idText.brand<'DeviceId'>();
export type DeviceId = z.infer<typeof DeviceId>;
export const StaffId = idText.brand<'StaffId'>();
export type StaffId = z.infer<typeof StaffId>;
export const OrderId = idText.brand<'OrderId'>();
export type OrderId = z.infer<typeof OrderId>;
export const LineId = idText.brand<'LineId'>();
export type LineId = z.infer<typeof LineId>;
export const PaymentId = idText.brand<'PaymentId'>();
export type PaymentId = z.infer<typeof PaymentId>;
export const RefundId = idText.brand<'RefundId'>();
export type RefundId = z.infer<typeof RefundId>;
export const TicketId = idText.brand<'TicketId'>();
export type TicketId = z.infer<typeof TicketId>;
export const ShiftId = idText.brand<'ShiftId'>();
export type ShiftId = z.infer<typeof ShiftId>;
export const SessionId = idText.brand<'SessionId'>();
export type SessionId = z.infer<typeof SessionId>;
export const TableId = idText.brand<'TableId'>();
export type TableId = z.infer<typeof TableId>;
export const MenuItemId = idText.brand<'MenuItemId'>();
export type MenuItemId = z.infer<typeof MenuItemId>;
export const CategoryId = idText.brand<'CategoryId'>();
export type CategoryId = z.infer<typeof CategoryId>;
export const StockItemId = idText.brand<'StockItemId'>();
export type StockItemId = z.infer<typeof StockItemId>;
/** A kitchen station such as `grill` or `bar`: a short word, shown as it is when it has no name. */
export const StationId = z
  .string()
  .regex(/^[a-z0-9-]{1,24}$/, 'a station is a short word in small letters')
  .brand<'StationId'>();
export type StationId = z.infer<typeof StationId>;

/** A reason a person types. */
export const Reason = z.string().trim().min(1, 'say why').max(200);
/** A name a person types. */
export const Name = z.string().trim().min(1).max(120);
/** A moment as ISO 8601 in UTC. */
export const IsoAt = z.iso.datetime();

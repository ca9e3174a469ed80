import type { Command } from './define-command.ts';
import { decideRefusal, resolveAnomaly } from './anomaly.ts';
import { removeMenuItem, saveCategory, saveMenuItem, set86 } from './menu.ts';
import { addLine, changeLine, closeOrder, openOrder, removeLine, sendOrder, voidLine, voidOrder } from './order.ts';
import { refundPayment, reversePayment, takePayment } from './payment.ts';
import { closeShift, noSale, openShift } from './shift.ts';
import { saveStaff, setPin } from './staff.ts';
import { adjustStock, saveStockItem } from './stock.ts';
import { clearTable, saveTable, seatGuests } from './table.ts';
import { bumpLine, bumpTicket, recallTicket, serveTicket, startTicket } from './ticket.ts';

const declared = [
  openOrder,
  addLine,
  changeLine,
  removeLine,
  sendOrder,
  voidLine,
  voidOrder,
  closeOrder,
  takePayment,
  reversePayment,
  refundPayment,
  startTicket,
  bumpLine,
  bumpTicket,
  recallTicket,
  serveTicket,
  openShift,
  closeShift,
  noSale,
  seatGuests,
  clearTable,
  saveTable,
  saveCategory,
  saveMenuItem,
  removeMenuItem,
  set86,
  saveStockItem,
  adjustStock,
  saveStaff,
  setPin,
  resolveAnomaly,
  decideRefusal,
] as const;

/** Every command there is, in every version that ever shipped. */
export const commands: readonly Command[] = declared;

const byName = new Map(commands.map((command) => [`${command.name}@${command.version}`, command]));

export function findCommand(name: string, version: number): Command | undefined {
  return byName.get(`${name}@${version}`);
}

import { liveLines, type Order, type OrderLine } from '#shared/domain/order.ts';
import type { Ticket } from '#shared/domain/ticket.ts';
import { taxed, type TaxRule } from '#shared/kernel/money.ts';
import type { RowMap } from '../../state/rows.ts';

/** Lines that count and that the kitchen does not have yet. */
export function unsentLines(order: Order): OrderLine[] {
  return liveLines(order).filter((line) => line.sentAt === undefined);
}

/** How many of each item are on the order, by item id. */
export function countByItem(order: Order | undefined): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const line of order === undefined ? [] : liveLines(order)) {
    counts.set(line.itemId, (counts.get(line.itemId) ?? 0) + line.quantity);
  }
  return counts;
}

/** Where what was sent together is now. */
export type SendingState = 'kitchen' | 'ready' | 'served';
export interface Sending {
  sentAt: string;
  state: SendingState;
  /** When the last of it was served, where that is known. */
  servedAt: string | undefined;
  lines: OrderLine[];
}

/** The lines of an order that were sent, one group for each sending, the oldest first. Voided lines stay in theirs. */
export function sendings(order: Order, tickets: RowMap<'ticket'>): Sending[] {
  const groups = new Map<string, OrderLine[]>();
  for (const line of order.lines) {
    if (line.sentAt !== undefined) groups.set(line.sentAt, [...(groups.get(line.sentAt) ?? []), line]);
  }
  const known = order.ticketIds.map((id) => tickets.get(id)).filter((ticket) => ticket !== undefined);
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([sentAt, lines]) => {
      const own = known.filter((ticket) => ticket.sentAt === sentAt);
      const servedAt = own.reduce<string | undefined>(
        (last, { servedAt: at }) => (at !== undefined && (last === undefined || at > last) ? at : last),
        undefined,
      );
      return { sentAt, state: sendingState(own), servedAt, lines };
    });
}

/** A snapshot leaves out tickets that were served: none known means served. */
function sendingState(tickets: readonly Ticket[]): SendingState {
  if (tickets.every((ticket) => ticket.status === 'served')) return 'served';
  return tickets.every((ticket) => ticket.status === 'bumped' || ticket.status === 'served') ? 'ready' : 'kitchen';
}

/** Orders of which something is ready to be served. */
export function readyOrderIds(tickets: RowMap<'ticket'>): ReadonlySet<string> {
  const ready = new Set<string>();
  for (const ticket of tickets.values()) if (ticket.status === 'bumped') ready.add(ticket.orderId);
  return ready;
}

/** The taxes of an order, one entry for each rule, in minor units. */
export function taxesOf(order: Order): { rule: TaxRule; taxMinor: number }[] {
  const byRule = new Map<string, { rule: TaxRule; taxMinor: number }>();
  for (const { quantity, unitPriceMinor, tax } of liveLines(order)) {
    const key = `${tax.code}/${tax.ratePpm}/${tax.mode}`;
    const entry = byRule.get(key) ?? { rule: tax, taxMinor: 0 };
    entry.taxMinor += taxed(quantity * unitPriceMinor, tax).taxMinor;
    byRule.set(key, entry);
  }
  return [...byRule.values()].filter(({ taxMinor }) => taxMinor !== 0);
}

/** The part of a receipt number that people say: `K1-000418` → `418`. */
export function spokenNumber(number: string): string {
  const tail = number.split('-').at(-1) ?? number;
  return tail.replace(/^0+(?=.)/, '');
}

/** A table's name without the word for table when it is only a number. */
export function isBareTableName(name: string): boolean {
  return /^\d+$/.test(name.trim());
}

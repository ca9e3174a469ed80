import type { Branch } from '#shared/domain/branch.ts';
import type { Order } from '#shared/domain/order.ts';
import type { Ticket } from '#shared/domain/ticket.ts';
import type { RowMap } from '../../state/rows.ts';

export type AgeBand = 'fresh' | 'late' | 'very-late';
/** From how many minutes on a ticket is late, and very late. */
export const LATE_MINUTES = 10;
export const VERY_LATE_MINUTES = 20;

export function ageBand(minutes: number): AgeBand {
  if (minutes >= VERY_LATE_MINUTES) return 'very-late';
  return minutes >= LATE_MINUTES ? 'late' : 'fresh';
}

const isOnBoard = (ticket: Ticket) => ticket.status === 'new' || ticket.status === 'started';
const isAt = (ticket: Ticket, stationId: string | undefined) =>
  stationId === undefined || ticket.stationId === stationId;
const isLeft = (line: Ticket['lines'][number]) => line.doneAt === undefined && line.cancelledAt === undefined;

/** The tickets that are still to make, the oldest first. `stationId` undefined: of all stations. */
export function boardTickets(tickets: RowMap<'ticket'>, stationId: string | undefined): Ticket[] {
  const found: Ticket[] = [];
  for (const ticket of tickets.values()) if (isOnBoard(ticket) && isAt(ticket, stationId)) found.push(ticket);
  return found.sort((a, b) => (a.sentAt < b.sentAt ? -1 : a.sentAt > b.sentAt ? 1 : a.id < b.id ? -1 : 1));
}

export interface StationCount {
  id: string;
  name: string;
  count: number;
}

/** How many tickets each station has to make: the branch's stations in their order, then any that only tickets name. */
export function stationCounts(board: readonly Ticket[], stations: Branch['stations']): StationCount[] {
  const counts = new Map<string, number>();
  for (const ticket of board) counts.set(ticket.stationId, (counts.get(ticket.stationId) ?? 0) + 1);
  const known = stations.map(({ id, name }) => ({ id: id as string, name, count: counts.get(id) ?? 0 }));
  const knownIds = new Set(known.map(({ id }) => id));
  const others = [...counts].filter(([id]) => !knownIds.has(id)).map(([id, count]) => ({ id, name: id, count }));
  return [...known, ...others];
}

export interface ToCook {
  name: string;
  quantity: number;
}

/** What is still to make on these tickets, added up by item, the most first. */
export function toCook(board: readonly Ticket[]): ToCook[] {
  const sums = new Map<string, number>();
  for (const ticket of board)
    for (const line of ticket.lines) if (isLeft(line)) sums.set(line.name, (sums.get(line.name) ?? 0) + line.quantity);
  return [...sums]
    .map(([name, quantity]) => ({ name, quantity }))
    .sort((a, b) => b.quantity - a.quantity || a.name.localeCompare(b.name));
}

/** The tickets that have left the board, the last bumped first: those that may come back, or be served. */
export function bumpedTickets(tickets: RowMap<'ticket'>, stationId: string | undefined, limit: number): Ticket[] {
  const found: Ticket[] = [];
  for (const ticket of tickets.values())
    if (ticket.bumpedAt !== undefined && !isOnBoard(ticket) && isAt(ticket, stationId)) found.push(ticket);
  return found.sort((a, b) => ((a.bumpedAt ?? '') < (b.bumpedAt ?? '') ? 1 : -1)).slice(0, limit);
}

/** Whether this station had something of the order before this ticket: it adds to what the cook knows. */
export function isAddition(ticket: Ticket, order: Order | undefined): boolean {
  if (order === undefined) return false;
  return order.lines.some(
    (line) => line.stationId === ticket.stationId && line.sentAt !== undefined && line.sentAt < ticket.sentAt,
  );
}

/** The cancelled lines of a ticket that nobody at this screen has seen yet. `seen` holds `seenKey`s. */
export function unseenCancels(ticket: Ticket, seen: ReadonlySet<string>): Ticket['lines'] {
  return ticket.lines.filter((line) => line.cancelledAt !== undefined && !seen.has(seenKey(ticket.id, line.lineId)));
}

export function seenKey(ticketId: string, lineId: string): string {
  return `${ticketId}/${lineId}`;
}

import { z } from 'zod';
import { isMenuPrice } from '../domain/menu.ts';
import type { Order, OrderLine } from '../domain/order.ts';
import { OrderType, orderTotals, Quantity } from '../domain/order.ts';
import { put, type Put } from '../domain/entity.ts';
import { Session } from '../domain/table.ts';
import type { Flag } from '../domain/anomaly.ts';
import type { Ticket } from '../domain/ticket.ts';
import { AppError } from '../kernel/errors.ts';
import {
  LineId,
  MenuItemId,
  Name,
  OrderId,
  Reason,
  SessionId,
  StationId,
  TableId,
  type TicketId,
} from '../kernel/ids.ts';
import { NonNegativeMinor, TaxRule } from '../kernel/money.ts';
import { defineCommand, type More } from './define-command.ts';
import type { CommandContext } from './envelope.ts';
import { changeMark, holder, orderRefs, shellOrder, targetForAdding } from './order-target.ts';

export const openOrder = defineCommand({
  name: 'order.open',
  version: 1,
  route: 'POST /pos/orders',
  level: 'L2',
  physical: false,
  audit: 'none',
  summary: 'Opens an order; with `seating` it also seats the guests at the table.',
  input: z.object({
    orderId: OrderId,
    number: z.string().max(32).default(''),
    type: OrderType,
    tableId: TableId.optional(),
    tableName: Name.optional(),
    seating: z.object({ sessionId: SessionId, guests: Session.shape.guests }).optional(),
  }),
  reads: ({ orderId, seating }) => ({
    order: { kind: 'order', id: orderId } as const,
    session: seating === undefined ? undefined : ({ kind: 'session', id: seating.sessionId } as const),
  }),
  execute: ({ order, session }, input, ctx) => {
    if (order !== undefined && !order.isShell) throw new AppError('order/exists');
    const base = order ?? shellOrder(input.orderId, ctx);
    const opened: Order = {
      ...base,
      isShell: false,
      number: input.number,
      type: input.type,
      tableId: input.tableId,
      tableName: input.tableName,
      sessionId: input.seating?.sessionId,
      openedAt: ctx.at,
      openedBy: ctx.actorId,
      openedOn: ctx.deviceId,
      openedDay: ctx.businessDay,
    };
    const puts: Put[] = [put('order', opened)];
    if (input.seating !== undefined && input.tableId !== undefined && session === undefined) {
      puts.push(
        put('session', {
          id: input.seating.sessionId,
          branchId: ctx.branchId,
          tableId: input.tableId,
          guests: input.seating.guests,
          status: 'seated',
          seatedAt: ctx.at,
          seatedBy: ctx.actorId,
        }),
      );
    }
    return { puts };
  },
});

export const addLine = defineCommand({
  name: 'order.addLine',
  version: 1,
  route: 'POST /pos/orders/:orderId/lines',
  level: 'L2',
  physical: false,
  audit: 'money',
  summary: 'Adds a line; price, tax and station travel with it as the terminal showed them.',
  input: z.object({
    orderId: OrderId,
    lineId: LineId,
    itemId: MenuItemId,
    name: Name,
    quantity: Quantity,
    unitPriceMinor: NonNegativeMinor,
    tax: TaxRule,
    stationId: StationId,
    note: z.string().trim().max(200).default(''),
  }),
  reads: ({ orderId }, ctx) => orderRefs(orderId, ctx),
  execute: (state, input, ctx) => {
    const { order, flags } = targetForAdding(state, input.orderId, ctx);
    if (order.lines.some((line) => line.id === input.lineId)) throw new AppError('order/line-exists');
    const line: OrderLine = {
      id: input.lineId,
      itemId: input.itemId,
      name: input.name,
      quantity: input.quantity,
      unitPriceMinor: input.unitPriceMinor,
      tax: input.tax,
      stationId: input.stationId,
      note: input.note,
      addedAt: ctx.at,
      addedBy: ctx.actorId,
      addedOn: ctx.deviceId,
    };
    return { puts: [put('order', { ...order, day: ctx.businessDay, lines: [...order.lines, line] })], flags };
  },
  review: {
    reads: ({ itemId }) => [{ kind: 'menuItem', id: itemId }],
    flags: (rows, { itemId, unitPriceMinor, name, quantity, orderId, lineId }) =>
      isMenuPrice(rows('menuItem', itemId), unitPriceMinor)
        ? []
        : [
            {
              code: 'price-not-on-menu',
              orderId,
              subjectId: lineId,
              amountMinor: unitPriceMinor * quantity,
              detail: name,
            },
          ],
  },
});

/** The line of a change that only an unsent line allows. */
function unsentLine(order: Order | undefined, lineId: LineId): { order: Order; line: OrderLine } {
  if (order === undefined) throw new AppError('order/not-found');
  const line = order.lines.find((candidate) => candidate.id === lineId);
  if (line === undefined || line.void !== undefined) throw new AppError('order/line-not-found');
  if (line.sentAt !== undefined) throw new AppError('order/line-sent');
  if (order.status !== 'open') throw new AppError('order/closed');
  return { order, line };
}

const hasLine = (lineId: string) => (order: Order) => order.lines.some((line) => line.id === lineId);

export const changeLine = defineCommand({
  name: 'order.changeLine',
  version: 1,
  route: 'PATCH /pos/orders/:orderId/lines/:lineId',
  level: 'L2',
  physical: false,
  audit: 'money',
  summary: 'Changes quantity or note of a line that the kitchen does not have yet.',
  input: z.object({
    orderId: OrderId,
    lineId: LineId,
    quantity: Quantity.optional(),
    note: z.string().trim().max(200).optional(),
  }),
  reads: ({ orderId }, ctx) => orderRefs(orderId, ctx),
  execute: (state, input, ctx) => {
    const { order, line } = unsentLine(holder(state, hasLine(input.lineId)), input.lineId);
    const { quantity = line.quantity, note = line.note } = input;
    const changed = { ...line, quantity, note, ...changeMark(line, ctx) };
    return { puts: [put('order', { ...order, lines: order.lines.map((each) => (each === line ? changed : each)) })] };
  },
});

export const removeLine = defineCommand({
  name: 'order.removeLine',
  version: 1,
  route: 'DELETE /pos/orders/:orderId/lines/:lineId',
  level: 'L2',
  physical: false,
  audit: 'money',
  summary: 'Takes off a line that the kitchen does not have yet.',
  input: z.object({ orderId: OrderId, lineId: LineId }),
  reads: ({ orderId }, ctx) => orderRefs(orderId, ctx),
  execute: (state, input) => {
    const { order, line } = unsentLine(holder(state, hasLine(input.lineId)), input.lineId);
    return { puts: [put('order', { ...order, lines: order.lines.filter((each) => each !== line) })] };
  },
});

/** The tickets, one per station, for the lines that go to the kitchen now. */
function ticketsFor(order: Order, lines: readonly OrderLine[], ctx: CommandContext): Ticket[] {
  const byStation = new Map<StationId, OrderLine[]>();
  for (const line of lines) byStation.set(line.stationId, [...(byStation.get(line.stationId) ?? []), line]);
  return [...byStation].map(([stationId, stationLines]) => ({
    id: `${ctx.commandId}.${stationId}` as TicketId,
    branchId: ctx.branchId,
    orderId: order.id,
    stationId,
    label: order.tableName ?? order.number,
    type: order.type,
    status: 'new',
    lines: stationLines.map(({ id, name, quantity, note }) => ({ lineId: id, name, quantity, note })),
    sentAt: ctx.at,
    sentBy: ctx.actorId,
    day: ctx.businessDay,
  }));
}

export const sendOrder = defineCommand({
  name: 'order.send',
  version: 1,
  route: 'POST /pos/orders/:orderId/send-to-kitchen',
  level: 'L2',
  physical: true,
  audit: 'none',
  summary: 'Sends the named lines to their stations; lines that the kitchen has already are passed over.',
  input: z.object({ orderId: OrderId, lineIds: z.array(LineId).max(500) }),
  reads: ({ orderId }, ctx) => orderRefs(orderId, ctx),
  execute: (state, input, ctx) => {
    const wanted = new Set<string>(input.lineIds);
    const puts: Put[] = [];
    const flags: Flag[] = [];
    let found = 0;
    // A terminal that did not see a closing has its lines on two orders.
    for (const order of [state.order, state.followUp]) {
      if (order === undefined) continue;
      const named = order.lines.filter((line) => wanted.has(line.id));
      found += named.length;
      const fresh = named.filter((line) => line.sentAt === undefined && line.void === undefined);
      if (fresh.length === 0) continue;
      const tickets = ticketsFor(order, fresh, ctx).map((ticket) =>
        order.followUpOf === undefined ? ticket : { ...ticket, id: `${ticket.id}.f` as TicketId },
      );
      const lines = order.lines.map((line) => (fresh.includes(line) ? { ...line, sentAt: ctx.at } : line));
      const ticketIds = [...order.ticketIds, ...tickets.map((ticket) => ticket.id)];
      puts.push(
        put('order', { ...order, day: ctx.businessDay, lines, ticketIds }),
        ...tickets.map((ticket) => put('ticket', ticket)),
      );
    }
    if (state.order === undefined) {
      puts.push(put('order', shellOrder(input.orderId, ctx)));
      flags.push({ code: 'order-unknown', orderId: input.orderId });
    } else if (found < wanted.size) {
      flags.push({
        code: 'order-unknown',
        orderId: input.orderId,
        detail: `${wanted.size - found} lines are not on the order`,
      });
    }
    return { puts, flags };
  },
});

function voidedLine(line: OrderLine, reason: string, ctx: CommandContext): OrderLine {
  const mark = { reason, at: ctx.at, by: ctx.actorId, on: ctx.deviceId, wasSent: line.sentAt !== undefined };
  return { ...line, void: ctx.approvedBy === undefined ? mark : { ...mark, approvedBy: ctx.approvedBy } };
}

/** The tickets of an order on which one of `lineIds` still stands, with those lines cancelled. */
function cancelOnTickets(order: Order, lineIds: ReadonlySet<string>, more: More, ctx: CommandContext): Put[] {
  const puts: Put[] = [];
  for (const ticketId of order.ticketIds) {
    const ticket = more('ticket', ticketId);
    if (ticket === undefined) continue;
    const touches = (line: Ticket['lines'][number]) => lineIds.has(line.lineId) && line.cancelledAt === undefined;
    if (!ticket.lines.some(touches)) continue;
    const lines = ticket.lines.map((line) =>
      touches(line) ? { ...line, cancelledAt: ctx.at, cancelledBy: ctx.actorId } : line,
    );
    puts.push(put('ticket', { ...ticket, lines }));
  }
  return puts;
}

const ticketRefs = (orders: readonly (Order | undefined)[]) =>
  orders.flatMap((order) => (order?.ticketIds ?? []).map((id) => ({ kind: 'ticket' as const, id })));

const lineAmount = (line: OrderLine) => line.quantity * line.unitPriceMinor;

export const voidLine = defineCommand({
  name: 'order.voidLine',
  version: 1,
  route: 'POST /pos/orders/:orderId/lines/:lineId/void',
  level: 'L3',
  physical: false,
  audit: 'money',
  summary: 'Voids a line that was sent; the kitchen sees it cancelled.',
  input: z.object({ orderId: OrderId, lineId: LineId, reason: Reason }),
  reads: ({ orderId }, ctx) => orderRefs(orderId, ctx),
  readsMore: (state) => ticketRefs([state.order, state.followUp]),
  execute: (state, input, ctx, more) => {
    const order = holder(state, hasLine(input.lineId));
    if (order === undefined) throw new AppError('order/not-found');
    const line = order.lines.find((candidate) => candidate.id === input.lineId);
    if (line === undefined || line.void !== undefined) throw new AppError('order/line-not-found');
    if (line.sentAt === undefined) throw new AppError('order/line-not-sent');
    if (order.status !== 'open') throw new AppError('order/closed');
    const lines = order.lines.map((each) => (each === line ? voidedLine(line, input.reason, ctx) : each));
    return {
      puts: [
        put('order', { ...order, day: ctx.businessDay, lines }),
        ...cancelOnTickets(order, new Set([line.id]), more, ctx),
      ],
      flags: [
        {
          code: 'void-after-send',
          orderId: order.id,
          subjectId: line.id,
          amountMinor: lineAmount(line),
          detail: line.name,
        },
      ],
    };
  },
});

export const voidOrder = defineCommand({
  name: 'order.void',
  version: 1,
  route: 'POST /pos/orders/:orderId/void',
  level: 'L3',
  physical: false,
  audit: 'money',
  summary: 'Voids a whole order that has no payments left on it.',
  input: z.object({ orderId: OrderId, reason: Reason }),
  reads: ({ orderId }, ctx) => orderRefs(orderId, ctx),
  readsMore: (state) => ticketRefs([state.order]),
  execute: ({ order }, input, ctx, more) => {
    if (order === undefined) throw new AppError('order/not-found');
    if (order.status !== 'open') throw new AppError('order/closed');
    if (orderTotals(order).paidMinor > 0) throw new AppError('order/has-payments');
    const sent = order.lines.filter((line) => line.sentAt !== undefined && line.void === undefined);
    const lines = order.lines.map((line) => (line.void === undefined ? voidedLine(line, input.reason, ctx) : line));
    const voided: Order = {
      ...order,
      status: 'voided',
      day: ctx.businessDay,
      lines,
      closedAt: ctx.at,
      closedDay: ctx.businessDay,
      closedBy: ctx.actorId,
      closedOn: ctx.deviceId,
    };
    const flags: Flag[] =
      sent.length === 0
        ? []
        : [
            {
              code: 'void-after-send',
              orderId: order.id,
              amountMinor: sent.reduce((sum, line) => sum + lineAmount(line), 0),
              detail: sent
                .map((line) => line.name)
                .join(', ')
                .slice(0, 300),
            },
          ];
    return {
      puts: [put('order', voided), ...cancelOnTickets(order, new Set(lines.map((line) => line.id)), more, ctx)],
      flags,
    };
  },
});

export const closeOrder = defineCommand({
  name: 'order.close',
  version: 1,
  route: 'POST /pos/orders/:orderId/close',
  level: 'L2',
  physical: true,
  audit: 'money',
  summary: 'Closes an order; its total counts as a sale of the business day.',
  input: z.object({ orderId: OrderId }),
  reads: ({ orderId }, ctx) => orderRefs(orderId, ctx),
  execute: (state, input, ctx) => {
    const { followUp } = state;
    const puts: Put[] = [];
    const flags: Flag[] = [];
    if (state.order === undefined) flags.push({ code: 'order-unknown', orderId: input.orderId });
    const open = [state.order ?? shellOrder(input.orderId, ctx), followUp].filter((order) => order?.status === 'open');
    for (const order of open) {
      if (order === undefined) continue;
      const { dueMinor } = orderTotals(order);
      if (dueMinor > 0)
        flags.push({ code: 'closed-underpaid', orderId: order.id, subjectId: order.id, amountMinor: dueMinor });
      puts.push(
        put('order', {
          ...order,
          status: 'closed',
          day: ctx.businessDay,
          closedAt: ctx.at,
          closedDay: ctx.businessDay,
          closedBy: ctx.actorId,
          closedOn: ctx.deviceId,
        }),
      );
    }
    return { puts, flags };
  },
});

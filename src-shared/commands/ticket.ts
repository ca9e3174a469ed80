import { z } from 'zod';
import { put } from '../domain/entity.ts';
import { isTicketComplete, type Ticket } from '../domain/ticket.ts';
import { AppError } from '../kernel/errors.ts';
import { LineId, TicketId } from '../kernel/ids.ts';
import { defineCommand } from './define-command.ts';

const ticketInput = z.object({ ticketId: TicketId });
const readsTicket = ({ ticketId }: { ticketId: string }) => ({ ticket: { kind: 'ticket', id: ticketId } as const });

function known(ticket: Ticket | undefined): Ticket {
  if (ticket === undefined) throw new AppError('ticket/not-found');
  return ticket;
}

export const startTicket = defineCommand({
  name: 'ticket.start',
  version: 1,
  route: 'POST /kds/tickets/:ticketId/start',
  level: 'L1',
  physical: false,
  audit: 'none',
  summary: 'The station has begun with a ticket.',
  input: ticketInput,
  reads: readsTicket,
  execute: (state, _input, ctx) => {
    const ticket = known(state.ticket);
    if (ticket.status !== 'new') throw new AppError('ticket/wrong-state');
    return { puts: [put('ticket', { ...ticket, status: 'started', startedAt: ctx.at })] };
  },
});

export const bumpLine = defineCommand({
  name: 'ticket.bumpLine',
  version: 1,
  route: 'POST /kds/tickets/:ticketId/lines/:lineId/bump',
  level: 'L1',
  physical: false,
  audit: 'none',
  summary: 'One line is done, or (when it was) not done after all.',
  input: ticketInput.extend({ lineId: LineId, isDone: z.boolean().default(true) }),
  reads: readsTicket,
  execute: (state, input, ctx) => {
    const ticket = known(state.ticket);
    if (ticket.status === 'bumped' || ticket.status === 'served') throw new AppError('ticket/wrong-state');
    if (!ticket.lines.some((line) => line.lineId === input.lineId)) throw new AppError('order/line-not-found');
    const lines = ticket.lines.map((line) =>
      line.lineId === input.lineId ? { ...line, doneAt: input.isDone ? ctx.at : undefined } : line,
    );
    return { puts: [put('ticket', { ...ticket, status: 'started', startedAt: ticket.startedAt ?? ctx.at, lines })] };
  },
});

export const bumpTicket = defineCommand({
  name: 'ticket.bump',
  version: 1,
  route: 'POST /kds/tickets/:ticketId/bump',
  level: 'L1',
  physical: false,
  audit: 'none',
  summary: 'The whole ticket is done and leaves the board.',
  input: ticketInput,
  reads: readsTicket,
  execute: (state, _input, ctx) => {
    const ticket = known(state.ticket);
    if (ticket.status === 'bumped' || ticket.status === 'served') throw new AppError('ticket/wrong-state');
    const lines = isTicketComplete(ticket)
      ? ticket.lines
      : ticket.lines.map((line) =>
          line.doneAt === undefined && line.cancelledAt === undefined ? { ...line, doneAt: ctx.at } : line,
        );
    return { puts: [put('ticket', { ...ticket, status: 'bumped', bumpedAt: ctx.at, lines })] };
  },
});

export const recallTicket = defineCommand({
  name: 'ticket.recall',
  version: 1,
  route: 'POST /kds/tickets/:ticketId/recall',
  level: 'L1',
  physical: false,
  audit: 'none',
  summary: 'A bumped ticket comes back to the board.',
  input: ticketInput,
  reads: readsTicket,
  execute: (state, _input, ctx) => {
    const ticket = known(state.ticket);
    if (ticket.status !== 'bumped' && ticket.status !== 'served') throw new AppError('ticket/wrong-state');
    const lines = ticket.lines.map((line) => ({ ...line, doneAt: undefined }));
    return {
      puts: [
        put('ticket', {
          ...ticket,
          status: 'started',
          lines,
          recalledAt: ctx.at,
          bumpedAt: undefined,
          servedAt: undefined,
        }),
      ],
    };
  },
});

export const serveTicket = defineCommand({
  name: 'ticket.serve',
  version: 1,
  route: 'POST /kds/tickets/:ticketId/serve',
  level: 'L1',
  physical: false,
  audit: 'none',
  summary: 'What was bumped has reached the guest.',
  input: ticketInput,
  reads: readsTicket,
  execute: (state, _input, ctx) => {
    const ticket = known(state.ticket);
    if (ticket.status !== 'bumped') throw new AppError('ticket/wrong-state');
    return { puts: [put('ticket', { ...ticket, status: 'served', servedAt: ctx.at })] };
  },
});

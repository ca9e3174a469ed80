import { z } from 'zod';
import { put } from '../domain/entity.ts';
import { DiningTable, Session } from '../domain/table.ts';
import { AppError } from '../kernel/errors.ts';
import { SessionId, TableId } from '../kernel/ids.ts';
import { defineCommand } from './define-command.ts';

export const saveTable = defineCommand({
  name: 'table.save',
  version: 1,
  route: 'PUT /tables/:tableId',
  level: 'L4',
  physical: false,
  audit: 'none',
  summary: 'Creates or changes a dining table of this branch.',
  input: DiningTable.omit({ id: true, branchId: true }).extend({
    tableId: TableId,
    isRemoved: z.boolean().default(false),
  }),
  reads: ({ tableId }) => ({ table: { kind: 'table', id: tableId } as const }),
  execute: (_state, { tableId, ...rest }, ctx) => ({
    puts: [put('table', { id: tableId, branchId: ctx.branchId, ...rest })],
  }),
});

export const seatGuests = defineCommand({
  name: 'session.seat',
  version: 1,
  route: 'POST /sessions',
  level: 'L2',
  physical: false,
  audit: 'none',
  summary: 'Seats guests at a table; it counts as occupied until it is cleared.',
  input: z.object({ sessionId: SessionId, tableId: TableId, guests: Session.shape.guests }),
  reads: ({ sessionId }) => ({ session: { kind: 'session', id: sessionId } as const }),
  execute: ({ session }, { sessionId, tableId, guests }, ctx) => {
    if (session !== undefined) throw new AppError('session/exists');
    const seated = { id: sessionId, branchId: ctx.branchId, tableId, guests, seatedAt: ctx.at, seatedBy: ctx.actorId };
    return { puts: [put('session', { ...seated, status: 'seated' })] };
  },
});

export const clearTable = defineCommand({
  name: 'session.clear',
  version: 1,
  route: 'POST /sessions/:sessionId/clear',
  level: 'L2',
  physical: false,
  audit: 'none',
  summary: 'The guests have gone and the table is clean.',
  input: z.object({ sessionId: SessionId }),
  reads: ({ sessionId }) => ({ session: { kind: 'session', id: sessionId } as const }),
  execute: ({ session }, _input, ctx) => {
    if (session === undefined) throw new AppError('session/not-found');
    if (session.status === 'cleared') return { puts: [put('session', session)] };
    return { puts: [put('session', { ...session, status: 'cleared', clearedAt: ctx.at })] };
  },
});

import { z } from 'zod';
import type { Flag } from '../domain/anomaly.ts';
import { put } from '../domain/entity.ts';
import { hasLevel } from '../domain/level.ts';
import type { Shift } from '../domain/shift.ts';
import type { Staff } from '../domain/staff.ts';
import { AppError } from '../kernel/errors.ts';
import { Reason, ShiftId } from '../kernel/ids.ts';
import { Minor, NonNegativeMinor } from '../kernel/money.ts';
import { defineCommand } from './define-command.ts';
import type { CommandContext } from './envelope.ts';

const readsShift = ({ shiftId }: { shiftId: string }) => ({ shift: { kind: 'shift', id: shiftId } as const });

function shellShift(shiftId: ShiftId, ctx: CommandContext): Shift {
  return {
    id: shiftId,
    branchId: ctx.branchId,
    deviceId: ctx.deviceId,
    staffId: ctx.actorId,
    status: 'open',
    isShell: true,
    floatMinor: 0,
    openedAt: ctx.at,
    openedDay: ctx.businessDay,
    noSales: [],
  };
}

export const openShift = defineCommand({
  name: 'shift.open',
  version: 1,
  route: 'POST /pos/shifts',
  level: 'L2',
  physical: false,
  audit: 'money',
  summary: 'Opens the shift of the person who is signed in, with the money that lies in the drawer.',
  input: z.object({ shiftId: ShiftId, floatMinor: NonNegativeMinor }),
  reads: readsShift,
  execute: ({ shift }, input, ctx) => {
    if (shift !== undefined && !shift.isShell) throw new AppError('shift/exists');
    const base = shift ?? shellShift(input.shiftId, ctx);
    return {
      puts: [
        put('shift', {
          ...base,
          isShell: false,
          deviceId: ctx.deviceId,
          staffId: ctx.actorId,
          floatMinor: input.floatMinor,
          openedAt: ctx.at,
          openedDay: ctx.businessDay,
        }),
      ],
    };
  },
});

/** One's own shift needs L2, somebody else's L3. */
function forbidsOthers(actor: Staff, _input: unknown, state: { shift: Shift | undefined }): AppError | undefined {
  if (state.shift === undefined || state.shift.staffId === actor.id || hasLevel(actor.level, 'L3')) return undefined;
  return new AppError('shift/not-own');
}

export const closeShift = defineCommand({
  name: 'shift.close',
  version: 1,
  route: 'POST /pos/shifts/:shiftId/close',
  level: 'L2',
  physical: true,
  audit: 'money',
  summary: 'Closes a shift with the money that was counted; what should be there comes from the terminal.',
  input: z.object({ shiftId: ShiftId, countedMinor: NonNegativeMinor, expectedMinor: Minor }),
  reads: readsShift,
  forbids: forbidsOthers,
  execute: ({ shift }, input, ctx) => {
    const flags: Flag[] = [];
    if (shift === undefined) flags.push({ code: 'shift-unknown', subjectId: input.shiftId });
    // Closed already: the first count stands.
    if (shift?.status === 'closed')
      return { puts: [put('shift', shift)], flags: [{ code: 'shift-unknown', subjectId: shift.id }] };
    const shortMinor = input.expectedMinor - input.countedMinor;
    if (shortMinor > 0) flags.push({ code: 'cash-short', subjectId: input.shiftId, amountMinor: shortMinor });
    return {
      puts: [
        put('shift', {
          ...(shift ?? shellShift(input.shiftId, ctx)),
          status: 'closed',
          closedAt: ctx.at,
          closedDay: ctx.businessDay,
          closedBy: ctx.actorId,
          countedMinor: input.countedMinor,
          expectedMinor: input.expectedMinor,
        }),
      ],
      flags,
    };
  },
});

export const noSale = defineCommand({
  name: 'shift.noSale',
  version: 1,
  route: 'POST /pos/shifts/:shiftId/no-sale',
  level: 'L3',
  physical: true,
  audit: 'money',
  summary: 'Opens the drawer without a sale.',
  input: z.object({ shiftId: ShiftId, reason: Reason }),
  reads: readsShift,
  execute: ({ shift }, input, ctx) => {
    const mark = { at: ctx.at, by: ctx.actorId, reason: input.reason };
    const base = shift ?? shellShift(input.shiftId, ctx);
    const noSales = [...base.noSales, ctx.approvedBy === undefined ? mark : { ...mark, approvedBy: ctx.approvedBy }];
    const flags: Flag[] = [{ code: 'no-sale', subjectId: input.shiftId, detail: input.reason }];
    if (shift === undefined) flags.push({ code: 'shift-unknown', subjectId: input.shiftId });
    return { puts: [put('shift', { ...base, noSales })], flags };
  },
});

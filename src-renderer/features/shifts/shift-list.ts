import type { Shift } from '#shared/domain/shift.ts';
import type { RowMap } from '../../state/rows.ts';

/** The shifts that are open, or were opened or closed on `day`: the open ones first, then the latest first. */
export function shiftsOfDay(shifts: RowMap<'shift'>, day: string): Shift[] {
  return [...shifts.values()]
    .filter((shift) => shift.status === 'open' || shift.openedDay === day || shift.closedDay === day)
    .sort((a, b) => Number(b.status === 'open') - Number(a.status === 'open') || (a.openedAt < b.openedAt ? 1 : -1));
}

/** The open shift of one person on one terminal. */
export function ownShift(shifts: RowMap<'shift'>, deviceId: string, staffId: string): Shift | undefined {
  for (const shift of shifts.values()) {
    if (shift.status === 'open' && shift.deviceId === deviceId && shift.staffId === staffId) return shift;
  }
  return undefined;
}

import { z } from 'zod';
import type { BusinessDay } from '../kernel/business-day.ts';
import { businessDayOf, DayStartHour, TimeZone } from '../kernel/business-day.ts';
import { BranchId, Name, OrgId, StationId } from '../kernel/ids.ts';
import { Currency } from '../kernel/money.ts';

export const Organisation = z.object({ id: OrgId, name: Name, currency: Currency });
export type Organisation = z.infer<typeof Organisation>;

export const Station = z.object({ id: StationId, name: Name });
export type Station = z.infer<typeof Station>;

export const Branch = z.object({
  id: BranchId,
  name: Name,
  zone: TimeZone,
  dayStartHour: DayStartHour,
  stations: z.array(Station).min(1).max(40),
});
export type Branch = z.infer<typeof Branch>;

/** The business day of a branch at the moment `ms`. */
export function branchDay(branch: Pick<Branch, 'zone' | 'dayStartHour'>, ms: number): BusinessDay {
  return businessDayOf(ms, branch.zone, branch.dayStartHour);
}

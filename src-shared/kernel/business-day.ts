import { z } from 'zod';

/** A business day, `YYYY-MM-DD`: named after the date on which it starts. */
export const BusinessDay = z.iso.date().brand<'BusinessDay'>();
export type BusinessDay = z.infer<typeof BusinessDay>;

/** An IANA time zone such as `Africa/Kampala`. */
export const TimeZone = z.string().refine((zone) => {
  try {
    formatterOf(zone);
    return true;
  } catch {
    return false;
  }
}, 'not a time zone (IANA name, such as Africa/Kampala)');
export const DayStartHour = z.int().min(0).max(23);

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    });
    formatters.set(zone, formatter);
  }
  return formatter;
}

export interface LocalTime {
  /** `YYYY-MM-DD` on the wall calendar. */
  date: string;
  hour: number;
  minute: number;
}

/** The wall-clock date and time of `ms` in `zone`. */
export function localTime(ms: number, zone: string): LocalTime {
  const part: Record<string, string> = {};
  for (const { type, value } of formatterOf(zone).formatToParts(ms)) part[type] = value;
  return {
    date: `${part['year']}-${part['month']}-${part['day']}`,
    hour: Number(part['hour']),
    minute: Number(part['minute']),
  };
}

const DAY_MS = 86_400_000;

/** The calendar date `days` after `day` (negative: before). */
export function addDays(day: string, days: number): BusinessDay {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10) as BusinessDay;
}

/** The business day that `ms` belongs to: hours before `dayStartHour` on the wall clock belong to the day before. */
export function businessDayOf(ms: number, zone: string, dayStartHour: number): BusinessDay {
  const { date, hour } = localTime(ms, zone);
  return hour < dayStartHour ? addDays(date, -1) : (date as BusinessDay);
}

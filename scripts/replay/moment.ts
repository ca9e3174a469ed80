/** How a date with dashes is written. `year-day-month`: a spreadsheet once exchanged the two. */
export type DashedDates = 'year-month-day' | 'year-day-month';

/** An earlier year is a slip of the pen; no till of ours is older. */
const FIRST_YEAR = 2000;

const DASHED = /^(\d{4})-(\d{1,2})-(\d{1,2})$/;
const SLASHED = /^(\d{1,2})\/(\d{1,2})\/(\d{2}|\d{4})$/;
const TIME = /^(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s*([AaPp])\.?[Mm]\.?)?$/;

/**
 * Reads a date as `YYYY-MM-DD`: `2023-01-31`, or month/day/year as `1/31/23` (years 2000 to 2099) or `1/31/2023`.
 * `undefined` when it is neither, or no day of the calendar.
 */
export function dayOf(text: string, dashed: DashedDates): string | undefined {
  const dashes = DASHED.exec(text);
  if (dashes !== null) {
    const [, year, second, third] = dashes;
    return dashed === 'year-month-day' ? calendarDay(year, second, third) : calendarDay(year, third, second);
  }
  const slashes = SLASHED.exec(text);
  if (slashes === null) return undefined;
  const [, month, day, year = ''] = slashes;
  return calendarDay(year.length === 2 ? `20${year}` : year, month, day);
}

function calendarDay(year = '', month = '', day = ''): string | undefined {
  if (Number(year) < FIRST_YEAR) return undefined;
  const text = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const ms = Date.parse(`${text}T00:00:00Z`);
  // 30 February parses, as 2 March.
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text ? undefined : text;
}

/** Reads a time as milliseconds since midnight: `11:38:36 AM`, `1:05 PM`, or `23:05:00`. `undefined` when it is none. */
export function timeOf(text: string): number | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [, hourText, minuteText, secondText = '0', half] = match;
  const [hour, minute, second] = [Number(hourText), Number(minuteText), Number(secondText)];
  if (minute > 59 || second > 59 || hour > 23) return undefined;
  if (half !== undefined && (hour < 1 || hour > 12)) return undefined;
  const isAfternoon = half?.toLowerCase() === 'p';
  const hours = half === undefined ? hour : (hour % 12) + (isAfternoon ? 12 : 0);
  return ((hours * 60 + minute) * 60 + second) * 1000;
}

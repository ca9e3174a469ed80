import { currencyDecimals, minorToText } from '#shared/kernel/money.ts';

const numbers = new Map<string, Intl.NumberFormat>();
const times = new Map<string, Intl.DateTimeFormat>();

function numberFormat(locale: string, currency: string, withCurrency: boolean): Intl.NumberFormat {
  const key = `${locale}/${currency}/${withCurrency}`;
  let format = numbers.get(key);
  if (format === undefined) {
    const decimals = currencyDecimals(currency);
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    format = new Intl.NumberFormat(locale, withCurrency ? { style: 'currency', currency, ...digits } : digits);
    numbers.set(key, format);
  }
  return format;
}

/** An amount with its currency, "UGX 170,000". `minor`: integer minor units. Exact whatever the size. */
export function moneyText(minor: number, currency: string, locale = 'en'): string {
  return numberFormat(locale, currency, true).format(minorToText(minor, currency) as Intl.StringNumericLiteral);
}

/** An amount without its currency, "170,000", for lists in which it stands once for all. */
export function amountText(minor: number, currency: string, locale = 'en'): string {
  return numberFormat(locale, currency, false).format(minorToText(minor, currency) as Intl.StringNumericLiteral);
}

/** An amount rounded for the axis of a chart, "250K". */
export function compactAmountText(minor: number, currency: string, locale = 'en'): string {
  const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
  return compact.format(minorToText(minor, currency) as Intl.StringNumericLiteral);
}

function timeFormat(locale: string, zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale}/${zone}/${JSON.stringify(options)}`;
  let format = times.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale, { timeZone: zone, hourCycle: 'h23', ...options });
    times.set(key, format);
  }
  return format;
}

/** The time of day in the branch's zone, "19:42". `at`: ISO text or ms. */
export function timeText(at: string | number, zone: string, locale = 'en'): string {
  return timeFormat(locale, zone, { hour: '2-digit', minute: '2-digit' }).format(new Date(at));
}

/** Day and time in the branch's zone, "Sat 21 Nov, 19:42". */
export function dayTimeText(at: string | number, zone: string, locale = 'en'): string {
  const day = timeFormat(locale === 'en' ? 'en-GB' : locale, zone, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
  });
  return `${day.format(new Date(at)).replace(',', '')}, ${timeText(at, zone, locale)}`;
}

/** Whole minutes from `at` to `nowMs`, never negative. */
export function minutesSince(at: string | number, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - new Date(at).getTime()) / 60_000));
}

/** The two letters of a face: first letters of the first and last word of a name. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const first = [...(words[0] ?? '')][0] ?? '';
  const second = words.length > 1 ? ([...(words.at(-1) ?? '')][0] ?? '') : ([...(words[0] ?? '')][1] ?? '');
  return (first + second).toUpperCase();
}

/** A name as it fits in a corner, "Anna N." */
export function shortName(name: string): string {
  const words = name.trim().split(/\s+/);
  const lastWord = words.length > 1 ? words.at(-1) : undefined;
  return lastWord === undefined ? name : `${words[0]} ${[...lastWord][0]?.toUpperCase()}.`;
}

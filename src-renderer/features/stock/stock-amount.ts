const MAX_WHOLE = 9;
const DECIMALS = 3;

/** What was typed so far with one more digit or point. Keeps to nine digits and three decimals. */
export function typeAmount(typed: string, key: string): string {
  if (key === '.') return typed.includes('.') ? typed : `${typed === '' ? '0' : typed}.`;
  const next = (typed + key).replace(/^0+(?=\d)/, '');
  const [whole = '', decimals] = next.split('.');
  if (whole.length > MAX_WHOLE || (decimals ?? '').length > DECIMALS) return typed;
  return next;
}

/** Reads "1.5" or "1,5" as 1500 thousandths, exactly; `undefined` when it is no such amount. Nothing is none. */
export function parseMilli(text: string): number | undefined {
  const match = /^(\d{0,9})(?:[.,](\d{0,3}))?$/.exec(text.trim());
  if (match === null) return undefined;
  const [, whole = '', decimals = ''] = match;
  if (whole === '' && decimals === '') return undefined;
  return Number(whole) * 1_000 + Number(decimals.padEnd(DECIMALS, '0'));
}

/** Thousandths as a plain decimal text, "1.5", for a field to start from. */
export function plainMilli(milli: number): string {
  const magnitude = Math.abs(milli);
  const decimals = String(magnitude % 1_000)
    .padStart(DECIMALS, '0')
    .replace(/0+$/, '');
  const whole = Math.trunc(magnitude / 1_000);
  return `${milli < 0 ? '-' : ''}${whole}${decimals === '' ? '' : `.${decimals}`}`;
}

const formats = new Map<string, Intl.NumberFormat>();

/** An amount of stock as the locale writes it: 1500 thousandths are "1.5". `hasSign`: with its plus too. */
export function milliText(milli: number, locale: string, hasSign = false): string {
  const key = `${locale}/${hasSign}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat(locale, {
      maximumFractionDigits: DECIMALS,
      signDisplay: hasSign ? 'exceptZero' : 'auto',
    });
    formats.set(key, format);
  }
  return format.format(plainMilli(milli) as Intl.StringNumericLiteral);
}

/** The decimal sign of the locale. */
export function decimalSign(locale: string): string {
  return new Intl.NumberFormat(locale).formatToParts(1.5).find(({ type }) => type === 'decimal')?.value ?? '.';
}

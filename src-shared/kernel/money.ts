import { z } from 'zod';
import { AppError } from './errors.ts';

/** An amount in integer minor units of the organisation's currency; may be negative. */
export const Minor = z.int();
/** An amount that cannot be negative. Capped so that sums of a day stay exact in a double. */
export const NonNegativeMinor = z.int().nonnegative().max(1_000_000_000_000);
/** An amount above zero. */
export const PositiveMinor = NonNegativeMinor.positive();

const NO_DECIMALS = new Set('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF'.split(' '));
const THREE_DECIMALS = new Set('BHD IQD JOD KWD LYD OMR TND'.split(' '));

/** ISO 4217 code. */
export const Currency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'a currency is three capital letters, such as UGX or USD')
  .refine((code) => Intl.supportedValuesOf('currency').includes(code), 'this currency is not known (ISO 4217)');

/** Decimals of a currency: UGX 0, USD 2, KWD 3. A fixed table, since ICU versions differ between hosts. */
export function currencyDecimals(currency: string): 0 | 2 | 3 {
  if (NO_DECIMALS.has(currency)) return 0;
  return THREE_DECIMALS.has(currency) ? 3 : 2;
}

/**
 * How an item is taxed. `ratePpm` is the rate in parts per million (18 % = 180000), so that 8.875 % is an integer.
 * `inclusive`: the price contains the tax. `exclusive`: the tax comes on top.
 */
export const TaxRule = z.object({
  code: z.string().min(1).max(16),
  ratePpm: z.int().min(0).max(1_000_000),
  mode: z.enum(['inclusive', 'exclusive']),
});
export type TaxRule = z.infer<typeof TaxRule>;

export interface TaxedAmount {
  netMinor: number;
  taxMinor: number;
  grossMinor: number;
}

const PPM = 1_000_000;

/** Rounds `a × b ÷ c` half away from zero, exactly, whatever the size. `c` is positive. */
export function mulDivRound(a: number, b: number, c: number): number {
  const product = a * b;
  if (Number.isSafeInteger(product)) {
    const magnitude = Math.abs(product);
    const rest = magnitude % c;
    const quotient = (magnitude - rest) / c + (rest * 2 >= c ? 1 : 0);
    return product < 0 ? -quotient : quotient;
  }
  const big = BigInt(a) * BigInt(b);
  const magnitude = big < 0n ? -big : big;
  const quotient = Number((magnitude * 2n + BigInt(c)) / (BigInt(c) * 2n));
  return big < 0n ? -quotient : quotient;
}

/**
 * Splits a line's amount into net, tax and gross. The one place where money is rounded, once per line,
 * half away from zero. Inclusive: tax = amount × rate ÷ (1 + rate); exclusive: tax = amount × rate.
 */
export function taxed(amountMinor: number, tax: TaxRule): TaxedAmount {
  if (tax.mode === 'inclusive') {
    const taxMinor = mulDivRound(amountMinor, tax.ratePpm, PPM + tax.ratePpm);
    return { netMinor: amountMinor - taxMinor, taxMinor, grossMinor: amountMinor };
  }
  const taxMinor = mulDivRound(amountMinor, tax.ratePpm, PPM);
  return { netMinor: amountMinor, taxMinor, grossMinor: amountMinor + taxMinor };
}

/**
 * Reads a decimal text such as "12.95" as minor units of `currency`, exactly.
 * Throws `money/invalid` when it is no number or has more decimals than the currency knows.
 */
export function parseMinor(text: string, currency: string): number {
  const decimals = currencyDecimals(currency);
  const match = /^(-?)(\d{1,12})(?:\.(\d+))?$/.exec(text.trim());
  if (match === null) throw new AppError('money/invalid', `"${text}" is not an amount. Write it like 12.50.`);
  const fraction = (match[3] ?? '').replace(/0+$/, '');
  if (fraction.length > decimals) {
    throw new AppError(
      'money/invalid',
      `"${text}" has more decimals than ${currency} knows (${decimals}). Check the amount or the currency.`,
    );
  }
  const minor = Number(`${match[2]}${fraction.padEnd(decimals, '0')}`);
  return match[1] === '-' && minor !== 0 ? -minor : minor;
}

/** Writes minor units as a plain decimal text, "12.95": the exact inverse of `parseMinor`. */
export function minorToText(minor: number, currency: string): string {
  const decimals = currencyDecimals(currency);
  const digits = String(Math.abs(minor)).padStart(decimals + 1, '0');
  const sign = minor < 0 ? '-' : '';
  if (decimals === 0) return sign + digits;
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { Currency, currencyDecimals, minorToText, mulDivRound, parseMinor, taxed } from '#shared/kernel/money.ts';

describe('currencies', () => {
  test.each([
    ['UGX', 0],
    ['JPY', 0],
    ['USD', 2],
    ['GHS', 2],
    ['KWD', 3],
  ] as const)('%s has %i decimals', (currency, decimals) => {
    expect(currencyDecimals(currency)).toBe(decimals);
  });

  test('a code that does not exist is refused', () => {
    expect(Currency.safeParse('USD').success).toBe(true);
    expect(Currency.safeParse('ZZZ').success).toBe(false);
    expect(Currency.safeParse('usd').success).toBe(false);
  });
});

describe('amounts as text', () => {
  test.each([
    ['12.95', 'USD', 1295],
    ['9', 'USD', 900],
    ['9.5', 'USD', 950],
    ['0.05', 'USD', 5],
    ['-3.20', 'USD', -320],
    ['12000', 'UGX', 12000],
    ['12000.00', 'UGX', 12000],
    ['1.234', 'KWD', 1234],
  ] as const)('%s %s is %i', (text, currency, minor) => {
    expect(parseMinor(text, currency)).toBe(minor);
  });

  test.each([
    ['12.955', 'USD'],
    ['12.5', 'UGX'],
    ['1,200', 'UGX'],
    ['', 'USD'],
    ['abc', 'USD'],
    ['1e3', 'USD'],
  ] as const)('%s is no amount in %s', (text, currency) => {
    expect(() => parseMinor(text, currency)).toThrow(expect.objectContaining({ code: 'money/invalid' }));
  });

  property.prop([fc.integer({ min: -1e12, max: 1e12 }), fc.constantFrom('UGX', 'USD', 'KWD')])(
    'text and minor units are inverse',
    (minor, currency) => {
      expect(parseMinor(minorToText(minor, currency), currency)).toBe(minor);
    },
  );
});

describe('tax', () => {
  test('18 % inclusive of 170,000 is 25,932 (the mock-up’s receipt)', () => {
    expect(taxed(170_000, { code: 'vat', ratePpm: 180_000, mode: 'inclusive' })).toEqual({
      netMinor: 144_068,
      taxMinor: 25_932,
      grossMinor: 170_000,
    });
  });

  test('8.875 % exclusive comes on top, rounded half up', () => {
    expect(taxed(1000, { code: 'nyc', ratePpm: 88_750, mode: 'exclusive' })).toEqual({
      netMinor: 1000,
      taxMinor: 89,
      grossMinor: 1089,
    });
  });

  property.prop([fc.nat(1e12), fc.nat(1_000_000), fc.constantFrom('inclusive' as const, 'exclusive' as const)])(
    'net and tax add up to gross, within half a minor unit of the exact tax',
    (amount, ratePpm, mode) => {
      const split = taxed(amount, { code: 't', ratePpm, mode });
      expect(split.netMinor + split.taxMinor).toBe(split.grossMinor);
      const divisor = mode === 'inclusive' ? 1_000_000n + BigInt(ratePpm) : 1_000_000n;
      const error = BigInt(split.taxMinor) * divisor - BigInt(amount) * BigInt(ratePpm);
      expect((error < 0n ? -error : error) * 2n <= divisor).toBe(true);
    },
  );

  test('rounds half away from zero, beyond 2^53 too', () => {
    expect([mulDivRound(5, 1, 2), mulDivRound(-5, 1, 2), mulDivRound(4, 1, 3)]).toEqual([3, -3, 1]);
    expect(mulDivRound(999_999_999_999, 999_999, 1_000_000)).toBe(999_998_999_999);
  });
});

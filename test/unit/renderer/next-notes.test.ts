import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextNotes } from '../../../src-renderer/features/pos/next-notes.ts';

test('offers the sums that a guest is likely to hand over', () => {
  expect(nextNotes(170_000, 'UGX')).toEqual([180_000, 200_000]);
  expect(nextNotes(12_500, 'UGX')).toEqual([13_000, 15_000, 20_000, 50_000]);
  expect(nextNotes(2_340, 'USD')).toEqual([2_500, 3_000, 5_000, 10_000]);
  expect(nextNotes(3_750, 'KWD')).toEqual([4_000, 5_000, 10_000, 20_000]);
});

test('offers nothing when nothing is due', () => {
  expect(nextNotes(0, 'UGX')).toEqual([]);
  expect(nextNotes(-500, 'UGX')).toEqual([]);
});

test('every sum is more than what is due, they rise, and there are at most as many as asked for', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000_000 }),
      fc.constantFrom('UGX', 'USD', 'KWD', 'XOF', 'CHF'),
      (due, currency) => {
        const sums = nextNotes(due, currency, 3);
        expect(sums.length).toBeLessThanOrEqual(3);
        expect(sums.every((sum) => sum > due)).toBe(true);
        expect(sums).toEqual([...new Set(sums)].sort((a, b) => a - b));
      },
    ),
  );
});

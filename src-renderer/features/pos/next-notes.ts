import { currencyDecimals } from '#shared/kernel/money.ts';

/** The banknotes that are really in use, in whole units of the currency. */
const NOTES: Record<string, readonly number[]> = {
  UGX: [1_000, 2_000, 5_000, 10_000, 20_000, 50_000],
  KES: [50, 100, 200, 500, 1_000],
  TZS: [500, 1_000, 2_000, 5_000, 10_000],
  RWF: [500, 1_000, 2_000, 5_000],
  ETB: [10, 50, 100, 200],
  GHS: [1, 2, 5, 10, 20, 50, 100, 200],
  NGN: [50, 100, 200, 500, 1_000],
  ZAR: [10, 20, 50, 100, 200],
  XAF: [500, 1_000, 2_000, 5_000, 10_000],
  XOF: [500, 1_000, 2_000, 5_000, 10_000],
  EUR: [5, 10, 20, 50, 100],
  GBP: [5, 10, 20, 50],
  USD: [1, 5, 10, 20, 50, 100],
  INR: [10, 20, 50, 100, 200, 500],
  KWD: [0.25, 0.5, 1, 5, 10, 20],
};
const OTHERS: readonly number[] = [1, 5, 10, 20, 50, 100, 500, 1_000, 5_000, 10_000, 50_000, 100_000];

function noteCount(amount: number, notes: readonly number[]): number {
  let rest = amount;
  let count = 0;
  for (const note of notes) {
    count += Math.floor(rest / note);
    rest %= note;
  }
  return count;
}

/**
 * What a guest is likely to hand over for `dueMinor`, more than the exact amount: the next round sums of this
 * currency's notes, those of the fewest notes, rising. At most `limit` of them.
 */
export function nextNotes(dueMinor: number, currency: string, limit = 4): number[] {
  if (dueMinor <= 0) return [];
  const factor = 10 ** currencyDecimals(currency);
  const notes = (NOTES[currency] ?? OTHERS).map((note) => Math.round(note * factor)).sort((a, b) => b - a);
  const sums = new Set(notes.map((note) => Math.ceil(dueMinor / note) * note).filter((sum) => sum > dueMinor));
  return [...sums]
    .map((sum) => ({ sum, count: noteCount(sum, notes) }))
    .sort((a, b) => a.count - b.count || a.sum - b.sum)
    .slice(0, limit)
    .map(({ sum }) => sum)
    .sort((a, b) => a - b);
}

import { describe, expect, test } from 'vitest';
import { differencesIn, type Findings, isGood, resultOf } from '../../../scripts/replay/result.ts';

const day = (orders: number, cashMinor: number, momoMinor: number) => ({
  orders,
  revenueMinor: cashMinor + momoMinor,
  cashMinor,
  momoMinor,
});
const own = (name: string, orders: number, cashMinor: number, momoMinor: number) => ({
  day: name,
  orders,
  salesMinor: cashMinor + momoMinor,
  cashMinor,
  momoMinor,
  cardMinor: 0,
});

function findings(change: Partial<Findings> = {}): Findings {
  return {
    expected: {
      orders: 3,
      lines: 5,
      revenueMinor: 600,
      days: { '2023-01-31': day(2, 100, 200), '2023-02-01': day(1, 300, 0) },
    },
    skippedLines: 4,
    commands: 17,
    outbox: { pending: 0, rejected: 0 },
    terminalDays: [own('2023-01-31', 2, 100, 200), own('2023-02-01', 1, 300, 0)],
    cloudDays: { '2023-01-31': day(2, 100, 200), '2023-02-01': day(1, 300, 0) },
    cloudMonths: { '2023-01': 300, '2023-02': 300 },
    faults: { cuts: 0, kills: 0 },
    elapsedMs: 1_500.4,
    ...change,
  };
}

test('the result has exactly the agreed fields, in their order', () => {
  const result = resultOf(findings());
  expect(JSON.stringify(result)).toBe(
    '{"orders":3,"lines":5,"skippedLines":4,"revenueMinor":600,"commands":17,' +
      '"days":{"2023-01-31":{"orders":2,"revenueMinor":300,"cashMinor":100,"momoMinor":200},"2023-02-01":{"orders":1,"revenueMinor":300,"cashMinor":300,"momoMinor":0}},' +
      '"outbox":{"pending":0,"rejected":0},"terminal":{"orders":3,"revenueMinor":600},' +
      '"cloud":{"orders":3,"revenueMinor":600,"days":{"2023-01-31":{"orders":2,"revenueMinor":300,"cashMinor":100,"momoMinor":200},"2023-02-01":{"orders":1,"revenueMinor":300,"cashMinor":300,"momoMinor":0}}},' +
      '"equal":true,"faults":{"cuts":0,"kills":0},"elapsedMs":1500,"ordersPerSecond":2}',
  );
  expect(isGood(result)).toBe(true);
});

describe('is not equal when', () => {
  test.each<[string, Partial<Findings>, string]>([
    [
      'the terminal lost a sale',
      { terminalDays: [own('2023-01-31', 2, 100, 200)] },
      '2023-02-01 orders: the files say 1, the terminal says 0',
    ],
    [
      'the cloud counts cash as mobile money',
      { cloudDays: { '2023-01-31': day(2, 200, 100), '2023-02-01': day(1, 300, 0) } },
      '2023-01-31 cashMinor: the files say 100, the cloud says 200',
    ],
    [
      'the cloud has an order twice',
      { cloudDays: { '2023-01-31': day(3, 100, 200), '2023-02-01': day(1, 300, 0) } },
      '2023-01-31 orders: the files say 2, the cloud says 3',
    ],
    [
      'the terminal has a sale on another day',
      { terminalDays: [own('2023-01-31', 2, 100, 200), own('2023-02-01', 1, 300, 0), own('2023-02-02', 1, 1, 0)] },
      '2023-02-02 orders: the files say 0, the terminal says 1',
    ],
    [
      'the cloud has a sale on a day that nobody asked for',
      { cloudMonths: { '2023-01': 300, '2023-02': 301 } },
      '2023-02 sales: the files say 300, the cloud says 301',
    ],
  ])('%s', (_what, change, said) => {
    expect(differencesIn(findings(change))[0]).toBe(said);
    const result = resultOf(findings(change));
    expect(result.equal).toBe(false);
    expect(isGood(result)).toBe(false);
  });
});

test.each([
  { pending: 1, rejected: 0 },
  { pending: 0, rejected: 1 },
])('is not good with %j in the outbox, equal or not', (outbox) => {
  const result = resultOf(findings({ outbox }));
  expect(result.equal).toBe(true);
  expect(isGood(result)).toBe(false);
});

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseArguments } from '../../../scripts/replay/arguments.ts';

describe('the command line', () => {
  test('without anything: the sample, in dollars, on a cloud of its own', () => {
    expect(parseArguments([], '/here')).toMatchObject({
      menuPath: expect.stringMatching(/restaurant-orders[\\/]menu_items\.csv$/),
      ordersPath: expect.stringMatching(/restaurant-orders[\\/]order_details\.csv$/),
      currency: 'USD',
      dashedDates: 'year-month-day',
      cloud: undefined,
      faultSeed: undefined,
      rejectsPath: undefined,
      jsonPath: undefined,
    });
  });

  test('everything', () => {
    const args =
      '--menu m.csv --orders sub/o.csv --currency KWD --cloud http://127.0.0.1:4601/ --enrol ABC-123 --rejects r.csv --json /out.json';
    expect(parseArguments(args.split(' '), '/here')).toEqual({
      menuPath: join('/here', 'm.csv'),
      ordersPath: join('/here', 'sub', 'o.csv'),
      currency: 'KWD',
      dashedDates: 'year-month-day',
      cloud: { url: 'http://127.0.0.1:4601', code: 'ABC-123' },
      faultSeed: undefined,
      rejectsPath: join('/here', 'r.csv'),
      jsonPath: '/out.json',
    });
    expect(parseArguments(['--faults=3'], '/here')).toMatchObject({ faultSeed: 3 });
    expect(parseArguments(['--menu', 'x', '--help'], '/here')).toBe('help');
  });

  test.each<[string, string[], string]>([
    ['an unknown option', ['--fault', '1'], "Unknown option '--fault'"],
    ['a stray word', ['menu.csv'], "Unexpected argument 'menu.csv'"],
    ['a value left out', ['--currency'], "Option '--currency <value>' argument missing"],
    ['an empty value', ['--json='], '--json needs a value'],
    ['a menu without orders', ['--menu', 'm.csv'], '--menu and --orders go together'],
    ['a cloud without a code', ['--cloud', 'http://x'], '--cloud and --enrol go together'],
    ['a code without a cloud', ['--enrol', 'ABC'], '--cloud and --enrol go together'],
    ['faults in a foreign cloud', ['--cloud', 'http://x', '--enrol', 'A', '--faults', '1'], '--faults kills the cloud'],
    ['a seed that is none', ['--faults', 'x'], '--faults x: the seed is a whole number'],
    ['an address that is none', ['--cloud', 'ftp://x', '--enrol', 'A'], '--cloud ftp://x: not an address'],
    ['a style of dates that is none', ['--dates', 'dmy'], '--dates dmy: year-month-day or year-day-month'],
  ])('refuses %s', (_what, args, message) => {
    expect(() => parseArguments(args, '/here')).toThrow(
      expect.objectContaining({ code: 'input/invalid', message: expect.stringContaining(message) }),
    );
  });

  test.each(['usd', 'US', 'XQQ', '$'])('refuses the currency %s', (currency) => {
    expect(() => parseArguments(['--currency', currency], '/here')).toThrow(
      expect.objectContaining({ code: 'currency/wrong', message: expect.stringContaining(`--currency ${currency}`) }),
    );
  });
});

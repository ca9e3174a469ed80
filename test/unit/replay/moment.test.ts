import { describe, expect, test } from 'vitest';
import { dayOf, timeOf } from '../../../scripts/replay/moment.ts';

describe('dates', () => {
  test.each([
    ['2023-01-31', '2023-01-31'],
    ['2023-1-3', '2023-01-03'],
    ['3/31/23', '2023-03-31'],
    ['03/01/2023', '2023-03-01'],
    ['2/29/24', '2024-02-29'],
    ['12/1/99', '2099-12-01'],
  ])('%s', (text, day) => {
    expect(dayOf(text, 'year-month-day')).toBe(day);
  });

  test.each([
    '',
    '31/3/23',
    '2023-02-30',
    '2/29/23',
    '2023-13-01',
    '0/1/23',
    '2023/01/01',
    '1/1/123',
    '2023-01-01T00:00',
    'yesterday',
    '0000-01-01',
    '1999-12-31',
  ])('not %s', (text) => {
    expect(dayOf(text, 'year-month-day')).toBeUndefined();
  });

  test('day and month exchanged, in dates with dashes only', () => {
    expect(dayOf('2023-02-01', 'year-day-month')).toBe('2023-01-02');
    expect(dayOf('2023-31-01', 'year-day-month')).toBe('2023-01-31');
    expect(dayOf('2023-01-31', 'year-day-month')).toBeUndefined();
    expect(dayOf('3/31/23', 'year-day-month')).toBe('2023-03-31');
  });
});

describe('times', () => {
  const at = (hour: number, minute = 0, second = 0): number => ((hour * 60 + minute) * 60 + second) * 1000;
  test.each([
    ['11:38:36 AM', at(11, 38, 36)],
    ['12:00:00 AM', at(0)],
    ['12:59:59 PM', at(12, 59, 59)],
    ['1:05 pm', at(13, 5)],
    ['01:05:07PM', at(13, 5, 7)],
    ['23:05:00', at(23, 5)],
    ['0:00', at(0)],
  ])('%s', (text, ms) => {
    expect(timeOf(text)).toBe(ms);
  });

  test.each([
    '',
    '25:00:00',
    '24:00',
    '13:00:00 PM',
    '0:30 AM',
    '11:60:00 AM',
    '11:38:60 AM',
    '11:38:36 XM',
    '11',
    '11:3 AM',
    'noon',
  ])('not %s', (text) => {
    expect(timeOf(text)).toBeUndefined();
  });
});

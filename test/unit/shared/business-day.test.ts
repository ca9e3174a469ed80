import { describe, expect, test } from 'vitest';
import { addDays, businessDayOf, localTime, TimeZone } from '#shared/kernel/business-day.ts';

const at = (iso: string) => Date.parse(iso);

describe('business day', () => {
  test.each([
    ['2026-03-02T20:59:59Z', 'Africa/Kampala', 5, '2026-03-02'],
    ['2026-03-02T21:30:00Z', 'Africa/Kampala', 5, '2026-03-02'],
    ['2026-03-03T01:59:59Z', 'Africa/Kampala', 5, '2026-03-02'],
    ['2026-03-03T02:00:00Z', 'Africa/Kampala', 5, '2026-03-03'],
    ['2026-03-02T00:00:00Z', 'UTC', 0, '2026-03-02'],
    ['2026-03-01T23:59:59.999Z', 'UTC', 0, '2026-03-01'],
    ['2026-03-01T04:30:00Z', 'America/New_York', 4, '2026-02-28'],
    ['2026-01-01T02:00:00Z', 'UTC', 3, '2025-12-31'],
  ])('%s in %s, day start %i: %s', (iso, zone, hour, day) => {
    expect(businessDayOf(at(iso), zone, hour)).toBe(day);
  });

  test('a day of 23 hours and one of 25 hours have one name each', () => {
    const hours = Array.from({ length: 72 }, (_, hour) =>
      businessDayOf(at('2026-03-28T00:00:00Z') + hour * 3_600_000, 'Europe/Berlin', 0),
    );
    expect(hours.filter((day) => day === '2026-03-29')).toHaveLength(23);
    expect([...hours].sort()).toEqual(hours);
  });

  test('wall clock', () => {
    expect(localTime(at('2026-03-02T21:07:00Z'), 'Africa/Kampala')).toEqual({ date: '2026-03-03', hour: 0, minute: 7 });
  });

  test('days add over months and years', () => {
    expect([addDays('2026-03-01', -1), addDays('2025-12-31', 1), addDays('2024-02-28', 1)]).toEqual([
      '2026-02-28',
      '2026-01-01',
      '2024-02-29',
    ]);
  });

  test('a zone that does not exist is refused', () => {
    expect([TimeZone.safeParse('Africa/Kampala').success, TimeZone.safeParse('Kampala').success]).toEqual([
      true,
      false,
    ]);
  });
});

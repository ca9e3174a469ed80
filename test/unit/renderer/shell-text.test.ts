import i18next from 'i18next';
import { beforeAll, expect, test } from 'vitest';
import { HoldCause, type SyncStatus } from '#shared/contract/bridge.ts';
import { pillText } from '../../../src-renderer/app/pill-text.ts';
import { readHash } from '../../../src-renderer/app/router.ts';
import { en } from '../../../src-renderer/i18n/en.ts';
import {
  amountText,
  initials,
  minutesSince,
  moneyText,
  shortName,
  timeText,
} from '../../../src-renderer/i18n/format.ts';
import { typedMinor, typeDigits } from '../../../src-renderer/ui/amount-entry.ts';
import { durationText } from '../../../src-renderer/ui/duration-text.ts';

beforeAll(async () => {
  await i18next.init({ lng: 'en', resources: { en }, interpolation: { escapeValue: false } });
});

const status = (change: Partial<SyncStatus>): SyncStatus => ({
  link: 'online',
  offlineSinceAt: null,
  lastContactAt: null,
  waiting: 0,
  oldestWaitingAt: null,
  refused: 0,
  trouble: null,
  ...change,
});
const pill = (change: Partial<SyncStatus>) =>
  pillText(status(change), { state: 'up' }, i18next.getFixedT('en', 'shell'));

test('the truth pill says what the status says, and is green only when the cloud has everything or gets it now', () => {
  expect(pill({})).toEqual({ tone: 'ok', text: 'Online · all saved' });
  expect(pill({ waiting: 3 })).toEqual({ tone: 'ok', text: 'Online · 3 waiting' });
  expect(pill({ link: 'offline', waiting: 12 })).toEqual({ tone: 'warn', text: 'Offline · 12 waiting' });
  expect(pill({ link: 'offline' })).toEqual({ tone: 'warn', text: 'Offline · all saved' });
  expect(pill({ refused: 1, waiting: 5 })).toEqual({ tone: 'danger', text: '1 needs you' });
  expect(pill({ refused: 2, link: 'offline' })).toEqual({ tone: 'danger', text: '2 need you' });
});

test('a queue that stands still is always named, also beside a refusal', () => {
  const hold = (cause: HoldCause) => ({ hold: { cause, sinceAt: '2026-03-02T12:00:00.000Z' }, trouble: 'Why.' });
  const textOf = (change: Partial<SyncStatus>) => pill(change).text;
  expect(HoldCause.options.map((cause) => textOf({ waiting: 4, ...hold(cause) }))).toEqual([
    'Online · 4 waiting · not let in',
    'Online · 4 waiting · update needed',
    'Online · 4 waiting · cloud is busy',
    'Online · 4 waiting · held up',
    'Disk full or not writable',
  ]);
  for (const cause of HoldCause.options) expect(pill({ waiting: 4, ...hold(cause) }).tone).not.toBe('ok');
  expect(pill(hold('refused'))).toEqual({ tone: 'warn', text: 'Online · not let in' });
  expect(textOf({ refused: 1, waiting: 4, ...hold('busy') })).toBe('1 needs you · 4 waiting · cloud is busy');
  expect(textOf({ refused: 1, waiting: 4, link: 'offline' })).toBe('1 needs you · Offline · 4 waiting');
  expect(textOf({ refused: 1, ...hold('disk') })).toBe('Disk full or not writable');
  expect(pill({ clockOffsetMs: -200_000 })).toEqual({ tone: 'warn', text: 'Online · all saved · clock is off' });
  expect(pill({ clockOffsetMs: 60_000 }).tone).toBe('ok');
});

test('a terminal that does not answer is said before everything else', () => {
  const t = i18next.getFixedT('en', 'shell');
  expect(pillText(status({}), { state: 'down', sinceMs: 0 }, t)).toEqual({
    tone: 'danger',
    text: 'Terminal not answering',
  });
  expect(pillText(null, { state: 'up' }, t).tone).toBe('warn');
});

test('money in the decimals of its currency, exact beyond what a double’s division gives', () => {
  const plain = (text: string) => text.replace(/\u00a0/g, ' ');
  expect(plain(moneyText(170_000, 'UGX'))).toBe('UGX 170,000');
  expect(plain(moneyText(-1_295, 'USD'))).toBe('-$12.95');
  expect(plain(moneyText(12_345, 'KWD'))).toBe('KWD 12.345');
  expect(amountText(999_999_999_999_99, 'GHS')).toBe('999,999,999,999.99');
});

test('times in the branch’s zone', () => {
  expect(timeText('2026-03-02T22:30:00.000Z', 'Africa/Kampala')).toBe('01:30');
  expect(timeText('2026-03-02T21:00:00.000Z', 'Africa/Kampala')).toBe('00:00');
  expect(minutesSince('2026-03-02T21:00:00.000Z', Date.parse('2026-03-02T21:09:59.000Z'))).toBe(9);
  expect(minutesSince('2026-03-02T21:00:00.000Z', Date.parse('2026-03-02T20:00:00.000Z'))).toBe(0);
  expect([durationText(0), durationText(59_200), durationText(245_000)]).toEqual(['0:01', '1:00', '4:05']);
});

test('names in a corner', () => {
  expect([initials('Anna Nakato'), initials('Moses'), initials('  ')]).toEqual(['AN', 'MO', '']);
  expect([shortName('Anna Maria Nakato'), shortName('Moses')]).toEqual(['Anna N.', 'Moses']);
});

test('typed digits are minor units', () => {
  expect(typeDigits('', '000')).toBe('');
  expect(typeDigits('5', '000')).toBe('5000');
  expect(typeDigits('123456789012', '3')).toBe('123456789012');
  expect([typedMinor(''), typedMinor('1250')]).toEqual([0, 1_250]);
});

test('an address names a screen', () => {
  expect(readHash('#/manager/orders/3')).toEqual({ screen: 'manager', rest: 'orders/3' });
  expect(readHash('#/nowhere')).toEqual({ screen: null, rest: '' });
  expect(readHash('')).toEqual({ screen: null, rest: '' });
});

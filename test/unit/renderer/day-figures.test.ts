import i18next from 'i18next';
import { beforeAll, expect, test } from 'vitest';
import type { KpiView, SyncStatus } from '#shared/contract/bridge.ts';
import { FLAGS, type Anomaly, type FlagCode } from '#shared/domain/anomaly.ts';
import type { Order } from '#shared/domain/order.ts';
import {
  dayFlags,
  daySums,
  paymentMix,
  salesByHour,
  shownHours,
  topItems,
} from '../../../src-renderer/features/manager/day-figures.ts';
import { flagDetail, flagTitle } from '../../../src-renderer/ui/flag-text.ts';
import { completeUntil, sourceText } from '../../../src-renderer/features/manager/source-text.ts';
import { en } from '../../../src-renderer/i18n/en.ts';

beforeAll(async () => {
  await i18next.init({ lng: 'en', resources: { en }, interpolation: { escapeValue: false } });
});
const t = () => i18next.getFixedT('en', 'manager');
const tOrders = () => i18next.getFixedT('en', 'orders');

const DAY = '2026-03-02';
const exclusive = { code: 'VAT', ratePpm: 100_000, mode: 'exclusive' };
const inclusive = { code: 'VAT', ratePpm: 180_000, mode: 'inclusive' };
function closed(id: string, closedAt: string, change: Record<string, unknown> = {}): Order {
  const line = {
    id: 'l',
    itemId: 'chips',
    name: 'Chips',
    quantity: 2,
    unitPriceMinor: 1_000,
    tax: inclusive,
    stationId: 'grill',
    note: '',
  };
  return {
    id,
    status: 'closed',
    day: DAY,
    closedDay: DAY,
    closedAt,
    lines: [line],
    payments: [],
    ticketIds: [],
    ...change,
  } as unknown as Order;
}
const payment = (method: string, amountMinor: number, change: Record<string, unknown> = {}) => ({
  id: `p-${method}-${amountMinor}`,
  method,
  amountMinor,
  tipMinor: 50,
  at: '2026-03-02T10:00:00.000Z',
  day: DAY,
  refunds: [],
  ...change,
});

test('hours are those of the branch’s wall clock and begin with its day', () => {
  const orders = [
    closed('a', '2026-03-02T21:30:00.000Z'),
    closed('b', '2026-03-02T22:10:00.000Z'),
    closed('c', '2026-03-02T22:50:00.000Z'),
    closed('other day', '2026-03-01T22:50:00.000Z', { closedDay: '2026-03-01' }),
    closed('open', '2026-03-02T22:50:00.000Z', { status: 'open' }),
  ];
  const hours = salesByHour(orders, DAY, 'Africa/Kampala', 4);
  expect(hours).toHaveLength(24);
  expect(hours[0]?.hour).toBe(4);
  expect(hours.at(-1)?.hour).toBe(3);
  // 21:30 UTC is half past midnight in Kampala: still the business day before, and its 21st hour.
  expect(hours.filter(({ salesMinor }) => salesMinor > 0)).toEqual([
    { hour: 0, salesMinor: 2_000 },
    { hour: 1, salesMinor: 4_000 },
  ]);
  expect(salesByHour(orders, DAY, 'UTC', 0).filter(({ salesMinor }) => salesMinor > 0)).toEqual([
    { hour: 21, salesMinor: 2_000 },
    { hour: 22, salesMinor: 4_000 },
  ]);
});

test('the hours add up to the sales of the day, refunds and tax on top included', () => {
  const orders = [
    closed('a', '2026-03-02T09:00:00.000Z', {
      lines: [
        {
          id: 'l',
          itemId: 'i',
          name: 'I',
          quantity: 1,
          unitPriceMinor: 1_005,
          tax: exclusive,
          stationId: 'g',
          note: '',
        },
      ],
      payments: [
        payment('card', 1_106, { refunds: [{ id: 'r', amountMinor: 400, at: '2026-03-02T11:15:00.000Z', day: DAY }] }),
      ],
    }),
    closed('earlier', '2026-03-01T09:00:00.000Z', {
      closedDay: '2026-03-01',
      payments: [
        payment('cash', 2_000, {
          day: '2026-03-01',
          refunds: [
            { id: 'r', amountMinor: 700, at: '2026-03-02T12:00:00.000Z', day: DAY },
            { id: 'r0', amountMinor: 50, at: '2026-03-01T15:00:00.000Z', day: '2026-03-01' },
          ],
        }),
      ],
    }),
  ];
  const hours = salesByHour(orders, DAY, 'UTC', 0);
  const sum = hours.reduce((all, { salesMinor }) => all + salesMinor, 0);
  expect(hours.filter(({ salesMinor }) => salesMinor !== 0)).toEqual([
    { hour: 9, salesMinor: 1_106 },
    { hour: 11, salesMinor: -400 },
    { hour: 12, salesMinor: -700 },
  ]);
  expect(sum).toBe(daySums(orders, DAY).salesMinor);
});

test('shown are the hours from the first sale to now, ten at least, none without a sale', () => {
  const hours = salesByHour([closed('a', '2026-03-02T09:30:00.000Z')], DAY, 'UTC', 4);
  expect(shownHours(hours, 12).map(({ hour }) => hour)).toEqual([9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
  expect(shownHours(hours, 22).map(({ hour }) => hour)).toEqual([
    9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,
  ]);
  const late = salesByHour([closed('a', '2026-03-03T02:30:00.000Z')], DAY, 'UTC', 4);
  expect(shownHours(late, 3).map(({ hour }) => hour)).toEqual([18, 19, 20, 21, 22, 23, 0, 1, 2, 3]);
  expect(shownHours(salesByHour([], DAY, 'UTC', 4), 12)).toEqual([]);
});

test('payments of the day, of open orders too, less reversals; the shares make a whole', () => {
  const orders = [
    closed('a', '2026-03-02T09:00:00.000Z', { payments: [payment('cash', 1_000), payment('momo', 1_000)] }),
    closed('b', '', {
      status: 'open',
      closedDay: undefined,
      payments: [payment('card', 1_000), payment('cash', 500, { reversal: { day: DAY } })],
    }),
    closed('yesterday', '', { closedDay: '2026-03-01', payments: [payment('cash', 9_999, { day: '2026-03-01' })] }),
  ];
  const sums = daySums(orders, DAY);
  expect(sums).toMatchObject({ cashMinor: 1_000, momoMinor: 1_000, cardMinor: 1_000, orders: 1 });
  const mix = paymentMix(sums);
  expect(mix.map(({ percent }) => percent)).toEqual([34, 33, 33]);
});

test('no share is made up where nothing came in, or more went out', () => {
  const none = { salesMinor: 0, cashMinor: 0, momoMinor: 0, cardMinor: 0, orders: 0 };
  expect(paymentMix(none).map(({ percent }) => percent)).toEqual([undefined, undefined, undefined]);
  expect(paymentMix({ ...none, cashMinor: -100, momoMinor: 500 }).map(({ percent }) => percent)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('top items count pieces of what stayed on closed orders', () => {
  const line = (itemId: string, quantity: number, unitPriceMinor: number, change = {}) => ({
    id: itemId,
    itemId,
    name: itemId,
    quantity,
    unitPriceMinor,
    tax: exclusive,
    stationId: 'g',
    note: '',
    ...change,
  });
  const orders = [
    closed('a', '2026-03-02T09:00:00.000Z', {
      lines: [line('chips', 2, 1_000), line('goat', 9, 5_000, { void: { reason: 'x' } })],
    }),
    closed('b', '2026-03-02T10:00:00.000Z', { lines: [line('chips', 1, 1_000), line('pilau', 3, 2_000)] }),
    closed('c', '', { status: 'open', closedDay: undefined, lines: [line('goat', 9, 5_000)] }),
  ];
  expect(topItems(orders, DAY, 5)).toEqual([
    { itemId: 'pilau', name: 'pilau', quantity: 3, amountMinor: 6_600 },
    { itemId: 'chips', name: 'chips', quantity: 3, amountMinor: 3_300 },
  ]);
  expect(topItems(orders, DAY, 1)).toHaveLength(1);
});

test('flags of today, the latest first', () => {
  const flag = (id: string, at: string, day = DAY) => ({ id, at, day }) as unknown as Anomaly;
  const flags = [
    flag('a', '2026-03-02T09:00:00.000Z'),
    flag('b', '2026-03-02T11:00:00.000Z'),
    flag('c', '2026-03-01T11:00:00.000Z', '2026-03-01'),
  ];
  expect(dayFlags(flags, DAY).map(({ id }) => id)).toEqual(['b', 'a']);
});

test('every flag there is has plain words, and none shows its code', () => {
  for (const code of Object.keys(FLAGS) as FlagCode[]) {
    const title = flagTitle({ code }, tOrders());
    expect(title).not.toContain('flags.');
    expect(title.length).toBeGreaterThan(8);
    expect(en.orders.flags[code]).toBe(title);
  }
  expect(flagTitle({ code: 'void-after-send', detail: 'Goat' }, tOrders())).toBe('Goat voided after it was sent');
  expect(flagDetail({ code: 'void-after-send', detail: 'Goat' })).toBeUndefined();
  expect(flagDetail({ code: 'no-sale', detail: 'Change for the guard' })).toBe('Change for the guard');
});

const view = (change: Partial<KpiView>): KpiView =>
  ({
    source: 'cloud',
    asOf: '2026-03-02T16:00:00.000Z',
    isComplete: true,
    missing: [],
    oldestUnsyncedAt: null,
    ...change,
  }) as unknown as KpiView;
const clock = (at: string) => at.slice(11, 16);

test('the source line tells live figures, gaps and the terminal’s own apart', () => {
  const words = (change: Partial<KpiView>, status: Partial<SyncStatus> | null = null) =>
    sourceText(view(change), status as SyncStatus | null, t(), clock);
  expect(words({})).toEqual({ tone: 'ok', text: 'Live · all terminals heard', mark: undefined });
  const missing = [{ name: 'Bar 2', lastHeardAt: '2026-03-02T14:02:00.000Z' }];
  expect(words({ isComplete: false, missing })).toEqual({
    tone: 'warn',
    text: 'Complete until 14:02. Not heard since: Bar 2 (14:02). What it sold after that is missing here.',
    mark: 'until 14:02',
  });
  expect(words({ isComplete: false, missing: [{ name: 'Bar 2', lastHeardAt: null }] })).toMatchObject({
    tone: 'warn',
    mark: 'not complete',
  });
  expect(words({ isComplete: false, oldestUnsyncedAt: '2026-03-02T15:30:00.000Z' }).mark).toBe('until 15:30');
  const own = words(
    { source: 'terminal' },
    { offlineSinceAt: '2026-03-02T15:00:00.000Z', lastContactAt: '2026-03-02T14:59:00.000Z' },
  );
  expect(own.text).toMatch(/^This terminal's own figures\. The cloud has not answered since 15:00/);
  expect(own.tone).toBe('warn');
});

test('complete is what every terminal has told', () => {
  const heard = (...lastHeardAt: (string | null)[]) => lastHeardAt.map((at) => ({ name: 'x', lastHeardAt: at }));
  expect(
    completeUntil(
      view({
        missing: heard('2026-03-02T14:02:00.000Z', '2026-03-02T13:00:00.000Z'),
        oldestUnsyncedAt: '2026-03-02T15:00:00.000Z',
      }),
    ),
  ).toBe('2026-03-02T13:00:00.000Z');
  expect(completeUntil(view({ missing: heard('2026-03-02T14:02:00.000Z', null) }))).toBeNull();
});

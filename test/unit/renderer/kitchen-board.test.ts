import i18next from 'i18next';
import { beforeAll, expect, test } from 'vitest';
import type { Branch } from '#shared/domain/branch.ts';
import type { Order } from '#shared/domain/order.ts';
import type { Ticket } from '#shared/domain/ticket.ts';
import {
  ageBand,
  boardTickets,
  bumpedTickets,
  isAddition,
  seenKey,
  stationCounts,
  toCook,
  unseenCancels,
} from '../../../src-renderer/features/kds/board.ts';
import { estimateCardHeight } from '../../../src-renderer/features/kds/card-height.ts';
import { packBoard } from '../../../src-renderer/features/kds/pack-board.ts';
import { shortLabel } from '../../../src-renderer/features/kds/short-label.ts';
import { newsOf } from '../../../src-renderer/features/kds/use-bell.ts';
import { en } from '../../../src-renderer/i18n/en.ts';

beforeAll(async () => {
  await i18next.init({ lng: 'en', resources: { en }, interpolation: { escapeValue: false } });
});

const at = (minute: number) => `2026-03-02T12:${String(minute).padStart(2, '0')}:00.000Z`;
type Line = Partial<Ticket['lines'][number]>;
function ticket(id: string, change: Record<string, unknown> = {}, lines: Line[] = [{}]): Ticket {
  return {
    id,
    branchId: 'b1',
    orderId: `order-${id}`,
    stationId: 'grill',
    label: id,
    type: 'dine-in',
    status: 'new',
    sentAt: at(0),
    sentBy: 'anna',
    day: '2026-03-02',
    lines: lines.map((line, index) => ({ lineId: `l${index}`, name: 'Chips', quantity: 1, note: '', ...line })),
    ...change,
  } as unknown as Ticket;
}
const mapOf = (...tickets: Ticket[]) => new Map(tickets.map((each) => [each.id as string, each]));
const idsOf = (tickets: readonly Ticket[]) => tickets.map(({ id }) => id as string);

test('a ticket is late from ten minutes on, very late from twenty', () => {
  expect([0, 9, 10, 19, 20, 500].map(ageBand)).toEqual(['fresh', 'fresh', 'late', 'late', 'very-late', 'very-late']);
});

test('the board holds what is to make, the oldest first, whatever order the rows came in', () => {
  const rows = mapOf(
    ticket('young', { sentAt: at(9) }),
    ticket('gone', { status: 'bumped', bumpedAt: at(5) }),
    ticket('old', { sentAt: at(1), status: 'started' }),
    ticket('bar', { sentAt: at(4), stationId: 'bar' }),
    ticket('b', { sentAt: at(9) }),
  );
  expect(idsOf(boardTickets(rows, undefined))).toEqual(['old', 'bar', 'b', 'young']);
  expect(idsOf(boardTickets(rows, 'bar'))).toEqual(['bar']);
});

test('stations stand in the branch’s order with their counts; one that only tickets name is not lost', () => {
  const stations = [
    { id: 'bar', name: 'Bar' },
    { id: 'grill', name: 'Grill' },
  ] as unknown as Branch['stations'];
  const board = [ticket('a'), ticket('b'), ticket('c', { stationId: 'pizza' })];
  expect(stationCounts(board, stations)).toEqual([
    { id: 'bar', name: 'Bar', count: 0 },
    { id: 'grill', name: 'Grill', count: 2 },
    { id: 'pizza', name: 'pizza', count: 1 },
  ]);
});

test('what is to cook adds up by item, without what is done or cancelled', () => {
  const board = [
    ticket('a', {}, [
      { name: 'Chips', quantity: 2 },
      { name: 'Goat', quantity: 4, cancelledAt: at(1) },
    ]),
    ticket('b', {}, [
      { name: 'Chips', quantity: 3 },
      { name: 'Pilau', quantity: 1 },
      { name: 'Chips', quantity: 9, doneAt: at(2) },
    ]),
    ticket('c', {}, [{ name: 'Beans', quantity: 1 }]),
  ];
  expect(toCook(board)).toEqual([
    { name: 'Chips', quantity: 5 },
    { name: 'Beans', quantity: 1 },
    { name: 'Pilau', quantity: 1 },
  ]);
});

test('the last bumped can be recalled first, served ones too, and no more than asked for', () => {
  const rows = mapOf(
    ticket('first', { status: 'bumped', bumpedAt: at(3) }),
    ticket('last', { status: 'served', bumpedAt: at(9) }),
    ticket('open'),
    ticket('mid', { status: 'bumped', bumpedAt: at(5), stationId: 'bar' }),
  );
  expect(idsOf(bumpedTickets(rows, undefined, 20))).toEqual(['last', 'mid', 'first']);
  expect(idsOf(bumpedTickets(rows, undefined, 1))).toEqual(['last']);
  expect(idsOf(bumpedTickets(rows, 'grill', 20))).toEqual(['last', 'first']);
});

test('an addition is what the same station had an earlier part of', () => {
  const order = (lines: { stationId: string; sentAt?: string }[]) => ({ lines }) as unknown as Order;
  const second = ticket('second', { sentAt: at(5) });
  expect(
    isAddition(
      second,
      order([
        { stationId: 'grill', sentAt: at(1) },
        { stationId: 'grill', sentAt: at(5) },
      ]),
    ),
  ).toBe(true);
  expect(
    isAddition(
      second,
      order([
        { stationId: 'bar', sentAt: at(1) },
        { stationId: 'grill', sentAt: at(5) },
      ]),
    ),
  ).toBe(false);
  expect(isAddition(second, order([{ stationId: 'grill' }]))).toBe(false);
  expect(isAddition(second, undefined)).toBe(false);
});

test('a cancelled line stands out until somebody here has seen it', () => {
  const both = ticket('t', {}, [{}, { cancelledAt: at(1) }]);
  expect(unseenCancels(both, new Set()).map((line) => line.lineId as string)).toEqual(['l1']);
  expect(unseenCancels(both, new Set([seenKey('t', 'l1')]))).toEqual([]);
});

test('the bell rings for what is new and for what is cancelled, not for what was there or comes back', () => {
  const known = newsOf(new Set(), [ticket('a', {}, [{}, {}])]).keys;
  expect(newsOf(known, [ticket('a', {}, [{}, {}])])).toMatchObject({ isNew: false, isCancelled: false });
  expect(newsOf(known, [ticket('a', {}, [{}, {}]), ticket('b')])).toMatchObject({ isNew: true, isCancelled: false });
  expect(newsOf(known, [ticket('a', {}, [{}, { cancelledAt: at(1) }])])).toMatchObject({
    isNew: false,
    isCancelled: true,
  });
  expect(newsOf(known, [ticket('b', { recalledAt: at(9) })])).toMatchObject({ isNew: false, isCancelled: false });
});

test('cards fill columns from the top and nothing overtakes', () => {
  const board = { columns: 2, height: 100, gap: 10 };
  expect(packBoard([40, 50, 30, 95, 20], board)).toEqual([
    { page: 0, column: 0, span: 1, top: 0 },
    { page: 0, column: 0, span: 1, top: 50 },
    { page: 0, column: 1, span: 1, top: 0 },
    { page: 1, column: 0, span: 1, top: 0 },
    { page: 1, column: 1, span: 1, top: 0 },
  ]);
});

test('a card longer than a column goes on beside itself, on a page where it has the room', () => {
  const board = { columns: 3, height: 100, gap: 10 };
  expect(packBoard([90, 90, 150, 60, 999], board)).toEqual([
    { page: 0, column: 0, span: 1, top: 0 },
    { page: 0, column: 1, span: 1, top: 0 },
    { page: 1, column: 0, span: 2, top: 0 },
    { page: 1, column: 2, span: 1, top: 0 },
    { page: 2, column: 0, span: 3, top: 0 },
  ]);
});

test('every ticket of five hundred gets a place of its own inside its column', () => {
  const size = { columns: 5, height: 700, gap: 16 };
  const tickets = Array.from({ length: 500 }, (_, index) =>
    ticket(
      `t${index}`,
      {},
      Array.from({ length: 1 + (index % 6) }, () => ({ name: 'Grilled tilapia, whole' })),
    ),
  );
  const heights = tickets.map((each) => estimateCardHeight(each, 350, 1));
  const places = packBoard(heights, size);
  expect(new Set(places.map(({ page, column, top }) => `${page}/${column}/${top}`)).size).toBe(500);
  for (const [index, { column, span, top }] of places.entries()) {
    expect(column + span).toBeLessThanOrEqual(5);
    const ends = span === 1 ? top + (heights[index] ?? 0) : 700;
    expect(ends).toBeLessThanOrEqual(700);
  }
});

test('a longer ticket, larger text and a narrower column make a higher card', () => {
  const short = ticket('a');
  const long = ticket('b', {}, [{}, { name: 'Slow-roasted shoulder of lamb with rosemary', note: 'No garlic' }]);
  expect(estimateCardHeight(long, 350, 1)).toBeGreaterThan(estimateCardHeight(short, 350, 1));
  expect(estimateCardHeight(long, 350, 1.45)).toBeGreaterThan(estimateCardHeight(long, 350, 1));
  expect(estimateCardHeight(long, 250, 1)).toBeGreaterThan(estimateCardHeight(long, 500, 1));
});

test('the kitchen shouts short labels, and the whole number stands beside them', () => {
  const t = i18next.getFixedT('en', 'kds');
  const short = (label: string, type: string) => shortLabel({ label, type } as Ticket, t);
  expect(short('12', 'dine-in')).toEqual({ text: 'T 12', number: undefined });
  expect(short('Terrace 3', 'dine-in')).toEqual({ text: 'Terrace 3', number: undefined });
  expect(short('K1-0083', 'takeaway')).toEqual({ text: 'TA 83', number: 'K1-0083' });
  expect(short('K1-0083', 'delivery')).toEqual({ text: 'D 83', number: 'K1-0083' });
  expect(short('', 'takeaway')).toEqual({ text: 'Takeaway', number: undefined });
});

import { basename } from 'node:path';
import { AppError } from '#shared/kernel/errors.ts';
import { type CsvRecord, readCsv } from './csv-file.ts';
import { type DashedDates, dayOf, timeOf } from './moment.ts';
import type { RecordedItem } from './menu-file.ts';
import type { Reject } from './rejects.ts';

export interface RecordedLine {
  item: RecordedItem;
  quantity: number;
}

/** An order as it was recorded. Day and time are those of its first usable line. */
export interface RecordedOrder {
  number: number;
  /** `YYYY-MM-DD`. */
  day: string;
  /** Milliseconds since the epoch, taking the recorded wall clock as UTC. */
  atMs: number;
  lines: RecordedLine[];
}

export interface RecordedOrders {
  /** In the order in which they begin in the file. */
  orders: RecordedOrder[];
  rejects: Reject[];
  /** Lines that name another day or time than the first line of their order; they count on the order's day. */
  strayMoments: number;
  /**
   * How often an order has an earlier date than the one before it in the file, when there would be no such step with day
   * and month exchanged in the dates with dashes; else 0.
   */
  suspectSteps: number;
}

/** As the domain allows: a line's quantity, and what one payment can be. */
const MAX_QUANTITY = 999;
const MAX_ORDER_MINOR = 1_000_000_000_000;

/**
 * Reads an order file (`order_id,order_date,order_time,item_id` and perhaps `quantity`, in any order; other columns are
 * passed over): one record is one line of an order. A line that cannot be used is listed in `rejects`.
 * Throws AppError when the file cannot be read or has no usable line.
 */
export async function readOrders(
  path: string,
  menu: ReadonlyMap<string, RecordedItem>,
  { dashedDates, today }: { dashedDates: DashedDates; /** `YYYY-MM-DD`; nothing was sold after it. */ today: string },
): Promise<RecordedOrders> {
  const file = basename(path);
  const orders = new Map<number, RecordedOrder & { totalMinor: number }>();
  const rejects: Reject[] = [];
  let strayMoments = 0;
  const asRead = new Sequence(dashedDates);
  const exchanged = new Sequence(dashedDates === 'year-month-day' ? 'year-day-month' : 'year-month-day');
  const shape = { required: ['order_id', 'order_date', 'order_time', 'item_id'], optional: ['quantity'] };
  let hasQuantity: boolean | undefined;
  for await (const record of readCsv(path, shape)) {
    hasQuantity ??= record.has('quantity');
    const line = lineOf(record, menu, { dates: asRead, today, hasQuantity });
    if (typeof line === 'string') {
      rejects.push({ file, line: record.line, reason: line, raw: record.raw });
      continue;
    }
    const known = orders.get(line.orderNumber);
    const lineMinor = line.item.priceMinor * line.quantity;
    if ((known?.totalMinor ?? 0) + lineMinor > MAX_ORDER_MINOR) {
      rejects.push({
        file,
        line: record.line,
        reason: `with this line order ${line.orderNumber} is too large`,
        raw: record.raw,
      });
      continue;
    }
    if (known !== undefined) {
      if (known.atMs !== line.atMs) strayMoments += 1;
      known.totalMinor += lineMinor;
      known.lines.push({ item: line.item, quantity: line.quantity });
      continue;
    }
    orders.set(line.orderNumber, {
      number: line.orderNumber,
      day: line.day,
      atMs: line.atMs,
      lines: [{ item: line.item, quantity: line.quantity }],
      totalMinor: lineMinor,
    });
    asRead.step(record.field('order_date'));
    exchanged.step(record.field('order_date'));
  }
  if (orders.size === 0) throw new AppError('file/malformed', `${file}: ${whyNothing(rejects)}`);
  const suspectSteps = exchanged.stepsBack === 0 ? asRead.stepsBack : 0;
  return { orders: [...orders.values()], rejects, strayMoments, suspectSteps };
}

/** The dates of a file under one reading of them, and how often they go back from one order to the next. */
class Sequence {
  stepsBack = 0;
  readonly #dashedDates: DashedDates;
  readonly #days = new Map<string, string | undefined>();
  #latest = '';

  constructor(dashedDates: DashedDates) {
    this.#dashedDates = dashedDates;
  }

  day(text: string): string | undefined {
    if (!this.#days.has(text)) this.#days.set(text, dayOf(text, this.#dashedDates));
    return this.#days.get(text);
  }

  step(text: string): void {
    const day = this.day(text);
    // A date that this reading does not know speaks against it.
    if (day === undefined || day < this.#latest) this.stepsBack += 1;
    this.#latest = day ?? this.#latest;
  }
}

function whyNothing([first]: readonly Reject[]): string {
  if (first === undefined) return 'there is a heading, but no order line behind it.';
  return `no line can be used. Line ${first.line}: ${first.reason}.`;
}

interface UsableLine {
  orderNumber: number;
  day: string;
  atMs: number;
  item: RecordedItem;
  quantity: number;
}

/** The line, or why it cannot be used. */
function lineOf(
  record: CsvRecord,
  menu: ReadonlyMap<string, RecordedItem>,
  { dates, today, hasQuantity }: { dates: Sequence; today: string; hasQuantity: boolean },
): UsableLine | string {
  if (record.problem !== undefined) return record.problem;
  const number = record.field('order_id');
  if (number === '') return 'order_id is missing';
  if (!/^\d{1,15}$/.test(number) || Number(number) === 0) return `order_id "${short(number)}" is not an order number`;
  const dateText = record.field('order_date');
  if (dateText === '') return 'order_date is missing';
  const day = dates.day(dateText);
  if (day === undefined) return `order_date "${short(dateText)}" is not a date (2023-01-31 or 1/31/23, month first)`;
  if (day > today) return `order_date "${short(dateText)}" lies in the future`;
  const timeText = record.field('order_time');
  if (timeText === '') return 'order_time is missing';
  const time = timeOf(timeText);
  if (time === undefined) return `order_time "${short(timeText)}" is not a time (11:38:36 AM)`;
  const itemId = record.field('item_id');
  if (itemId === '') return 'item_id is missing';
  const item = menu.get(itemId);
  if (item === undefined) return `item ${short(itemId)} is not on the menu`;
  const quantityText = hasQuantity ? record.field('quantity') : '1';
  if (quantityText === '') return 'quantity is missing';
  const quantity = /^\d{1,9}(?:\.0+)?$/.test(quantityText) ? Number(quantityText) : 0;
  if (quantity < 1 || quantity > MAX_QUANTITY)
    return `quantity "${short(quantityText)}" is not a whole number from 1 to ${MAX_QUANTITY}`;
  return { orderNumber: Number(number), day, atMs: Date.parse(`${day}T00:00:00Z`) + time, item, quantity };
}

function short(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

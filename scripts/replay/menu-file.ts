import { basename } from 'node:path';
import { AppError } from '#shared/kernel/errors.ts';
import { currencyDecimals, NonNegativeMinor, parseMinor } from '#shared/kernel/money.ts';
import { type CsvRecord, readCsv } from './csv-file.ts';
import type { Reject } from './rejects.ts';

/** An item as the menu file has it. */
export interface RecordedItem {
  /** The id in the file. */
  id: string;
  line: number;
  name: string;
  category: string;
  priceMinor: number;
  /** The price as it is written; the expected figures are worked out from it. */
  priceText: string;
}

export interface RecordedMenu {
  items: Map<string, RecordedItem>;
  rejects: Reject[];
}

const COLUMNS = ['menu_item_id', 'item_name', 'category', 'price'] as const;
const AMOUNT = /^\d{1,12}(?:\.\d+)?$/;

/**
 * Reads a menu file (`menu_item_id,item_name,category,price`, in any order) with prices in `currency`.
 * An item that cannot be used is listed in `rejects`, and then is not on the menu.
 * Throws AppError when the file cannot be read, has no usable item, or has prices in another currency.
 */
export async function readMenu(path: string, currency: string): Promise<RecordedMenu> {
  const file = basename(path);
  const items = new Map<string, RecordedItem>();
  const rejects: Reject[] = [];
  const unfit: CsvRecord[] = [];
  let amounts = 0;
  for await (const record of readCsv(path, { required: COLUMNS })) {
    const price = record.field('price');
    if (AMOUNT.test(price)) amounts += 1;
    const item = itemOf(record, currency);
    if (typeof item !== 'string') {
      const earlier = items.get(item.id);
      if (earlier === undefined) items.set(item.id, item);
      else if (!isSame(earlier, item)) {
        rejects.push(
          reject(file, record, `menu_item_id ${item.id} stands in line ${earlier.line} already, with something else`),
        );
      }
      continue;
    }
    if (AMOUNT.test(price) && hasTooManyDecimals(price, currency)) unfit.push(record);
    rejects.push(reject(file, record, item));
  }
  const [first] = unfit;
  // A fraction of something that has none is not a slip of the pen.
  if (first !== undefined && (currencyDecimals(currency) === 0 || unfit.length * 2 >= amounts)) {
    const price = first.field('price');
    throw new AppError(
      'currency/wrong',
      `${file}, line ${first.line}, column "price": ${price} is no amount in ${currency}, which has ${currencyDecimals(currency)} decimals, ` +
        `and ${unfit.length} of ${amounts} prices are like it. Name the currency of the file with --currency.`,
      { path: 'price' },
    );
  }
  if (items.size === 0) throw new AppError('file/malformed', `${file}: ${whyNothing(rejects)}`);
  return { items, rejects };
}

function whyNothing([first]: readonly Reject[]): string {
  if (first === undefined) return 'there is a heading, but no item behind it.';
  return `no line can be used. Line ${first.line}: ${first.reason}.`;
}

function reject(file: string, record: CsvRecord, reason: string): Reject {
  return { file, line: record.line, reason, raw: record.raw };
}

function isSame(a: RecordedItem, b: RecordedItem): boolean {
  return a.name === b.name && a.category === b.category && a.priceMinor === b.priceMinor;
}

function hasTooManyDecimals(price: string, currency: string): boolean {
  const fraction = (price.split('.')[1] ?? '').replace(/0+$/, '');
  return fraction.length > currencyDecimals(currency);
}

/** The item, or why the line cannot be used. */
function itemOf(record: CsvRecord, currency: string): RecordedItem | string {
  if (record.problem !== undefined) return record.problem;
  const [id, name, category, priceText] = COLUMNS.map((column) => record.field(column)) as [
    string,
    string,
    string,
    string,
  ];
  if (id === '') return 'menu_item_id is missing';
  if (id.length > 64) return 'menu_item_id is longer than 64 characters';
  for (const [column, text] of Object.entries({ item_name: name, category })) {
    if (text === '') return `${column} is missing`;
    if (text.length > 120) return `${column} is longer than 120 characters`;
  }
  if (priceText === '') return 'price is missing';
  try {
    const priceMinor = parseMinor(priceText, currency);
    if (priceMinor < 0) return `price ${priceText} is below zero`;
    if (!NonNegativeMinor.safeParse(priceMinor).success) return `price ${priceText} is too high`;
    return { id, line: record.line, name, category, priceMinor, priceText };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return `price: ${error.message.replace(/\.$/, '')}`;
  }
}

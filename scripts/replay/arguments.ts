import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AppError } from '#shared/kernel/errors.ts';
import { Currency } from '#shared/kernel/money.ts';
import type { DashedDates } from './moment.ts';

export interface ReplayOptions {
  menuPath: string;
  ordersPath: string;
  currency: string;
  dashedDates: DashedDates;
  /** The cloud to replay into; undefined: one of its own, thrown away afterwards. */
  cloud: { url: string; code: string } | undefined;
  /** The seed of the faults; undefined: none. */
  faultSeed: number | undefined;
  rejectsPath: string | undefined;
  jsonPath: string | undefined;
}

const sample = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'resources', 'samples', 'restaurant-orders');

export const HELP = `npm run replay -- [options]

Rings up every order of a recorded file on a real terminal, as a cashier would, sends it to a real cloud over HTTP, and
holds three sums against each other: that of the files, that of the terminal's own store, and that of the cloud's KPIs.

  --menu FILE       items: menu_item_id,item_name,category,price
  --orders FILE     order lines: order_id,order_date,order_time,item_id and perhaps quantity
                    Without both, the sample in resources/samples/restaurant-orders is taken.
  --currency CODE   of the prices, ISO 4217 (default USD)
  --dates STYLE     how 2023-02-01 is read: year-month-day (default) or year-day-month
  --cloud URL       replay into this cloud, into a new branch; needs --enrol
  --enrol CODE      an enrolment code of the organisation there
  --faults SEED     cut the connection at random and kill the cloud (kill -9) at least three times; not with --cloud
  --rejects FILE    write the lines that cannot be used: file,line,reason,raw
  --json FILE       write the result there instead of as the last line of the output
  --help            this text

Without --cloud a cloud is started for the run and removed after it; with DATABASE_URL in the environment it uses that
PostgreSQL, in a new organisation.

Ends with 0 when all three sums agree and nothing waits or was refused, with 1 when not, with 2 when the input cannot be used.`;

const options = {
  menu: { type: 'string' },
  orders: { type: 'string' },
  currency: { type: 'string' },
  dates: { type: 'string' },
  cloud: { type: 'string' },
  enrol: { type: 'string' },
  faults: { type: 'string' },
  rejects: { type: 'string' },
  json: { type: 'string' },
  help: { type: 'boolean' },
} as const;

/**
 * Reads the command line; `help` when it asks for help. Paths are taken from `folder`.
 * Throws `input/invalid` (or `currency/wrong`) with a sentence that names the option.
 */
export function parseArguments(args: readonly string[], folder: string): ReplayOptions | 'help' {
  const values = read(args);
  if (values.help === true) return 'help';
  for (const [name, value] of Object.entries(values)) {
    if (value === '') throw usage(`--${name} needs a value`);
  }
  const { menu, orders, currency = 'USD', cloud, enrol, faults } = values;
  if ((menu === undefined) !== (orders === undefined))
    throw usage('--menu and --orders go together: give both, or neither for the sample');
  if ((cloud === undefined) !== (enrol === undefined))
    throw usage('--cloud and --enrol go together: the address, and a code of the organisation');
  if (cloud !== undefined && faults !== undefined)
    throw usage('--faults kills the cloud, so it is only for the replay’s own; leave out --cloud');
  const known = Currency.safeParse(currency);
  if (!known.success)
    throw new AppError(
      'currency/wrong',
      `--currency ${currency}: ${known.error.issues[0]?.message ?? 'not a currency'}.`,
    );
  const path = (value: string | undefined): string | undefined =>
    value === undefined ? undefined : resolve(folder, value);
  return {
    menuPath: path(menu) ?? join(sample, 'menu_items.csv'),
    ordersPath: path(orders) ?? join(sample, 'order_details.csv'),
    currency,
    dashedDates: dashedDatesOf(values.dates),
    cloud: cloud === undefined || enrol === undefined ? undefined : { url: cloudUrl(cloud), code: enrol },
    faultSeed: faults === undefined ? undefined : seedOf(faults),
    rejectsPath: path(values.rejects),
    jsonPath: path(values.json),
  };
}

function read(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error);
    throw usage(message.replace(/\.$/, ''));
  }
}

function usage(what: string): AppError {
  return new AppError('input/invalid', `${what}. See npm run replay -- --help.`);
}

function dashedDatesOf(text: string | undefined): DashedDates {
  if (text === undefined || text === 'year-month-day') return 'year-month-day';
  if (text === 'year-day-month') return text;
  throw usage(`--dates ${text}: year-month-day or year-day-month`);
}

function seedOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw usage(`--faults ${text}: the seed is a whole number`);
  return Number(text);
}

function cloudUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw usage(`--cloud ${text}: not an address such as https://cloud.example`);
  return url.href.replace(/\/+$/, '');
}

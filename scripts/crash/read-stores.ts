import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import Database from 'better-sqlite3';
import pg from 'pg';
import type { Facts, OrderFacts } from './sales-record.ts';

/** What a store holds, read by SQL alone: nothing of ChefCloud's own reading is asked. */
export interface StoreFacts {
  orders: Facts;
  /** Of the table that KPIs are added up from. */
  daySums: Record<string, number>;
  /** The ids of the recorded commands of each series (device and incarnation) in the order of their `seq`. */
  series: Map<string, { seq: number; id: string; status: string }[]>;
  /** What the engine says against its own file. */
  damage: string[];
}

const DAY_SUMS = `sum(sales_minor) as sales, sum(orders) as orders, sum(cash_minor) as cash, sum(momo_minor) as momo,
  sum(card_minor) as card`;

interface SeriesRow {
  device: string;
  incarnation: string;
  seq: number | string;
  id: string;
  status: string;
}

/** Reads a terminal's folder, from a copy: the terminal must not be running. Its log is taken in as at any start. */
export function readTerminal(dataDir: string): StoreFacts {
  return withTerminalCopy(dataDir, (db) => {
    const rows = db
      .prepare<[], { body: string }>("SELECT body FROM entity WHERE kind = 'order' AND body IS NOT NULL")
      .all();
    const sums = db.prepare(`SELECT ${DAY_SUMS} FROM order_day`).get() as Record<string, unknown>;
    const series = db
      .prepare<[], SeriesRow>('SELECT device_id AS device, incarnation, seq, id, status FROM outbox ORDER BY pos')
      .all();
    const check = db.pragma('integrity_check') as { integrity_check: string }[];
    return {
      orders: ordersOf(rows.map(({ body }) => JSON.parse(body) as OrderRow)),
      daySums: numbers(sums),
      series: seriesOf(series),
      damage: check.map((row) => row.integrity_check).filter((word) => word !== 'ok'),
    };
  });
}

/** The commands of a terminal that the cloud has acknowledged, and when it was told. The terminal must not be running. */
export function readAcknowledged(dataDir: string): { id: string; atS: number }[] {
  return withTerminalCopy(dataDir, (db) =>
    db
      .prepare<[], { id: string; at: string }>('SELECT id, acked_at AS at FROM outbox WHERE acked_at IS NOT NULL')
      .all()
      .map(({ id, at }) => ({ id, atS: Date.parse(at) / 1000 })),
  );
}

function withTerminalCopy<T>(dataDir: string, read: (db: Database.Database) => T): T {
  const copy = mkdtempSync(join(tmpdir(), 'chefcloud-check-'));
  try {
    for (const name of ['terminal.db', 'terminal.db-wal']) {
      if (existsSync(join(dataDir, name))) cpSync(join(dataDir, name), join(copy, name));
    }
    const db = new Database(join(copy, 'terminal.db'));
    const found = read(db);
    db.close();
    return found;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Reads the cloud's database on a PostgreSQL server. */
export async function readPostgres(url: string): Promise<StoreFacts> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await readCloud(async <R>(sql: string) => (await client.query(sql)).rows as R[]);
  } finally {
    await client.end();
  }
}

/** Reads the cloud's database in a PGlite folder, from a copy: the cloud must not be running. */
export async function readPglite(folder: string): Promise<StoreFacts> {
  const copy = mkdtempSync(join(tmpdir(), 'chefcloud-check-'));
  try {
    cpSync(folder, copy, { recursive: true });
    const lite = await PGlite.create({ dataDir: copy });
    const facts = await readCloud(async <R>(sql: string) => (await lite.query(sql)).rows as R[]);
    await lite.close();
    return facts;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function readCloud(query: <R>(sql: string) => Promise<R[]>): Promise<StoreFacts> {
  const rows = await query<{ body: OrderRow }>("select body from entity where kind = 'order'");
  const [sums] = await query<Record<string, unknown>>(`select ${DAY_SUMS} from order_day`);
  const series = await query<SeriesRow>(
    `select device_id as device, incarnation, seq, id, status from command where seq is not null
     order by device_id, incarnation, seq`,
  );
  return {
    orders: ordersOf(rows.map(({ body }) => body)),
    daySums: numbers(sums ?? {}),
    series: seriesOf(series),
    damage: [],
  };
}

/** As much of a stored order as the checker looks at. */
interface OrderRow {
  id: string;
  number: string;
  status: string;
  lines: { id: string; quantity: number; unitPriceMinor: number; void?: unknown }[];
  payments: {
    id: string;
    method: string;
    amountMinor: number;
    reversal?: unknown;
    refunds: { id: string; amountMinor: number }[];
  }[];
}

function ordersOf(rows: readonly OrderRow[]): Facts {
  return new Map(
    rows.map(({ id, number, status, lines, payments }): [string, OrderFacts] => [
      id,
      {
        number,
        isClosed: status === 'closed',
        lines: lines.map((line) => ({ id: line.id, amountMinor: line.quantity * line.unitPriceMinor })),
        payments: payments.map((each) => ({ id: each.id, method: each.method, amountMinor: each.amountMinor })),
        refunds: payments.flatMap((payment) =>
          payment.refunds.map((each) => ({ id: each.id, paymentId: payment.id, amountMinor: each.amountMinor })),
        ),
      },
    ]),
  );
}

function seriesOf(rows: readonly SeriesRow[]): StoreFacts['series'] {
  const series: StoreFacts['series'] = new Map();
  for (const { device, incarnation, seq, id, status } of rows) {
    const key = `${device}/${incarnation}`;
    const list = series.get(key) ?? [];
    list.push({ seq: Number(seq), id, status });
    series.set(key, list);
  }
  return series;
}

function numbers(row: Record<string, unknown>): Record<string, number> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)]));
}

import { crc32 } from 'node:zlib';
import type Database from 'better-sqlite3';

/** What stands in `entity.sum`: of all texts of a row, each kept apart from the next. */
export function entitySum(kind: string, id: string, body: string | null, base: string | null): number {
  return crc32(base ?? '\0', crc32(body ?? '\0', crc32(`${kind}\0${id}\0`)));
}

/** Makes the sums known to SQL; the triggers of `entity` call theirs whenever a row is written. */
export function registerSums(db: Database.Database): void {
  db.function('entity_sum', { deterministic: true }, (kind, id, body, base) =>
    entitySum(String(kind), String(id), body as string | null, base as string | null),
  );
  db.function('text_sum', { deterministic: true }, (text) => crc32(String(text)));
}

/**
 * Whether something stands in the file that nobody wrote. SQLite's own checks look at the form of its pages; a bit that turned inside a
 * text or an amount has the right form. Reads every row of the view, every amount, and every command that is not settled; the commands
 * before those are looked at when they are needed again, and by each backup.
 */
export function hasSpoiledRow(db: Database.Database): boolean {
  const spoiled = db.prepare('SELECT 1 FROM entity WHERE sum IS NOT entity_sum(kind, id, body, base) LIMIT 1').get();
  if (spoiled !== undefined) return true;
  const unsettled = db
    .prepare(
      `SELECT 1 FROM outbox WHERE pos > coalesce((SELECT settled_pos FROM outbox_mark), 0)
       AND body_sum IS NOT NULL AND body_sum IS NOT text_sum(body) LIMIT 1`,
    )
    .get();
  if (unsettled !== undefined) return true;
  // Each amount stands in the file twice, in the table and in its index.
  const columns = 'order_id, day, sales_minor, cash_minor, momo_minor, card_minor, orders';
  const differing = db
    .prepare(
      `SELECT 1 FROM (SELECT ${columns} FROM order_day NOT INDEXED
       EXCEPT SELECT ${columns} FROM order_day INDEXED BY order_day_sums) LIMIT 1`,
    )
    .get();
  return differing !== undefined;
}

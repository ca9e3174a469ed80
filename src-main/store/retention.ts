import type { Store } from './store.ts';

export const KEPT_DAYS = 90;
const DAY_MS = 86_400_000;

/**
 * Every table that grows, and how long its rows stay on a terminal: `keptDays`, 90 by design. Rows with pending commands are never touched, and the
 * newest outbox row stays for ever: `seq` counts on from it.
 *
 * - entity: orders, tickets, shifts, movements and anomalies of days older than 90 days that are no longer open;
 *   sessions cleared longer ago. Menu, staff, tables and stock items do not grow by themselves.
 * - outbox: acknowledged and settled for 90 days.
 * - touch: goes when its command is settled.
 * - order_day: 90 days, as the orders.
 * - pin_lockout: one row a person; goes with the right PIN.
 * - incarnation: one row a restore; for ever.
 */
export function removeOld(store: Store, nowMs: number, keptDays: number = KEPT_DAYS): number {
  const cutoff = new Date(nowMs - keptDays * DAY_MS).toISOString();
  const day = cutoff.slice(0, 10);
  const { db } = store;
  const removed = store.write(() => {
    const aged = db
      .prepare(
        `DELETE FROM entity WHERE pending = 0 AND state IS NULL AND day < ?
         AND kind IN ('order', 'ticket', 'shift', 'stockMovement', 'anomaly')`,
      )
      .run(day).changes;
    const others = db
      .prepare(
        `DELETE FROM entity WHERE pending = 0 AND state IS NULL AND day IS NULL
         AND ((kind = 'session' AND body ->> '$.clearedAt' < ?) OR (kind = 'anomaly' AND body ->> '$.at' < ?))`,
      )
      .run(cutoff, cutoff).changes;
    const acknowledged = db
      .prepare(
        `DELETE FROM outbox WHERE settled = 1 AND acked_at < ? AND pos < (SELECT max(pos) FROM outbox)
         AND pos <= (SELECT settled_pos FROM outbox_mark)`,
      )
      .run(cutoff).changes;
    const days = db.prepare('DELETE FROM order_day WHERE day < ?').run(day).changes;
    return aged + others + acknowledged + days;
  });
  if (removed > 0) store.entities.forgetAll();
  return removed;
}

import type { Store } from './store.ts';

export const KEPT_DAYS = 90;
/** A file of the outbox's mirror goes when it is older and everything in it is settled: twice as far back as the backups. */
export const MIRROR_KEPT_DAYS = 14;
/** A larger file of the mirror is followed by a new one. */
export const MIRROR_FILE_BYTES = 4 * 1024 * 1024;
/** Verified backups: the newest so many, and the newest of each of the last so many days. */
export const BACKUPS_KEPT = { newest: 24, days: 7, bytes: 4 * 1024 ** 3 } as const;
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
 * - audit_head: of each chain of the cloud the newest of every hour, after 90 days the newest of each day, for ever.
 * - outbox_head: one row for 500 entries, for ever.
 * - incarnation: one row a restore; for ever.
 * - mirror of the outbox: MIRROR_KEPT_DAYS, and as long as something in it is not settled (mirror.ts).
 * - backups: BACKUPS_KEPT (backups.ts). What was damaged and put aside is never deleted.
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
    // A head that is followed by a lower one shows that the cloud was put back: it stays.
    const heads = db
      .prepare(
        `DELETE FROM audit_head WHERE at < ? AND n < (
           SELECT later.n FROM audit_head later WHERE later.scope = audit_head.scope AND later.n_kept > audit_head.n_kept
             AND substr(later.at, 1, 10) = substr(audit_head.at, 1, 10) ORDER BY later.n_kept LIMIT 1)`,
      )
      .run(cutoff).changes;
    return aged + others + acknowledged + days + heads;
  });
  if (removed > 0) store.entities.forgetAll();
  return removed;
}

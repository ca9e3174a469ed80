import type Database from 'better-sqlite3';
import { checkpoints, type Checkpoints } from './checkpoint.ts';
import { entityRows, type EntityRows } from './entity-rows.ts';
import type { Log } from '#shared/kernel/log.ts';
import { metaRows, type MetaRows } from './meta-rows.ts';
import { openDatabase } from './open-database.ts';
import { orderDayRows, type OrderDayRows } from './order-day-rows.ts';
import { outboxRows, type OutboxRows } from './outbox-rows.ts';
import { pinLockoutRows, type PinLockoutRows } from './pin-lockout-rows.ts';
import { storeError } from './store-errors.ts';
import { touchRows, type TouchRows } from './touch-rows.ts';

/** One terminal's database: repositories over prepared statements, and the one way to write. */
export interface Store {
  readonly db: Database.Database;
  readonly meta: MetaRows;
  readonly entities: EntityRows;
  readonly outbox: OutboxRows;
  readonly touches: TouchRows;
  readonly orderDays: OrderDayRows;
  readonly lockouts: PinLockoutRows;
  readonly checkpoints: Checkpoints;
  /**
   * Runs `work` in one durable transaction. A throw leaves nothing behind, in the file or in memory. Not to be nested.
   * Throws AppError (`store/full`, …) for what the disk says.
   */
  write<T>(work: () => T): T;
  close(): void;
}

/** Opens the store of a data folder; see `openDatabase` for what it throws. */
export function openStore(dataDir: string, log: Log): Store {
  const { db, close } = openDatabase(dataDir);
  const entities = entityRows(db, log);
  const outbox = outboxRows(db);
  // What was on its way when the process ended waits again; the cloud knows by `seq` what it has.
  outbox.markWaiting(undefined);
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const rollback = db.prepare('ROLLBACK');
  return {
    db,
    meta: metaRows(db),
    entities,
    outbox,
    touches: touchRows(db),
    orderDays: orderDayRows(db),
    lockouts: pinLockoutRows(db),
    checkpoints: checkpoints(db, log),
    write: (work) => {
      try {
        begin.run();
        const result = work();
        commit.run();
        return result;
      } catch (error) {
        if (db.inTransaction) rollback.run();
        entities.forgetAll();
        outbox.reload();
        throw storeError(error);
      }
    },
    close,
  };
}

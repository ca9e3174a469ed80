import Database from 'better-sqlite3';
import { AppError } from '#shared/kernel/errors.ts';
import { auditHeadRows, type AuditHeadRows } from './audit-head-rows.ts';
import { checkpoints, type Checkpoints } from './checkpoint.ts';
import { entityRows, type EntityRows } from './entity-rows.ts';
import type { Log } from '#shared/kernel/log.ts';
import { metaRows, type MetaRows } from './meta-rows.ts';
import { openDatabase } from './open-database.ts';
import { orderDayRows, type OrderDayRows } from './order-day-rows.ts';
import { outboxCopyRows, type OutboxCopyRows } from './outbox-copy-rows.ts';
import { outboxHeadRows, type OutboxHeadRows } from './outbox-head-rows.ts';
import { outboxRows, type OutboxRows } from './outbox-rows.ts';
import { pinLockoutRows, type PinLockoutRows } from './pin-lockout-rows.ts';
import { isDamage, storeError } from './store-errors.ts';
import { touchRows, type TouchRows } from './touch-rows.ts';

/** One terminal's database: repositories over prepared statements, and the one way to write. */
export interface Store {
  readonly db: Database.Database;
  readonly meta: MetaRows;
  readonly entities: EntityRows;
  readonly outbox: OutboxRows;
  readonly outboxCopy: OutboxCopyRows;
  readonly outboxHeads: OutboxHeadRows;
  readonly auditHeads: AuditHeadRows;
  readonly touches: TouchRows;
  readonly orderDays: OrderDayRows;
  readonly lockouts: PinLockoutRows;
  readonly checkpoints: Checkpoints;
  /**
   * Runs `work` in one durable transaction. A throw leaves nothing behind, in the file or in memory. Not to be nested.
   * Throws AppError (`store/full`, …) for what the disk says.
   */
  write<T>(work: () => T): T;
  /** Hears of a damaged file, once `write` has met it. */
  onDamage: ((error: unknown) => void) | undefined;
  close(): void;
}

/** Opens the store of a data folder; see `openDatabase` for `release` and for what it throws. */
export function openStore(dataDir: string, log: Log, release?: () => void): Store {
  const { db, close } = openDatabase(dataDir, release);
  try {
    return storeOf(db, log, close);
  } catch (error) {
    close();
    // The tables are not what their version says.
    const isForeign = error instanceof Database.SqliteError && error.code === 'SQLITE_ERROR';
    throw isForeign ? new AppError('store/damaged') : storeError(error);
  }
}

function storeOf(db: Database.Database, log: Log, close: () => void): Store {
  const entities = entityRows(db, log);
  const outbox = outboxRows(db, (error) => store.onDamage?.(error));
  // What was on its way when the process ended waits again; the cloud knows by `seq` what it has.
  outbox.markWaiting(undefined);
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const rollback = db.prepare('ROLLBACK');
  const store: Store = {
    db,
    meta: metaRows(db),
    entities,
    outbox,
    outboxCopy: outboxCopyRows(db),
    outboxHeads: outboxHeadRows(db),
    auditHeads: auditHeadRows(db),
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
        if (isDamage(error)) store.onDamage?.(error);
        if (db.inTransaction) rollback.run();
        entities.forgetAll();
        outbox.reload();
        throw storeError(error);
      }
    },
    onDamage: undefined,
    close,
  };
  return store;
}

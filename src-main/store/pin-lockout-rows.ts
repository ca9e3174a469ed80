import type Database from 'better-sqlite3';

export interface PinLockout {
  /** Wrong PINs since the last lock or success. */
  failures: number;
  /** How often this person was locked out since the last success: each lock lasts twice as long. */
  locks: number;
  lockedUntilMs: number;
}

export interface PinLockoutRows {
  find(staffId: string): PinLockout | undefined;
  save(staffId: string, lockout: PinLockout): void;
  remove(staffId: string): void;
}

export function pinLockoutRows(db: Database.Database): PinLockoutRows {
  const select = db.prepare<[string], PinLockout>(
    'SELECT failures, locks, locked_until_ms AS lockedUntilMs FROM pin_lockout WHERE staff_id = ?',
  );
  const upsert = db.prepare(
    `INSERT INTO pin_lockout (staff_id, failures, locks, locked_until_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (staff_id) DO UPDATE SET failures = excluded.failures, locks = excluded.locks, locked_until_ms = excluded.locked_until_ms`,
  );
  const remove = db.prepare('DELETE FROM pin_lockout WHERE staff_id = ?');
  return {
    find: (staffId) => select.get(staffId),
    save: (staffId, lockout) => {
      upsert.run(staffId, lockout.failures, lockout.locks, lockout.lockedUntilMs);
    },
    remove: (staffId) => {
      remove.run(staffId);
    },
  };
}

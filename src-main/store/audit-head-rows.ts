import type Database from 'better-sqlite3';
import type { SignedHead } from '#shared/contract/sync-wire.ts';

/**
 * The ends of the cloud's audit chains that this terminal was shown: of each chain the newest of every hour. One that does not go on from
 * the one before (the cloud was put back, or its chain was changed) stands beside it and takes nobody's place: they are the proof.
 */
export interface AuditHeadRows {
  /** Keeps a head; returns what was known last when the new one does not go on from it. Inside a transaction. */
  keep(head: SignedHead): SignedHead | undefined;
  /** The newest heads of all chains, at most `limit`. */
  list(limit: number): SignedHead[];
}

const COLUMNS = 'scope, n, hash, at, key, signature';
/** `2026-03-02T12` of `2026-03-02T12:00:00.000Z`. */
const HOUR_LENGTH = 13;

export function auditHeadRows(db: Database.Database): AuditHeadRows {
  const newest = db.prepare<[string], SignedHead>(
    `SELECT ${COLUMNS} FROM audit_head WHERE scope = ? ORDER BY n_kept DESC LIMIT 1`,
  );
  const add = db.prepare(`INSERT INTO audit_head (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)`);
  const remove = db.prepare('DELETE FROM audit_head WHERE scope = ? AND n = ? AND hash = ?');
  const all = db.prepare<[number], SignedHead>(`SELECT ${COLUMNS} FROM audit_head ORDER BY n_kept DESC LIMIT ?`);
  return {
    keep: (head) => {
      const last = newest.get(head.scope);
      if (last?.n === head.n && last.hash === head.hash) return undefined;
      const goesOn = last === undefined || head.n > last.n;
      if (last !== undefined && goesOn && last.at.slice(0, HOUR_LENGTH) === head.at.slice(0, HOUR_LENGTH))
        remove.run(last.scope, last.n, last.hash);
      add.run(head.scope, head.n, head.hash, head.at, head.key, head.signature);
      return goesOn ? undefined : last;
    },
    list: (limit) => all.all(limit),
  };
}

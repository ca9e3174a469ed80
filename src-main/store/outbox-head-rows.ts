import { hash } from 'node:crypto';
import type Database from 'better-sqlite3';
import type { OutboxHead } from '#shared/contract/sync-wire.ts';

/** A kept hash every so many entries: from there one counts on when entries are sent again. */
const BLOCK = 500;

/**
 * The rolling hash over the exact texts of each series, as the cloud counts it too (src-cloud/store/watermarks.ts). Made when entries are
 * sent, never in a tap.
 */
export interface OutboxHeadRows {
  /** The hash up to the last of `entries`, which lie from `firstPos` on. Undefined where older entries are gone that it would need. */
  of(incarnation: string, firstPos: number, entries: readonly { seq: number; body: string }[]): OutboxHead | undefined;
  /** Everything up to `head` is acknowledged. Inside a transaction. */
  keep(incarnation: string, head: OutboxHead): void;
}

export function outboxHeadRows(db: Database.Database): OutboxHeadRows {
  const known = db.prepare<[string, number], OutboxHead>(
    'SELECT seq, hash FROM outbox_head WHERE incarnation = ? AND seq <= ? ORDER BY block DESC LIMIT 1',
  );
  const bodies = db
    .prepare<[string, number, number], string>(
      'SELECT body FROM outbox WHERE incarnation = ? AND pos BETWEEN ? AND ? ORDER BY pos',
    )
    .pluck();
  const save = db.prepare(
    `INSERT INTO outbox_head (incarnation, block, seq, hash) VALUES (?, ?, ?, ?)
     ON CONFLICT (incarnation, block) DO UPDATE SET seq = excluded.seq, hash = excluded.hash WHERE excluded.seq > outbox_head.seq`,
  );
  // Where the last batch began and ended: the next goes on from one of the two.
  let last: { incarnation: string; before: OutboxHead; end: OutboxHead } | undefined;

  const before = (incarnation: string, firstPos: number, firstSeq: number): OutboxHead | undefined => {
    const seq = firstSeq - 1;
    if (last?.incarnation === incarnation) {
      const near = [last.end, last.before].find((each) => each.seq === seq);
      if (near !== undefined) return near;
    }
    const start = known.get(incarnation, seq) ?? { seq: 0, hash: seriesStart(incarnation) };
    const missing = bodies.all(incarnation, firstPos - (seq - start.seq), firstPos - 1);
    if (missing.length !== seq - start.seq) return undefined;
    return { seq, hash: missing.reduce(seriesHash, start.hash) };
  };

  return {
    of: (incarnation, firstPos, entries) => {
      const [first] = entries;
      const from = first === undefined ? undefined : before(incarnation, firstPos, first.seq);
      const lastEntry = entries.at(-1);
      if (from === undefined || lastEntry === undefined) return undefined;
      const end = { seq: lastEntry.seq, hash: entries.reduce((so, { body }) => seriesHash(so, body), from.hash) };
      last = { incarnation, before: from, end };
      return end;
    },
    keep: (incarnation, head) => {
      save.run(incarnation, Math.floor(head.seq / BLOCK), head.seq, head.hash);
    },
  };
}

function seriesStart(incarnation: string): string {
  return hash('sha256', `chefcloud-outbox ${incarnation}`, 'base64url');
}

function seriesHash(so: string, body: string): string {
  return hash('sha256', so + body, 'base64url');
}

import type Database from 'better-sqlite3';
import { AppError } from '#shared/kernel/errors.ts';

/** Forward only: a number that was shipped never changes. `user_version` of the file is the last that ran. */
const migrations: readonly { number: number; sql: string }[] = [
  {
    number: 1,
    sql: `
      CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

      -- 'body' is the view: what the cloud said last, with the pending commands on top. While pending = 1, 'base' is the
      -- cloud's last word (NULL: it has none); else the view is the cloud's word. base_seq = 0: the cloud never had it.
      CREATE TABLE entity (
        n INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        body TEXT,
        base TEXT,
        base_seq INTEGER NOT NULL DEFAULT 0,
        pending INTEGER NOT NULL DEFAULT 0 CHECK (pending IN (0, 1)),
        state TEXT,
        day TEXT,
        UNIQUE (kind, id)
      ) STRICT;
      CREATE INDEX entity_state ON entity (kind, state) WHERE state IS NOT NULL;
      CREATE INDEX entity_day ON entity (kind, day) WHERE day IS NOT NULL;

      -- A series of the outbox: the row at 'first_pos' has seq 1 of it, the next 2, and so on: gap-free by construction.
      CREATE TABLE incarnation (
        first_pos INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        next_receipt INTEGER NOT NULL DEFAULT 1,
        started_at TEXT NOT NULL
      ) STRICT;

      -- Small columns first: they are read without the body. 'touches' names the entities of an unsettled command.
      CREATE TABLE outbox (
        pos INTEGER PRIMARY KEY,
        status TEXT NOT NULL CHECK (status IN ('PENDING', 'REPLAYING', 'SUCCESS', 'FAILED')),
        settled INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1)),
        visible_org INTEGER,
        visible_branch INTEGER,
        attempts INTEGER NOT NULL DEFAULT 0,
        incarnation TEXT NOT NULL,
        seq INTEGER NOT NULL,
        lamport INTEGER NOT NULL,
        device_id TEXT NOT NULL,
        id TEXT NOT NULL,
        endpoint TEXT NOT NULL,
        method TEXT NOT NULL,
        idempotency_key TEXT NOT NULL,
        created_at TEXT NOT NULL,
        acked_at TEXT,
        flags TEXT,
        last_error TEXT,
        touches TEXT,
        body TEXT NOT NULL
      ) STRICT;
      CREATE INDEX outbox_refused ON outbox (pos) WHERE status = 'FAILED';

      -- Everything up to these positions is acknowledged, and settled: where looking begins. Lower is slower, never wrong.
      CREATE TABLE outbox_mark (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        acked_pos INTEGER NOT NULL,
        settled_pos INTEGER NOT NULL
      ) STRICT;
      INSERT INTO outbox_mark VALUES (1, 0, 0);

      -- Which unsettled commands touch an entity; its rows go when the command is settled.
      CREATE TABLE touch (
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        pos INTEGER NOT NULL,
        PRIMARY KEY (kind, id, pos)
      ) STRICT, WITHOUT ROWID;

      -- What each order of the view adds to each business day; KPIs only add these up.
      CREATE TABLE order_day (
        order_id TEXT NOT NULL,
        day TEXT NOT NULL,
        sales_minor INTEGER NOT NULL,
        cash_minor INTEGER NOT NULL,
        momo_minor INTEGER NOT NULL,
        card_minor INTEGER NOT NULL,
        orders INTEGER NOT NULL,
        PRIMARY KEY (order_id, day)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX order_day_sums ON order_day (day, sales_minor, cash_minor, momo_minor, card_minor, orders);

      CREATE TABLE pin_lockout (
        staff_id TEXT PRIMARY KEY,
        failures INTEGER NOT NULL,
        locks INTEGER NOT NULL,
        locked_until_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    number: 2,
    // The bytes that were given, so that a bit that turned on the disk is never sent. NULL: written by an older version.
    sql: `ALTER TABLE outbox ADD COLUMN body_sum INTEGER`,
  },
  {
    number: 3,
    sql: `
      -- n_kept: the order in which they came.
      CREATE TABLE audit_head (
        n_kept INTEGER PRIMARY KEY,
        scope TEXT NOT NULL,
        n INTEGER NOT NULL,
        hash TEXT NOT NULL,
        at TEXT NOT NULL,
        key TEXT NOT NULL,
        signature TEXT NOT NULL
      ) STRICT;
      CREATE INDEX audit_head_scope ON audit_head (scope, n_kept);

      CREATE TABLE outbox_head (
        incarnation TEXT NOT NULL,
        block INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        hash TEXT NOT NULL,
        PRIMARY KEY (incarnation, block)
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    number: 4,
    // What a person has to look at is live until they have; of the flags that were known when this ran.
    sql: `
      UPDATE entity SET state = 'open' WHERE kind = 'anomaly' AND state IS NULL AND body ->> '$.code' IN (
        'overpayment', 'payment-unmatched', 'payment-after-void', 'refund-without-payment', 'closed-underpaid', 'after-closing',
        'order-unknown', 'shift-unknown', 'expected-differs', 'not-permitted', 'forked-series', 'failed-inside');
    `,
  },
  {
    number: 5,
    // entity-sums.ts: what was written, so that a bit that turned on the disk is never shown.
    sql: `
      ALTER TABLE entity ADD COLUMN sum INTEGER;
      UPDATE entity SET sum = entity_sum(kind, id, body, base);
      CREATE TRIGGER entity_inserted AFTER INSERT ON entity BEGIN
        UPDATE entity SET sum = entity_sum(new.kind, new.id, new.body, new.base) WHERE n = new.n;
      END;
      CREATE TRIGGER entity_updated AFTER UPDATE OF kind, id, body, base ON entity BEGIN
        UPDATE entity SET sum = entity_sum(new.kind, new.id, new.body, new.base) WHERE n = new.n;
      END;
    `,
  },
  {
    number: 6,
    // What this terminal has and the cloud, put back from a backup, has not.
    sql: `CREATE INDEX entity_lacking ON entity (kind) WHERE base_seq = 0 AND pending = 0`,
  },
];

export const SCHEMA_VERSION = Math.max(...migrations.map(({ number }) => number));

/** Brings the file to this version's tables, each step in a transaction. Throws `store/newer` when it is ahead of us. */
export function migrate(db: Database.Database): void {
  const found = db.pragma('user_version', { simple: true }) as number;
  if (found > SCHEMA_VERSION) throw new AppError('store/newer');
  for (const { number, sql } of migrations) {
    if (number <= found) continue;
    db.transaction(() => {
      db.exec(sql);
      db.pragma(`user_version = ${number}`);
    }).immediate();
  }
}

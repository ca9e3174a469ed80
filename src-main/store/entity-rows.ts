import type Database from 'better-sqlite3';
import type { Find } from '#shared/commands/engine.ts';
import {
  entityIndex,
  type EntityOf,
  type Kind,
  parseEntity,
  put,
  type Put,
  type Ref,
  refKey,
} from '#shared/domain/entity.ts';
import { refusalId } from '#shared/domain/anomaly.ts';
import { AppError } from '#shared/kernel/errors.ts';
import type { Log } from '#shared/kernel/log.ts';

// Parsed entities stay in memory: this process alone writes the file, and a tap reads the same order again and again.
const CACHE_LIMIT = 20_000;

/** The synchronised rows: what screens see (view), and what the cloud said last (base). */
export interface EntityRows {
  /** The view. Throws `store/damaged` when the row cannot be read. */
  find: Find;
  /** What the cloud said last; `undefined` when it has none. */
  findBase: Find;
  /** Saves the view of an entity with pending commands on it; the cloud's word is put aside at the first. */
  saveView(row: Put, before: Put | undefined): void;
  /** The view is gone while commands on it are pending. */
  clearView(ref: Ref): void;
  /** No command is pending any more: the view is the cloud's word. Returns that, `undefined` when it has none. */
  settle<K extends Kind>(ref: Ref<K>): EntityOf<K> | undefined;
  listByState<K extends Kind>(kind: K, state: string): EntityOf<K>[];
  listByDay<K extends Kind>(kind: K, from: string, to: string): EntityOf<K>[];
  listAll<K extends Kind>(kind: K): EntityOf<K>[];
  /** Open tasks of the branch: undecided refusals, and everything else. */
  countTasks(): { refusals: number; others: number };
  /** Tasks that somebody has seen to, the latest first. */
  listResolved(limit: number): EntityOf<'anomaly'>[];
  countByState(kind: Kind, state: string): number;
  countByDay(kind: Kind, day: string): number;
  /** Rows that the cloud had once and has not any more: of terminals that have not sent them again. */
  countLacking(kinds: readonly Kind[]): number;
  /** Keeps rows that have just been committed at hand. */
  remember(rows: readonly Put[]): void;
  /** The file has changed under these rows. */
  forget(refs: Iterable<Ref>): void;
  forgetAll(): void;
}

interface BodyRow {
  id: string;
  body: string;
}

export function entityRows(db: Database.Database, log: Log): EntityRows {
  const cache = new Map<string, unknown>();
  const view = db.prepare<[string, string], string | null>('SELECT body FROM entity WHERE kind = ? AND id = ?').pluck();
  const base = db
    .prepare<[string, string], string | null>(
      'SELECT CASE WHEN pending = 1 THEN base WHEN base_seq > 0 THEN body END FROM entity WHERE kind = ? AND id = ?',
    )
    .pluck();
  // In both, the columns on the right are those before the change.
  const putAside =
    'base = CASE WHEN pending = 0 THEN (CASE WHEN base_seq > 0 THEN entity.body END) ELSE base END, pending = 1';
  const upsert = db.prepare(
    `INSERT INTO entity (kind, id, body, pending, state, day) VALUES (?, ?, ?, 1, ?, ?)
     ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body, state = excluded.state, day = excluded.day, ${putAside}`,
  );
  const update = db.prepare(`UPDATE entity SET body = ?, ${putAside} WHERE kind = ? AND id = ?`);
  const clear = db.prepare(
    `UPDATE entity SET body = NULL, state = NULL, day = NULL, ${putAside} WHERE kind = ? AND id = ?`,
  );
  const settle = db.prepare(
    'UPDATE entity SET body = ?, state = ?, day = ?, base = NULL, pending = 0 WHERE kind = ? AND id = ? AND pending = 1',
  );
  const remove = db.prepare('DELETE FROM entity WHERE kind = ? AND id = ? AND pending = 1');
  const byState = db.prepare<[string, string], BodyRow>(
    'SELECT id, body FROM entity WHERE kind = ? AND state = ? AND body IS NOT NULL ORDER BY n',
  );
  const byDay = db.prepare<[string, string, string], BodyRow>(
    'SELECT id, body FROM entity WHERE kind = ? AND day BETWEEN ? AND ? AND body IS NOT NULL ORDER BY day, n',
  );
  const all = db.prepare<[string], BodyRow>('SELECT id, body FROM entity WHERE kind = ? AND body IS NOT NULL');
  const resolved = db.prepare<[number], BodyRow>(
    `SELECT id, body FROM entity WHERE kind = 'anomaly' AND state IS NULL AND body ->> '$.resolved.at' IS NOT NULL
     ORDER BY body ->> '$.resolved.at' DESC, n DESC LIMIT ?`,
  );
  const countTasks = db.prepare<[], { refusals: number; all: number }>(
    `SELECT count(*) AS "all", count(*) FILTER (WHERE id LIKE '%${refusalId('')}') AS refusals
     FROM entity WHERE kind = 'anomaly' AND state = 'open'`,
  );
  const countState = db
    .prepare<[string, string], number>('SELECT count(*) FROM entity WHERE kind = ? AND state = ?')
    .pluck();
  const countDay = db
    .prepare<[string, string], number>('SELECT count(*) FROM entity WHERE kind = ? AND day = ?')
    .pluck();

  const countLacking = db
    .prepare<[string], number>('SELECT count(*) FROM entity WHERE kind = ? AND base_seq = 0 AND pending = 0')
    .pluck();

  const parse = <K extends Kind>(kind: K, id: string, text: string): EntityOf<K> => {
    const entity = readEntity(kind, text);
    if (entity !== undefined) return entity;
    throw new AppError(
      'store/damaged',
      `The row ${kind} ${id} on this terminal cannot be read. Nothing else is affected; call support.`,
    );
  };
  const keep = (key: string, entity: unknown): void => {
    if (cache.size >= CACHE_LIMIT) cache.clear();
    cache.set(key, entity);
  };
  // A list leaves a damaged row out and says so: one bad row never closes a screen.
  const parseList = <K extends Kind>(kind: K, rows: readonly BodyRow[]): EntityOf<K>[] => {
    const entities: EntityOf<K>[] = [];
    for (const { id, body } of rows) {
      const key = refKey({ kind, id });
      const cached = cache.get(key) as EntityOf<K> | undefined;
      const entity = cached ?? readEntity(kind, body);
      if (entity === undefined) log(`store: the row ${kind} ${id} is damaged and left out`);
      else {
        if (cached === undefined) keep(key, entity);
        entities.push(entity);
      }
    }
    return entities;
  };

  const find: Find = (kind, id) => {
    const key = refKey({ kind, id });
    if (cache.has(key)) return cache.get(key) as EntityOf<typeof kind> | undefined;
    const text = view.get(kind, id) ?? undefined;
    const entity = text === undefined ? undefined : parse(kind, id, text);
    keep(key, entity);
    return entity;
  };
  const findBase: Find = (kind, id) => {
    const text = base.get(kind, id) ?? undefined;
    return text === undefined ? undefined : parse(kind, id, text);
  };

  return {
    find,
    findBase,
    saveView: (row, before) => {
      const text = JSON.stringify(row.body);
      const { state, day } = entityIndex(row);
      if (before !== undefined) {
        const old = entityIndex(before);
        // Most taps leave both indexes alone.
        if (old.state === state && old.day === day) {
          if (update.run(text, row.kind, row.id).changes === 1) return;
        }
      }
      upsert.run(row.kind, row.id, text, state, day);
    },
    clearView: ({ kind, id }) => {
      clear.run(kind, id);
    },
    settle: ({ kind, id }) => {
      const text = base.get(kind, id) ?? undefined;
      if (text === undefined) {
        remove.run(kind, id);
        return undefined;
      }
      const entity = parse(kind, id, text);
      const { state, day } = entityIndex(put(kind, entity));
      settle.run(text, state, day, kind, id);
      return entity;
    },
    listByState: (kind, state) => parseList(kind, byState.all(kind, state)),
    listByDay: (kind, from, to) => parseList(kind, byDay.all(kind, from, to)),
    listAll: (kind) => parseList(kind, all.all(kind)),
    countTasks: () => {
      const { refusals = 0, all = 0 } = countTasks.get() ?? {};
      return { refusals, others: all - refusals };
    },
    listResolved: (limit) => parseList('anomaly', resolved.all(limit)),
    countByState: (kind, state) => countState.get(kind, state) ?? 0,
    countByDay: (kind, day) => countDay.get(kind, day) ?? 0,
    countLacking: (kinds) => kinds.reduce((sum, kind) => sum + (countLacking.get(kind) ?? 0), 0),
    remember: (rows) => {
      for (const row of rows) keep(refKey(row), row.body);
    },
    forget: (refs) => {
      for (const ref of refs) cache.delete(refKey(ref));
    },
    forgetAll: () => cache.clear(),
  };
}

/** Reads a stored body; `undefined` when it is damaged. */
function readEntity<K extends Kind>(kind: K, text: string): EntityOf<K> | undefined {
  try {
    const parsed = parseEntity(kind, JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

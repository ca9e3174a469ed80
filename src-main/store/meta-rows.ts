import type Database from 'better-sqlite3';

/** Single values of a terminal. */
export type MetaKey =
  | 'schema'
  | 'enrolment'
  | 'cursor'
  | 'lamport'
  | 'lastContactAt'
  | 'terminals'
  | 'pathTestAt'
  | 'refusedSeen'
  | 'auditKey'
  | 'mustTellHeads'
  | 'healed'
  | 'fileIdentity'
  | 'copiesFolder'
  | 'cloudLacksAt';

export interface MetaRows {
  find(key: MetaKey): string | undefined;
  save(key: MetaKey, value: string): void;
}

export function metaRows(db: Database.Database): MetaRows {
  const select = db.prepare<[string], string>('SELECT value FROM meta WHERE key = ?').pluck();
  const upsert = db.prepare(
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );
  return {
    find: (key) => select.get(key),
    save: (key, value) => {
      upsert.run(key, value);
    },
  };
}

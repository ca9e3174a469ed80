import type Database from 'better-sqlite3';
import { Kind, type Ref, refKey } from '#shared/domain/entity.ts';

/** Which entities the unsettled commands touch: the paths along which a change of the cloud's rows reaches them. */
export interface TouchRows {
  /** What a command touches, as it is written with its outbox row. */
  addAll(pos: number, refs: readonly Ref[]): void;
  /** A re-run reached one more entity. */
  add(pos: number, ref: Ref): void;
  /** What a command touches. */
  list(pos: number): Ref[];
  /** Everything that unsettled commands touch. */
  listAll(): Ref[];
  isTouched(ref: Ref): boolean;
  /** The command is settled. Returns what it touched; the outbox row forgets it by itself (`markSettled`, `markRejected`). */
  removeAll(pos: number): Ref[];
  /** Everything that hangs together with `refs` through pending commands: entities, and the commands' positions. */
  closure(refs: Iterable<Ref>): Closure;
}

export interface Closure {
  refs: Map<string, Ref>;
  positions: Set<number>;
}

export function touchRows(db: Database.Database): TouchRows {
  const insert = db.prepare('INSERT OR IGNORE INTO touch (kind, id, pos) VALUES (?, ?, ?)');
  const remove = db.prepare('DELETE FROM touch WHERE kind = ? AND id = ? AND pos = ?');
  const byPos = db.prepare<[number], string | null>('SELECT touches FROM outbox WHERE pos = ?').pluck();
  const save = db.prepare('UPDATE outbox SET touches = ? WHERE pos = ?');
  const byEntity = db.prepare<[string, string], number>('SELECT pos FROM touch WHERE kind = ? AND id = ?').pluck();
  const all = db.prepare<[], Ref>('SELECT DISTINCT kind, id FROM touch');
  const any = db.prepare<[string, string], number>('SELECT 1 FROM touch WHERE kind = ? AND id = ? LIMIT 1').pluck();
  const list = (pos: number): Ref[] => parseTouches(byPos.get(pos) ?? null);
  return {
    addAll: (pos, refs) => {
      for (const { kind, id } of refs) insert.run(kind, id, pos);
    },
    add: (pos, ref) => {
      if (insert.run(ref.kind, ref.id, pos).changes === 1) save.run(formatTouches([...list(pos), ref]), pos);
    },
    list,
    listAll: () => all.all(),
    isTouched: (ref) => any.get(ref.kind, ref.id) !== undefined,
    removeAll: (pos) => {
      const refs = list(pos);
      for (const { kind, id } of refs) remove.run(kind, id, pos);
      return refs;
    },
    closure: (from) => {
      const refs = new Map<string, Ref>();
      const positions = new Set<number>();
      const queue: Ref[] = [];
      const reach = (ref: Ref): void => {
        const key = refKey(ref);
        if (refs.has(key)) return;
        refs.set(key, ref);
        queue.push(ref);
      };
      for (const ref of from) reach(ref);
      for (let ref = queue.pop(); ref !== undefined; ref = queue.pop()) {
        for (const pos of byEntity.all(ref.kind, ref.id)) {
          if (positions.has(pos)) continue;
          positions.add(pos);
          for (const touched of list(pos)) reach(touched);
        }
      }
      return { refs, positions };
    },
  };
}

/** Refs as the outbox keeps them: kind and id, a line each. */
export function formatTouches(refs: readonly Ref[]): string {
  return refs.map(refKey).join('\n');
}

/** Reads what `formatTouches` wrote. Throws when a kind is not known. */
export function parseTouches(text: string | null): Ref[] {
  if (text === null || text === '') return [];
  return text.split('\n').map((line) => {
    const slash = line.indexOf('/');
    return { kind: Kind.parse(line.slice(0, slash)), id: line.slice(slash + 1) };
  });
}

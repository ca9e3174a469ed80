import type Database from 'better-sqlite3';
import { Kind, type Ref, refKey } from '#shared/domain/entity.ts';

/** Which entities the unsettled commands touch: the paths along which a change of the cloud's rows reaches them. */
export interface TouchRows {
  add(pos: number, ref: Ref): void;
  /** What a command touches. */
  list(pos: number): Ref[];
  isTouched(ref: Ref): boolean;
  removeAll(pos: number): void;
  /** Everything that hangs together with `refs` through pending commands: entities, and the commands' positions. */
  closure(refs: Iterable<Ref>): Closure;
}

export interface Closure {
  refs: Map<string, Ref>;
  positions: Set<number>;
}

export function touchRows(db: Database.Database): TouchRows {
  const insert = db.prepare('INSERT OR IGNORE INTO touch (pos, kind, id) VALUES (?, ?, ?)');
  const byPos = db.prepare<[number], { kind: string; id: string }>('SELECT kind, id FROM touch WHERE pos = ?');
  const byEntity = db.prepare<[string, string], number>('SELECT pos FROM touch WHERE kind = ? AND id = ?').pluck();
  const any = db.prepare<[string, string], number>('SELECT 1 FROM touch WHERE kind = ? AND id = ? LIMIT 1').pluck();
  const remove = db.prepare('DELETE FROM touch WHERE pos = ?');
  const list = (pos: number): Ref[] => byPos.all(pos).map(({ kind, id }) => ({ kind: Kind.parse(kind), id }));
  return {
    add: (pos, ref) => {
      insert.run(pos, ref.kind, ref.id);
    },
    list,
    isTouched: (ref) => any.get(ref.kind, ref.id) !== undefined,
    removeAll: (pos) => {
      remove.run(pos);
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

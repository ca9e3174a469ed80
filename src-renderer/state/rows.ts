import type { LiveRow } from '#shared/contract/bridge.ts';
import type { EntityOf, Kind } from '#shared/domain/entity.ts';

export type RowMap<K extends Kind> = ReadonlyMap<string, EntityOf<K>>;
/** The live rows by kind. A kind whose rows did not change keeps its map, so that what hangs on it is not redrawn. */
export type Rows = { readonly [K in Kind]: RowMap<K> };

const KIND_NAMES = [
  'organisation',
  'branch',
  'staff',
  'pin',
  'category',
  'menuItem',
  'availability',
  'table',
  'session',
  'order',
  'ticket',
  'shift',
  'stockItem',
  'stockMovement',
  'anomaly',
] as const satisfies readonly Kind[];

export function emptyRows(): Rows {
  return Object.fromEntries(KIND_NAMES.map((kind) => [kind, new Map()])) as unknown as Rows;
}

/** The rows with `changes` applied; a change without a body takes its row away. The terminal has validated the bodies. */
export function withRows(rows: Rows, changes: readonly LiveRow[]): Rows {
  const fresh = new Map<Kind, Map<string, unknown>>();
  for (const { kind, id, body } of changes) {
    let map = fresh.get(kind);
    if (map === undefined) {
      map = new Map<string, unknown>(rows[kind]);
      fresh.set(kind, map);
    }
    if (body === null) map.delete(id);
    else map.set(id, body);
  }
  if (fresh.size === 0) return rows;
  return { ...rows, ...Object.fromEntries(fresh) };
}

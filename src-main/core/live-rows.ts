import type { LiveRow } from '#shared/contract/bridge.ts';
import type { EntityOf, Kind, Put } from '#shared/domain/entity.ts';
import { hasLevel, type Level } from '#shared/domain/level.ts';
import type { EntityRows } from '../store/entity-rows.ts';

/** The least level that sees rows of a kind; `never`: they stay on the terminal. */
const SEEN_FROM: Record<Kind, Level | 'never'> = {
  organisation: 'L1',
  branch: 'L1',
  staff: 'L1',
  pin: 'never',
  category: 'L1',
  menuItem: 'L1',
  availability: 'L1',
  table: 'L1',
  session: 'L1',
  order: 'L1',
  ticket: 'L1',
  shift: 'L1',
  stockItem: 'L1',
  stockMovement: 'L3',
  anomaly: 'L3',
};

export function isSeenBy(kind: Kind, level: Level): boolean {
  const least = SEEN_FROM[kind];
  return least !== 'never' && hasLevel(level, least);
}

/** A row as a screen gets it. What somebody could do before is nobody's business. */
export function liveRow(kind: Kind, id: string, body: EntityOf<Kind> | undefined): LiveRow {
  if (body === undefined) return { kind, id, body: null };
  if (kind !== 'staff') return { kind, id, body };
  const { former: _former, formerRights: _formerRights, ...rest } = body as EntityOf<'staff'>;
  return { kind, id, body: rest };
}

export function liveRowsOf(rows: readonly Put[]): LiveRow[] {
  return rows.filter((row) => SEEN_FROM[row.kind] !== 'never').map((row) => liveRow(row.kind, row.id, row.body));
}

/** Open tasks that a screen gets, the newest; the pill counts all. */
const MOST_TASKS = 500;

/** What a screen starts from: the menu, tables, people, what is open, and today. `today` is the business day. */
export function snapshotRows(entities: EntityRows, level: Level, today: string): LiveRow[] {
  const rows = new Map<string, LiveRow>();
  const add = <K extends Kind>(kind: K, found: readonly EntityOf<K>[]): void => {
    if (!isSeenBy(kind, level)) return;
    for (const entity of found) rows.set(`${kind}/${entity.id}`, liveRow(kind, entity.id, entity));
  };
  const present = <T extends { isRemoved: boolean }>(found: readonly T[]): T[] =>
    found.filter((each) => !each.isRemoved);
  add('category', entities.listAll('category'));
  add('menuItem', present(entities.listAll('menuItem')));
  add('availability', entities.listAll('availability'));
  add('table', present(entities.listAll('table')));
  add('staff', entities.listAll('staff'));
  add('session', entities.listByState('session', 'seated'));
  add('order', entities.listByDay('order', today, today));
  add('order', entities.listByState('order', 'open'));
  add('ticket', entities.listByState('ticket', 'new'));
  add('ticket', entities.listByState('ticket', 'started'));
  add(
    'ticket',
    entities.listByDay('ticket', today, today).filter((ticket) => ticket.status !== 'served'),
  );
  add('shift', entities.listByDay('shift', today, today));
  add('shift', entities.listByState('shift', 'open'));
  add('stockItem', present(entities.listAll('stockItem')));
  add('anomaly', entities.listByDay('anomaly', today, today));
  // Whatever their day: nobody has seen to them yet.
  add('anomaly', entities.listByState('anomaly', 'open').slice(-MOST_TASKS));
  return [...rows.values()];
}

import type { SessionInfo, TerminalInfo } from '#shared/contract/bridge.ts';
import type { Kind } from '#shared/domain/entity.ts';
import { hasLevel, type Level } from '#shared/domain/level.ts';
import type { Order } from '#shared/domain/order.ts';
import type { Shift } from '#shared/domain/shift.ts';
import type { DiningTable, Session } from '#shared/domain/table.ts';
import { AppError } from '#shared/kernel/errors.ts';
import type { RowMap } from './rows.ts';
import { useLive } from './store.ts';

/** The live rows of one kind. */
export function useRows<K extends Kind>(kind: K): RowMap<K> {
  return useLive((live) => live.rows[kind]);
}

/** Who is signed in. Only for screens behind the sign-in. */
export function useSession(): SessionInfo {
  const session = useLive((live) => live.session);
  if (session === null) throw new AppError('auth/missing');
  return session;
}

/** Which terminal this is. Only for screens behind the sign-in. */
export function useTerminal(): TerminalInfo {
  const info = useLive((live) => live.info);
  if (info === null) throw new AppError('internal');
  return info;
}

export function mayUse(session: SessionInfo | null, level: Level): boolean {
  return session !== null && hasLevel(session.level, level);
}

/** Open orders, the oldest first. */
export function openOrders(orders: RowMap<'order'>): Order[] {
  const open: Order[] = [];
  for (const order of orders.values()) if (order.status === 'open') open.push(order);
  return open.sort((a, b) => (a.openedAt < b.openedAt ? -1 : a.openedAt > b.openedAt ? 1 : a.id < b.id ? -1 : 1));
}

/**
 * The open shift whose drawer takes cash on this terminal: one's own before another's, the latest first.
 * `undefined`: a float has to be counted first.
 */
export function drawerShift(shifts: RowMap<'shift'>, deviceId: string, staffId: string): Shift | undefined {
  let found: Shift | undefined;
  for (const shift of shifts.values()) {
    if (shift.status !== 'open' || shift.deviceId !== deviceId) continue;
    if (found === undefined) found = shift;
    else if ((shift.staffId === staffId) !== (found.staffId === staffId))
      found = shift.staffId === staffId ? shift : found;
    else if (shift.openedAt > found.openedAt) found = shift;
  }
  return found;
}

/** Tables that are in use in the room, by area and name as people read them. */
export function standingTables(tables: RowMap<'table'>): DiningTable[] {
  const byName = new Intl.Collator(undefined, { numeric: true });
  return [...tables.values()]
    .filter((table) => !table.isRemoved)
    .sort((a, b) => byName.compare(a.area, b.area) || byName.compare(a.name, b.name));
}

/** The guests that sit at each table now, by table id. */
export function seatedByTable(sessions: RowMap<'session'>): ReadonlyMap<string, Session> {
  const seated = new Map<string, Session>();
  for (const session of sessions.values()) if (session.status === 'seated') seated.set(session.tableId, session);
  return seated;
}

import { z } from 'zod';
import { Anomaly, countsAsAnomaly, isTask } from './anomaly.ts';
import { Branch, Organisation } from './branch.ts';
import { Availability, Category, MenuItem } from './menu.ts';
import { Order } from './order.ts';
import { Shift } from './shift.ts';
import { PinCredential, Staff } from './staff.ts';
import { isAtRisk, StockItem, StockMovement } from './stock.ts';
import { DiningTable, Session } from './table.ts';
import { Ticket } from './ticket.ts';

/** Every kind of row that is synchronised, with its schema and the counter it belongs to. */
export const KINDS = {
  organisation: { schema: Organisation, scope: 'org' },
  branch: { schema: Branch, scope: 'org' },
  staff: { schema: Staff, scope: 'org' },
  pin: { schema: PinCredential, scope: 'org' },
  category: { schema: Category, scope: 'org' },
  menuItem: { schema: MenuItem, scope: 'org' },
  availability: { schema: Availability, scope: 'branch' },
  table: { schema: DiningTable, scope: 'branch' },
  session: { schema: Session, scope: 'branch' },
  order: { schema: Order, scope: 'branch' },
  ticket: { schema: Ticket, scope: 'branch' },
  shift: { schema: Shift, scope: 'branch' },
  stockItem: { schema: StockItem, scope: 'branch' },
  stockMovement: { schema: StockMovement, scope: 'branch' },
  anomaly: { schema: Anomaly, scope: 'branch' },
} as const satisfies Record<string, { schema: z.ZodType; scope: 'org' | 'branch' }>;

export type Kind = keyof typeof KINDS;
export const Kind = z.enum(Object.keys(KINDS) as [Kind, ...Kind[]]);
export type EntityOf<K extends Kind> = z.infer<(typeof KINDS)[K]['schema']>;
/** Names one entity. */
export interface Ref<K extends Kind = Kind> {
  kind: K;
  id: string;
}
/** One entity as `execute` leaves it behind. */
export type Put = { [K in Kind]: { kind: K; id: string; body: EntityOf<K> } }[Kind];

export function put<K extends Kind>(kind: K, body: EntityOf<K>): Put {
  return { kind, id: body.id, body } as unknown as Put;
}

export function refKey(ref: Ref): string {
  return `${ref.kind}/${ref.id}`;
}

/** The two looked-up columns of an entity row. */
export interface EntityIndex {
  /** Set only while a row is live (an open order, a seated table, an item at risk), so that the index stays small. */
  state: string | null;
  /** The business day a row belongs to, where it belongs to one. */
  day: string | null;
}

/** What both stores index of an entity. Counting rows by `state` gives the live KPIs; `day` finds a day's orders. */
export function entityIndex(row: Put): EntityIndex {
  switch (row.kind) {
    case 'order':
      return { state: row.body.status === 'open' ? 'open' : null, day: row.body.day };
    case 'ticket':
      return { state: row.body.status === 'served' ? null : row.body.status, day: row.body.day };
    case 'session':
      return { state: row.body.status === 'seated' ? 'seated' : null, day: null };
    case 'shift':
      return { state: row.body.status === 'open' ? 'open' : null, day: row.body.closedDay ?? row.body.openedDay };
    case 'stockItem':
      return { state: isAtRisk(row.body) ? 'at-risk' : null, day: null };
    case 'anomaly':
      return {
        state: isTask(row.body.code) && row.body.resolved === undefined ? 'open' : null,
        day: countsAsAnomaly(row.body.code) ? row.body.day : null,
      };
    case 'stockMovement':
      return { state: null, day: row.body.day };
    case 'organisation':
    case 'branch':
    case 'staff':
    case 'pin':
    case 'category':
    case 'menuItem':
    case 'availability':
    case 'table':
      return { state: null, day: null };
  }
}

/** Reads a stored or received body. Returns the issues instead of throwing: the caller knows what it means there. */
export function parseEntity<K extends Kind>(kind: K, body: unknown): z.ZodSafeParseResult<EntityOf<K>> {
  return KINDS[kind].schema.safeParse(body) as z.ZodSafeParseResult<EntityOf<K>>;
}

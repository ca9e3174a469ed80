import type { OutboxItem } from '#shared/contract/bridge.ts';
import type { Rows } from '../../state/rows.ts';

/** What an entry is about, where its address names something that this terminal knows. */
export type Subject =
  { kind: 'order'; number: string } | { kind: 'ticket'; label: string } | { kind: 'name'; name: string };

/** Finds what the parts of an address such as `POST /pos/orders/<id>/payments` name. */
export function subjectOf({ endpoint }: Pick<OutboxItem, 'endpoint'>, rows: Rows): Subject | undefined {
  for (const part of endpoint.split('/').slice(1)) {
    const id = decodeURIComponent(part);
    const order = rows.order.get(id);
    if (order !== undefined && order.number !== '') return { kind: 'order', number: order.number };
    const ticket = rows.ticket.get(id);
    if (ticket !== undefined && ticket.label !== '') return { kind: 'ticket', label: ticket.label };
    const named = rows.stockItem.get(id) ?? rows.menuItem.get(id) ?? rows.staff.get(id) ?? rows.table.get(id);
    if (named !== undefined) return { kind: 'name', name: named.name };
  }
  return undefined;
}

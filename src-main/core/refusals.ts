import type { Refusal } from '#shared/contract/bridge.ts';
import { type Anomaly, refusalId } from '#shared/domain/anomaly.ts';
import { DeviceId } from '#shared/kernel/ids.ts';
import type { Store } from '../store/store.ts';

/** What must not be shown, not even where it was typed. */
const SECRET = new Set(['staff.setPin']);
/** Of what is sent again, the terminal fills these in anew. */
const FILLED_AGAIN: Record<string, readonly string[]> = { 'shift.close': ['expectedMinor'] };

/**
 * The refused commands that nobody has decided about, the latest first: those of this terminal (from its outbox, so that
 * they are seen even before the cloud's rows come) and those of the others (from the cloud's rows).
 */
export function listRefusals(store: Store, ownId: string, limit: number): { items: Refusal[]; total: number } {
  const deviceId = DeviceId.parse(ownId);
  const own = store.outbox.listRefused(limit).map(({ id, createdAt, error, envelope }): Refusal => {
    const { code, message, path } = error;
    return {
      commandId: id,
      deviceId,
      isOwn: true,
      name: envelope?.name ?? '',
      error: path === undefined ? { code, message } : { code, message, path },
      at: envelope?.at ?? createdAt,
      actorId: envelope?.actorId ?? '',
      order: orderOf(store, envelope?.input['orderId']),
      ...subjectOf(store, envelope?.input),
      input: envelope === undefined ? null : shown(envelope.name, envelope.input),
    };
  });
  const known = new Set(own.map(({ commandId }) => refusalId(commandId)));
  const others = store.entities
    .listByState('anomaly', 'open')
    .filter(({ id, code }) => code === 'command-refused' && !known.has(id))
    .map((task) => ofTask(store, task, ownId));
  const all = [...own, ...others].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  return { items: all.slice(0, limit), total: Math.max(all.length, store.outbox.counts().refused + others.length) };
}

function ofTask(store: Store, task: Anomaly, ownId: string): Refusal {
  const { refused } = task;
  const error = { code: refused?.code ?? 'internal', message: refused?.message ?? '' };
  return {
    commandId: task.commandId,
    deviceId: task.deviceId,
    isOwn: task.deviceId === ownId,
    name: refused?.name ?? '',
    error: refused?.path === undefined ? error : { ...error, path: refused.path },
    at: task.at,
    actorId: task.actorId,
    order: orderOf(store, task.orderId),
    ...subjectOf(store, refused?.input),
    input: refused?.input === undefined ? null : shown(refused.name, refused.input),
  };
}

function shown(name: string, input: Record<string, unknown>): Record<string, unknown> | null {
  if (SECRET.has(name)) return null;
  const again = FILLED_AGAIN[name] ?? [];
  return Object.fromEntries(Object.entries(input).filter(([field]) => !again.includes(field)));
}

function orderOf(store: Store, id: unknown): Refusal['order'] {
  if (typeof id !== 'string') return null;
  const order = store.entities.find('order', id);
  return { id, number: order?.number ?? '', tableName: order?.tableName ?? '' };
}

/** The name of what an input is about, besides its order. */
function subjectOf({ entities }: Store, input: Record<string, unknown> = {}): { subject?: string } {
  const idOf = (field: string): string => (typeof input[field] === 'string' ? input[field] : '');
  const subject =
    entities.find('ticket', idOf('ticketId'))?.label ??
    entities.find('stockItem', idOf('stockItemId'))?.name ??
    entities.find('menuItem', idOf('itemId'))?.name ??
    entities.find('staff', idOf('staffId'))?.name ??
    entities.find('table', idOf('tableId'))?.name;
  return subject === undefined ? {} : { subject };
}

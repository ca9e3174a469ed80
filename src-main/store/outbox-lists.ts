import type Database from 'better-sqlite3';
import { z } from 'zod';
import { Envelope } from '#shared/commands/envelope.ts';
import type { OutboxItem } from '#shared/contract/bridge.ts';
import { refusalId } from '#shared/domain/anomaly.ts';

/** A refused entry of this terminal that nobody has decided about. */
export interface RefusedEntry {
  id: string;
  createdAt: string;
  error: { code: string; message: string; path?: string | undefined };
  /** `undefined` when the stored text cannot be read. */
  envelope: Envelope | undefined;
}

/** What people read of the outbox. */
export interface OutboxLists {
  list(filter: 'waiting' | 'recent', ackedPos: number, limit: number): { items: OutboxItem[]; total: number };
  /** The latest first. */
  listRefused(limit: number): RefusedEntry[];
  countRefused(): number;
}

const StoredError = z.object({ code: z.string(), message: z.string(), path: z.string().optional() });

interface ItemRow {
  id: string;
  seq: number;
  endpoint: string;
  name: string | null;
  actorId: string | null;
  orderNumber: string | null;
  status: OutboxItem['status'];
  attempts: number;
  createdAt: string;
  lastError: string | null;
  flags: string | null;
}

// Its row says 'open' as long as it is undecided; without a row (it has not come yet) nobody can have decided it.
const UNDECIDED = `status = 'FAILED' AND NOT EXISTS (SELECT 1 FROM entity e WHERE e.kind = 'anomaly'
  AND e.id = outbox.id || '${refusalId('')}' AND e.body IS NOT NULL AND e.state IS NULL)`;

export function outboxLists(db: Database.Database): OutboxLists {
  const rowsOf = (where: string, order: string) =>
    db.prepare<[number, number], ItemRow>(
      `SELECT id, seq, endpoint, body ->> '$.name' AS name, body ->> '$.actorId' AS actorId, status, attempts,
         (SELECT e.body ->> '$.number' FROM entity e WHERE e.kind = 'order' AND e.id = outbox.body ->> '$.input.orderId') AS orderNumber,
         created_at AS createdAt, last_error AS lastError, flags
       FROM outbox WHERE ${where} ORDER BY pos ${order} LIMIT ?`,
    );
  const waiting = rowsOf('pos > ?', 'ASC');
  const recent = rowsOf('pos > ?', 'DESC');
  const countAfter = db.prepare<[number], number>('SELECT count(*) FROM outbox WHERE pos > ?').pluck();
  const refused = db.prepare<[number], { id: string; createdAt: string; error: string | null; body: string }>(
    `SELECT id, created_at AS createdAt, last_error AS error, body FROM outbox WHERE ${UNDECIDED} ORDER BY pos DESC LIMIT ?`,
  );
  const undecided = db.prepare<[], number>(`SELECT count(*) FROM outbox WHERE ${UNDECIDED}`).pluck();
  return {
    list: (filter, ackedPos, limit) => {
      const after = filter === 'waiting' ? ackedPos : 0;
      const rows = (filter === 'waiting' ? waiting : recent).all(after, limit);
      return { items: rows.map(itemOf), total: countAfter.get(after) ?? 0 };
    },
    listRefused: (limit) =>
      refused.all(limit).map(({ id, createdAt, error, body }) => ({
        id,
        createdAt,
        error: StoredError.safeParse(parse(error)).data ?? { code: 'internal', message: '' },
        envelope: Envelope.safeParse(parse(body)).data,
      })),
    countRefused: () => undecided.get() ?? 0,
  };
}

function itemOf({ actorId, orderNumber, ...row }: ItemRow): OutboxItem {
  const item: OutboxItem = {
    ...row,
    name: row.name ?? '',
    lastError: row.lastError === null ? null : StoredError.parse(JSON.parse(row.lastError)),
    flags: row.flags === null ? [] : z.array(z.string()).parse(JSON.parse(row.flags)),
  };
  if (actorId !== null) item.actorId = actorId;
  if (orderNumber !== null && orderNumber !== '') item.orderNumber = orderNumber;
  return item;
}

function parse(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

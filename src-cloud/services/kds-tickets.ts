import { type Kysely, sql } from 'kysely';
import { parseEntity } from '#shared/domain/entity.ts';
import type { Ticket } from '#shared/domain/ticket.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { AppError } from '#shared/kernel/errors.ts';
import type { Schema } from '../store/schema.ts';
import { type Tx, withOrg } from '../store/with-org.ts';

/** Tickets of one answer; whoever is further behind asks again with the cursor. */
export const TICKETS_PAGE = 1_000;
/** Instances' clocks differ by less than this: rows that were written "before" a time may follow others of it. */
const CLOCK_SKEW_MS = 10_000;

export interface TicketsAnswer {
  tickets: Ticket[];
  /** Where the branch's counter stood: opaque, goes back as `since`. */
  cursor: string;
  serverAt: string;
  /** More has changed than fits in one answer: ask again at once. */
  hasMore: boolean;
  /** The cursor means nothing here (the cloud was restored from a backup): these are the tickets on the board, drop all others. */
  reset: boolean;
}

export interface TicketsQuery {
  orgId: string;
  branchId: string;
  /** A cursor of an earlier answer, an ISO time, or nothing: what is on the board now. */
  since: string | undefined;
  stationId: string | undefined;
  nowMs: number;
}

const CURSOR = /^(\d{1,15})\.([A-Za-z0-9_-]{0,24})$/;

/** A cursor of the kitchen: a position of the branch's counter with the token its transaction left, empty inside one. */
export function isTicketsCursor(text: string): boolean {
  return CURSOR.test(text);
}

interface TicketRow {
  seq: number;
  body: unknown;
}

/**
 * Tickets that changed since a cursor or a time, bumps and voids included, in the order in which they became visible. The
 * counter moves inside the writing transactions, so with the cursor none is skipped however they commit. By index alone.
 * Throws `auth/other-branch` for a branch that this organisation does not have.
 */
export async function readTickets(db: Kysely<Schema>, query: TicketsQuery): Promise<TicketsAnswer> {
  return withOrg(db, query.orgId, async (tx) => {
    const position = query.since === undefined ? null : CURSOR.exec(query.since);
    if (query.since === undefined) return answerOf(query, await selectBoard(tx, query), false);
    if (position === null) {
      const start = await seqOfTime(tx, query, Date.parse(query.since));
      const page = await selectSince(tx, query, start - 1, query.since);
      return answerOf(query, page, false);
    }
    const after = { seq: Number(position[1]), token: position[2] ?? '' };
    const page = await selectSince(tx, query, after.seq, undefined, after);
    if (!page.isValid) return answerOf(query, await selectBoard(tx, query), true);
    return answerOf(query, page, false);
  });
}

interface Page {
  rows: TicketRow[];
  head: { seq: number; token: string };
  isValid: boolean;
}

function answerOf(query: TicketsQuery, page: Page, reset: boolean): TicketsAnswer {
  const hasMore = page.rows.length > TICKETS_PAGE;
  const rows = hasMore ? page.rows.slice(0, TICKETS_PAGE) : page.rows;
  const tickets: Ticket[] = [];
  for (const { body } of rows) {
    const ticket = parseEntity('ticket', body);
    if (ticket.success) tickets.push(ticket.data);
  }
  const cursor = hasMore ? `${rows.at(-1)?.seq ?? 0}.` : `${page.head.seq}.${page.head.token}`;
  return { tickets, cursor, serverAt: isoAt(query.nowMs), hasMore, reset };
}

function stationFilter(stationId: string | undefined) {
  return stationId === undefined ? sql`` : sql`and e.body ->> 'stationId' = ${stationId}`;
}

interface PageRow {
  head_seq: number;
  head_token: string;
  is_valid: boolean;
  tickets: TicketRow[];
}

/**
 * One statement, so one snapshot: where the counter stands, whether the cursor was given out here, and the rows above it.
 * A cursor inside a transaction carries no token; it only lives from one page to the next.
 */
async function selectSince(
  tx: Tx,
  { orgId, branchId, stationId }: TicketsQuery,
  after: number,
  sinceAt: string | undefined,
  cursor?: { seq: number; token: string },
): Promise<Page> {
  const validity =
    cursor === undefined || cursor.seq === 0
      ? sql`true`
      : cursor.token === ''
        ? sql`c.seq >= ${cursor.seq}::int8`
        : sql`exists (select from counter_token t where t.org_id = ${orgId} and t.scope = ${branchId}
            and t.seq = ${cursor.seq}::int8 and t.token = ${cursor.token})`;
  const { rows } = await sql<PageRow>`
    select c.seq as head_seq, c.token as head_token, ${validity} as is_valid, coalesce((
      select json_agg(json_build_object('seq', p.seq, 'body', p.body) order by p.seq)
      from (${ticketsSince(orgId, branchId, after, stationId, sinceAt)}) p), '[]'::json) as tickets
    from counter c where c.org_id = ${orgId} and c.scope = ${branchId}`.execute(tx);
  const [row] = rows;
  if (row === undefined) throw new AppError('auth/other-branch');
  return { rows: row.tickets, head: { seq: row.head_seq, token: row.head_token }, isValid: row.is_valid };
}

/** The statement of D4: tickets above a position of the branch's counter. */
export function ticketsSince(orgId: string, branchId: string, after: number, stationId?: string, sinceAt?: string) {
  const time = sinceAt === undefined ? sql`` : sql`and e.updated_at >= ${sinceAt}::timestamptz`;
  return sql`select e.seq, e.body from entity e
    where e.org_id = ${orgId} and e.scope = ${branchId} and e.kind = 'ticket' and e.seq > ${after}::int8
      ${time} ${stationFilter(stationId)}
    order by e.seq limit ${sql.lit(TICKETS_PAGE + 1)}`;
}

/** Where in the log a time lies: the position of the first ticket that was written at or after it, or the end. */
async function seqOfTime(tx: Tx, { orgId, branchId }: TicketsQuery, sinceMs: number): Promise<number> {
  const { rows } = await sql<{ seq: number }>`
    select min(seq) as seq from (${ticketsFrom(orgId, branchId, isoAt(sinceMs - CLOCK_SKEW_MS))}) e`.execute(tx);
  return rows[0]?.seq ?? Number.MAX_SAFE_INTEGER;
}

/** The first tickets of a time, enough of them that one instance's slow clock does not hide an earlier position. */
export function ticketsFrom(orgId: string, branchId: string, at: string) {
  return sql`select e.seq from entity e
    where e.org_id = ${orgId} and e.scope = ${branchId} and e.kind = 'ticket' and e.updated_at >= ${at}::timestamptz
    order by e.updated_at limit 50`;
}

/** What is on the board now: new and started tickets. */
async function selectBoard(tx: Tx, { orgId, branchId, stationId }: TicketsQuery): Promise<Page> {
  const { rows } = await sql<PageRow>`
    select c.seq as head_seq, c.token as head_token, true as is_valid, coalesce((
      select json_agg(json_build_object('seq', e.seq, 'body', e.body) order by e.seq) from entity e
      where e.org_id = ${orgId} and e.scope = ${branchId} and e.kind = 'ticket' and e.state in ('new', 'started')
        ${stationFilter(stationId)}), '[]'::json) as tickets
    from counter c where c.org_id = ${orgId} and c.scope = ${branchId}`.execute(tx);
  const [row] = rows;
  if (row === undefined) throw new AppError('auth/other-branch');
  return { rows: row.tickets, head: { seq: row.head_seq, token: row.head_token }, isValid: true };
}

import type { ChangesPage, DeviceOutcome, SignedHead, WireRow } from '#shared/contract/sync-wire.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { type Cursor, formatCursor, parseCursor, type Position, START } from '#shared/sync/cursor.ts';
import { sql } from 'kysely';
import type { CloudContext } from '../context.ts';
import type { ChainHead } from '../store/audit-log.ts';
import { entryOutcome, type StoredOutcome } from '../store/command-log.ts';
import { type Tx, withOrg } from '../store/with-org.ts';
import { TOKEN_LENGTH } from './change-token.ts';

/** Closed orders and the like that nobody has touched for this long are not sent to a terminal that starts from nothing. */
export const HISTORY_DAYS = 90;
const DAY_MS = 86_400_000;
/** Kinds whose rows pile up; all others are sent however old. */
const HISTORY_KINDS = ['order', 'ticket', 'session', 'shift', 'stockMovement', 'anomaly'];

/** Ends the organisation's token in a cursor that is on its way through a start from nothing: no outcomes belong to it. */
const STARTING = '-s';
const startingForm = (token: string): string => plainToken(token) + STARTING;
// A token may itself end like that; only one that is longer than a token has something behind it.
const isStarting = (token: string): boolean => token.length > TOKEN_LENGTH && token.endsWith(STARTING);
const plainToken = (token: string): string => (isStarting(token) ? token.slice(0, -STARTING.length) : token);

/**
 * One page of what changed above `after` in the organisation and the branch: newest state only, in the order of `seq`, ending where a
 * transaction ended, with the outcomes and watermarks of the branch's terminals. Everything is read from one snapshot.
 * A cursor that means nothing here (a cloud restored from a backup, a cursor too old) is answered with `reset`: start from nothing.
 */
export async function readChanges(
  ctx: CloudContext,
  orgId: string,
  branchId: string,
  after: string | undefined,
  limit: number,
): Promise<ChangesPage> {
  const cursor = after === undefined ? START : (parseCursor(after) ?? START);
  return withOrg(
    ctx.database.db,
    orgId,
    async (tx) => {
      const serverAt = isoAt(ctx.clock.now());
      const marks = await readWatermarks(tx, orgId, branchId);
      const base = { watermarks: marks.watermarks, lamport: marks.lamport, serverAt };
      const reader = new ScopeReader(tx, orgId, isoAt(ctx.clock.now() - HISTORY_DAYS * DAY_MS));
      if (!(await reader.isValid('org', cursor.org)) || !(await reader.isValid(branchId, cursor.branch))) {
        return { rows: [], outcomes: [], ...base, cursor: formatCursor(START), hasMore: true, reset: true };
      }
      const org = await reader.read('org', cursor.org, limit);
      // The organisation's rows come first: a branch's rows are read with its menu and staff at hand.
      const branch = org.hasMore
        ? { rows: [], end: cursor.branch, hasMore: true }
        : await reader.read(branchId, cursor.branch, Math.max(1, limit - org.rows.length));
      const isStart = cursor.org.seq === 0 || isStarting(cursor.org.token);
      const outcomes = isStart ? [] : await readOutcomes(tx, orgId, branchId, cursor.branch.seq, branch.end.seq);
      const hasMore = org.hasMore || branch.hasMore;
      const end: Cursor = { org: positionOf(org.end), branch: positionOf(branch.end) };
      if (isStart) end.org.token = (hasMore ? startingForm : plainToken)(org.end.token);
      return {
        rows: [...org.rows, ...branch.rows],
        outcomes,
        ...base,
        cursor: formatCursor(end),
        hasMore,
        reset: false,
        ...(hasMore ? {} : { auditHeads: signedHeads(ctx, orgId, { org: org.end, [branchId]: branch.end }) }),
      };
    },
    { isolation: 'repeatable read' },
  );
}

const positionOf = ({ seq, token }: Position): Position => ({ seq, token });

function signedHeads(ctx: CloudContext, orgId: string, ends: Record<string, End>): SignedHead[] {
  return Object.entries(ends).flatMap(([scope, { audit }]) => {
    const signed = audit === undefined ? undefined : ctx.signHead(orgId, scope, audit);
    return signed === undefined ? [] : [signed];
  });
}

/** `audit`: where the chain of the counter ends, known at its head only. */
interface End extends Position {
  audit?: ChainHead;
}

interface ScopePage {
  rows: WireRow[];
  end: End;
  hasMore: boolean;
}

/** Reads the log of one counter. */
class ScopeReader {
  readonly #tx: Tx;
  readonly #orgId: string;
  readonly #historyFrom: string;

  constructor(tx: Tx, orgId: string, historyFrom: string) {
    this.#tx = tx;
    this.#orgId = orgId;
    this.#historyFrom = historyFrom;
  }

  /** Whether this cloud gave out that position. Nothing read yet is always right. */
  async isValid(scope: string, position: Position): Promise<boolean> {
    if (position.seq === 0) return true;
    const { rows } = await sql<{ token: string }>`select token from counter_token
      where org_id = ${this.#orgId} and scope = ${scope} and seq = ${position.seq}::int8`.execute(this.#tx);
    return rows[0]?.token === plainToken(position.token);
  }

  async read(scope: string, after: Position, limit: number): Promise<ScopePage> {
    const found = await this.#rowsAfter(scope, after.seq, undefined, limit + 1);
    if (found.length <= limit) return { rows: found, end: await this.#head(scope, after), hasMore: false };
    const lastSeq = found[limit - 1]?.seq ?? after.seq;
    const below = await this.#boundary(scope, after.seq, lastSeq, 'below');
    if (below !== undefined) return { rows: found.filter((row) => row.seq <= below.seq), end: below, hasMore: true };
    // One transaction larger than a page is sent whole.
    const above = await this.#boundary(scope, after.seq, lastSeq, 'above');
    if (above === undefined) throw new Error(`the log of ${scope} has rows above its last transaction`);
    return { rows: await this.#rowsAfter(scope, after.seq, above.seq, undefined), end: above, hasMore: true };
  }

  async #rowsAfter(
    scope: string,
    after: number,
    upTo: number | undefined,
    limit: number | undefined,
  ): Promise<WireRow[]> {
    const { rows } = await sql<WireRow>`select kind, id, seq, body from entity
      where org_id = ${this.#orgId} and scope = ${scope} and seq > ${after}::int8
        and seq <= ${upTo ?? Number.MAX_SAFE_INTEGER}::int8
        and (updated_at >= ${this.#historyFrom}::timestamptz or state is not null or kind <> all(${HISTORY_KINDS}::text[]))
      order by seq limit ${limit ?? null}::int8`.execute(this.#tx);
    return rows;
  }

  /** Where a transaction ended at or below, or at or above, `seq`. */
  async #boundary(scope: string, after: number, seq: number, side: 'below' | 'above'): Promise<Position | undefined> {
    const range =
      side === 'below'
        ? sql`seq <= ${seq}::int8 and seq > ${after}::int8 order by seq desc`
        : sql`seq >= ${seq}::int8 order by seq`;
    const { rows } = await sql<Position>`select seq, token from counter_token
      where org_id = ${this.#orgId} and scope = ${scope} and ${range} limit 1`.execute(this.#tx);
    return rows[0];
  }

  async #head(scope: string, after: Position): Promise<End> {
    const { rows } = await sql<Position & ChainHead>`select seq, token, audit_n as n, audit_hash as hash from counter
      where org_id = ${this.#orgId} and scope = ${scope}`.execute(this.#tx);
    const [head] = rows;
    if (head === undefined) return after;
    const { seq, token, n, hash } = head;
    return { seq, token, audit: { n, hash } };
  }
}

async function readWatermarks(
  tx: Tx,
  orgId: string,
  branchId: string,
): Promise<Pick<ChangesPage, 'watermarks' | 'lamport'>> {
  const rows = await tx
    .selectFrom('watermark')
    .select(['device_id', 'incarnation', 'seq', 'lamport'])
    .where('org_id', '=', orgId)
    .where('branch_id', '=', branchId)
    .execute();
  return {
    watermarks: rows.map((row) => ({ deviceId: row.device_id, incarnation: row.incarnation, seq: row.seq })),
    lamport: Math.max(0, ...rows.map((row) => row.lamport)),
  };
}

/** What became of the terminals' commands whose rows lie in the range; those over REST have no terminal that waits for them. */
async function readOutcomes(
  tx: Tx,
  orgId: string,
  branchId: string,
  after: number,
  upTo: number,
): Promise<DeviceOutcome[]> {
  if (upTo <= after) return [];
  // As one JSON text: a row of its own for each of hundreds of outcomes costs both sides several times as much to read.
  const { rows } = await sql<{ list: OutcomeFields[] | null }>`
    select json_agg(json_build_array(id, device_id, incarnation, seq, status, outcome, visible_org, visible_branch)
      order by visible_branch, device_id, incarnation, seq) as list
    from command
    where org_id = ${orgId} and branch_id = ${branchId} and visible_branch > ${after}::int8 and visible_branch <= ${upTo}::int8
      and incarnation is not null`.execute(tx);
  return (rows[0]?.list ?? []).map(([id, deviceId, incarnation, seq, status, outcome, org, branch]) => ({
    ...entryOutcome({ seq: seq ?? 0, id }, status, outcome, { org, branch }),
    deviceId,
    incarnation,
  }));
}

type OutcomeFields = [
  id: string,
  deviceId: string,
  incarnation: string,
  seq: number | null,
  status: 'applied' | 'rejected',
  outcome: StoredOutcome,
  visibleOrg: number,
  visibleBranch: number,
];

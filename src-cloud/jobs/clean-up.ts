import { sql } from 'kysely';
import { isoAt } from '#shared/kernel/clock.ts';
import type { CloudContext } from '../context.ts';
import { HISTORY_DAYS } from '../services/changes.ts';
import { IDEMPOTENCY_HOURS } from '../services/idempotency.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A used code still answers a terminal that lost its answer; afterwards it is only history. */
const CODE_DAYS = 7;

/** How many rows each table lost. */
export interface CleanedUp {
  idempotency: number;
  counterTokens: number;
  refreshTokens: number;
  enrolmentCodes: number;
}

/**
 * Removes what has run out, of all organisations, as the owner of the database: answers kept for 24 h, cursor tokens of more than 90 days (the
 * newest of each counter stays for ever), refresh tokens, enrolment codes. May run at any time and any number of times.
 */
export async function cleanUp({
  database: { db },
  clock,
}: Pick<CloudContext, 'database' | 'clock'>): Promise<CleanedUp> {
  const before = (ms: number): string => isoAt(clock.now() - ms);
  const idempotency = await db
    .deleteFrom('idempotency')
    .where('created_at', '<=', before(IDEMPOTENCY_HOURS * HOUR_MS))
    .executeTakeFirst();
  const counterTokens = await sql`delete from counter_token t using counter c
    where c.org_id = t.org_id and c.scope = t.scope and t.seq <> c.seq and t.at < ${before(HISTORY_DAYS * DAY_MS)}::timestamptz`.execute(
    db,
  );
  const refreshTokens = await db.deleteFrom('refresh_token').where('expires_at', '<=', before(0)).executeTakeFirst();
  const enrolmentCodes = await db
    .deleteFrom('enrolment_code')
    .where('expires_at', '<=', before(CODE_DAYS * DAY_MS))
    .executeTakeFirst();
  return {
    idempotency: Number(idempotency.numDeletedRows),
    counterTokens: Number(counterTokens.numAffectedRows ?? 0n),
    refreshTokens: Number(refreshTokens.numDeletedRows),
    enrolmentCodes: Number(enrolmentCodes.numDeletedRows),
  };
}

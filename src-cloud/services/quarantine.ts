import { sql } from 'kysely';
import type { EntryOutcome, PushAnswer, PushRequest } from '#shared/contract/sync-wire.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { AppError, ERRORS, type WireError } from '#shared/kernel/errors.ts';
import type { BranchId, DeviceId } from '#shared/kernel/ids.ts';
import type { CloudContext, DeviceCaller, UserCaller } from '../context.ts';
import { appendAudit } from '../store/audit-log.ts';
import { entryOutcome, findCommands } from '../store/command-log.ts';
import { texts } from '../store/text-list.ts';
import { type Tx, withOrg } from '../store/with-org.ts';
import { eventContent } from './audit-content.ts';
import { maySeeBranch } from './auth.ts';
import { runEntries } from './push.ts';
import { type ReadEntry, readEntry } from './push-entry.ts';

const HELD: WireError = { code: 'sync/quarantined', message: ERRORS['sync/quarantined'].text };
/** A terminal that was stolen must not fill the database. A week of a busy counter is about a third of it. */
const MOST_HELD = 30_000;

/**
 * Takes what a switched-off terminal sends: kept as it came, not run. What the cloud had already gets its stored outcome, everything else one
 * that says that it is kept. Throws `device/revoked` when this terminal has sent too much.
 */
export async function quarantinePush(
  ctx: CloudContext,
  device: DeviceCaller,
  request: PushRequest,
): Promise<PushAnswer> {
  const { orgId, branchId, deviceId } = device;
  const { incarnation } = request;
  const receivedAt = isoAt(ctx.clock.now());
  const outcomes: EntryOutcome[] = [];
  const entries: { entry: ReadEntry; text: string }[] = [];
  for (const raw of request.entries) {
    const entry = readEntry(raw, device, incarnation, device.rightsKnownAtMs);
    if ('error' in entry) outcomes.push({ seq: 0, id: entry.id, status: 'rejected', flags: [], error: entry.error });
    else entries.push({ entry, text: JSON.stringify(raw) });
  }
  return withOrg(ctx.database.db, orgId, async (tx) => {
    const { rows } = await sql<{ count: number }>`select count(*) as count from quarantine
      where org_id = ${orgId} and device_id = ${deviceId}`.execute(tx);
    if ((rows[0]?.count ?? 0) + entries.length > MOST_HELD) throw new AppError('device/revoked');
    const known = await findCommands(
      tx,
      orgId,
      entries.map(({ entry }) => entry.recordId),
    );
    const fresh = entries.filter(({ entry }) => !known.has(entry.recordId));
    if (fresh.length > 0) {
      await sql`insert into quarantine (org_id, device_id, incarnation, seq, id, branch_id, received_at, entry)
        select ${orgId}, ${deviceId}, ${incarnation}, seq, id, ${branchId}, ${receivedAt}::timestamptz, entry
        from unnest(${fresh.map(({ entry }) => entry.seq)}::int8[], ${texts(fresh.map(({ entry }) => entry.recordId))},
          ${texts(fresh.map(({ text }) => text))}) as x(seq, id, entry)
        on conflict do nothing`.execute(tx);
    }
    for (const { entry } of entries) {
      const former = known.get(entry.recordId);
      outcomes.push(
        former === undefined
          ? { seq: entry.seq, id: entry.id, status: 'rejected', flags: [], error: HELD }
          : entryOutcome(entry, former.status, former.outcome, former.visible),
      );
    }
    await sql`update device set last_heard_at = ${receivedAt}::timestamptz where org_id = ${orgId} and id = ${deviceId}`.execute(
      tx,
    );
    const { rows: marks } = await sql<{ seq: number; lamport: number }>`select seq, lamport from watermark
      where org_id = ${orgId} and device_id = ${deviceId} and incarnation = ${incarnation}`.execute(tx);
    return { outcomes, watermark: marks[0]?.seq ?? 0, lamport: marks[0]?.lamport ?? 0, serverAt: receivedAt };
  });
}

export interface HeldEntry {
  deviceId: string;
  branchId: string;
  incarnation: string;
  seq: number;
  id: string;
  receivedAt: string;
  status: 'held' | 'accepted' | 'left';
  decidedBy: string | null;
  decidedAt: string | null;
  /** The entry as the terminal sent it, JSON. */
  entry: string;
}

const COLUMNS = sql`device_id as "deviceId", branch_id as "branchId", incarnation, seq, id, received_at as "receivedAt", status,
  decided_by as "decidedBy", decided_at as "decidedAt", entry`;

/** What switched-off terminals of these branches (undefined: of all) have sent, the oldest first. */
export async function listQuarantine(
  tx: Tx,
  orgId: string,
  branchIds: readonly string[] | undefined,
  limit: number,
): Promise<HeldEntry[]> {
  const { rows } = await sql<HeldEntry>`select ${COLUMNS} from quarantine
    where org_id = ${orgId} and (${branchIds === undefined} or branch_id = any(${branchIds ?? []}::text[]))
    order by (status <> 'held'), device_id, received_at, incarnation, seq limit ${limit}::int8`.execute(tx);
  return rows;
}

export interface Decided {
  accepted: number;
  refused: number;
  /** What this version of the cloud does not know waits for the next one. */
  held: number;
}

/**
 * Runs everything that a switched-off terminal has sent and that was not run yet, in its order, outside its series, each command flagged. What
 * has happened physically is applied whatever came between; the rest may be refused, as ever. Run twice it changes nothing more.
 */
export async function acceptQuarantine(ctx: CloudContext, user: UserCaller, deviceId: DeviceId): Promise<Decided> {
  const { orgId } = user;
  const device = await findRevoked(ctx, user, deviceId);
  const waiting = await withOrg(ctx.database.db, orgId, async (tx) => {
    const { rows } = await sql<HeldEntry>`select ${COLUMNS} from quarantine
      where org_id = ${orgId} and device_id = ${deviceId} and status <> 'accepted' order by received_at, incarnation, seq`.execute(
      tx,
    );
    return rows;
  });
  const done: Decided = { accepted: 0, refused: 0, held: 0 };
  for (const incarnation of new Set(waiting.map((row) => row.incarnation))) {
    const entries = waiting
      .filter((row) => row.incarnation === incarnation)
      .map((row) => readEntry(JSON.parse(row.entry), device, incarnation, device.rightsKnownAtMs))
      .filter((entry): entry is ReadEntry => !('error' in entry))
      .toSorted((a, b) => a.seq - b.seq);
    const { outcomes } = await runEntries(ctx, device, incarnation, entries, { outside: 'after-revocation' });
    const run = entries.slice(0, outcomes.length);
    done.held += entries.length - run.length;
    done.refused += outcomes.filter(({ status }) => status === 'rejected').length;
    done.accepted += outcomes.filter(({ status }) => status === 'applied').length;
    await decide(ctx, user, device, incarnation, run, 'accepted');
  }
  return done;
}

/** Somebody has looked at what a switched-off terminal sent, and it stays as it is: kept, not run. It can be accepted later. */
export async function leaveQuarantine(
  ctx: CloudContext,
  user: UserCaller,
  deviceId: DeviceId,
): Promise<{ left: number }> {
  const device = await findRevoked(ctx, user, deviceId);
  const rows = await withOrg(ctx.database.db, user.orgId, async (tx) => {
    const found = await sql<{
      incarnation: string;
      seq: number;
      recordId: string;
    }>`select incarnation, seq, id as "recordId"
      from quarantine where org_id = ${user.orgId} and device_id = ${deviceId} and status = 'held'`.execute(tx);
    return found.rows;
  });
  for (const incarnation of new Set(rows.map((row) => row.incarnation)))
    await decide(
      ctx,
      user,
      device,
      incarnation,
      rows.filter((row) => row.incarnation === incarnation),
      'left',
    );
  return { left: rows.length };
}

async function decide(
  ctx: CloudContext,
  user: UserCaller,
  device: { deviceId: DeviceId; branchId: BranchId },
  incarnation: string,
  entries: readonly Pick<ReadEntry, 'seq' | 'recordId'>[],
  status: 'accepted' | 'left',
): Promise<void> {
  if (entries.length === 0) return;
  const { orgId, staffId } = user;
  const at = isoAt(ctx.clock.now());
  await withOrg(ctx.database.db, orgId, async (tx) => {
    const after = {
      entries: entries.length,
      firstSeq: entries[0]?.seq,
      lastSeq: entries.at(-1)?.seq,
      series: incarnation,
    };
    await appendAudit(tx, orgId, device.branchId, [
      eventContent({
        name: `quarantine.${status}`,
        actor: staffId,
        branchId: device.branchId,
        changes: [{ after, before: null, id: device.deviceId, kind: 'quarantine' }],
        receivedAt: at,
      }),
    ]);
    await sql`update quarantine set status = ${status}, decided_by = ${staffId}, decided_at = ${at}::timestamptz
      where org_id = ${orgId} and device_id = ${device.deviceId} and incarnation = ${incarnation}
        and id = any(${texts(entries.map(({ recordId }) => recordId))})`.execute(tx);
  });
}

/** The switched-off terminal, as the caller of its entries. Throws `command/not-found`, `auth/other-branch`. */
async function findRevoked(ctx: CloudContext, user: UserCaller, deviceId: DeviceId): Promise<DeviceCaller> {
  const { rows } = await withOrg(ctx.database.db, user.orgId, (tx) =>
    sql<{
      branch_id: BranchId;
      status: string;
      known_at: string;
    }>`select branch_id, status, coalesce(rights_known_at, enrolled_at) as known_at
      from device where org_id = ${user.orgId} and id = ${deviceId}`.execute(tx),
  );
  const [row] = rows;
  if (row?.status !== 'revoked')
    throw new AppError('command/not-found', 'There is no switched-off terminal with this id.');
  if (!maySeeBranch(user, row.branch_id)) throw new AppError('auth/other-branch');
  return {
    kind: 'device',
    orgId: user.orgId,
    branchId: row.branch_id,
    deviceId,
    isRevoked: true,
    rightsKnownAtMs: Date.parse(row.known_at),
    expiresAtMs: 0,
  };
}

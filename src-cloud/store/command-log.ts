import { sql } from 'kysely';
import type { EntryOutcome } from '#shared/contract/sync-wire.ts';
import type { WireError } from '#shared/kernel/errors.ts';
import type { Tx } from './with-org.ts';

/** What is kept of a command for ever: who did what, and what became of it. */
export interface CommandRecord {
  id: string;
  branchId: string;
  deviceId: string;
  incarnation: string | null;
  seq: number | null;
  lamport: number;
  name: string;
  version: number;
  actorId: string;
  approvedBy: string | null;
  deviceAt: string | null;
  status: 'applied' | 'rejected';
  outcome: StoredOutcome;
  body: string;
}

export interface StoredOutcome {
  flags: string[];
  error?: WireError;
  /** The rows that it wrote, `[kind, id]`: only for commands over REST, whose answer carries rows. */
  rows?: [string, string][];
}

export interface KnownCommand {
  id: string;
  name: string;
  actorId: string;
  status: 'applied' | 'rejected';
  outcome: StoredOutcome;
  visible: { org: number; branch: number };
}

/** The commands among `ids` that this organisation knows, whatever way they came. */
export async function findCommands(tx: Tx, orgId: string, ids: readonly string[]): Promise<Map<string, KnownCommand>> {
  const found = new Map<string, KnownCommand>();
  if (ids.length === 0) return found;
  const { rows } = await sql<{
    id: string;
    name: string;
    actor_id: string;
    status: 'applied' | 'rejected';
    outcome: StoredOutcome;
    visible_org: number;
    visible_branch: number;
  }>`select id, name, actor_id, status, outcome, visible_org, visible_branch from command
    where org_id = ${orgId} and id = any(${ids}::text[])`.execute(tx);
  for (const row of rows) {
    found.set(row.id, {
      id: row.id,
      name: row.name,
      actorId: row.actor_id,
      status: row.status,
      outcome: row.outcome,
      visible: { org: row.visible_org, branch: row.visible_branch },
    });
  }
  return found;
}

/** Records commands with what became of them, in one statement. */
export async function saveCommands(
  tx: Tx,
  orgId: string,
  records: readonly CommandRecord[],
  visible: { org: number; branch: number },
  receivedAt: string,
): Promise<void> {
  if (records.length === 0) return;
  await sql`
    insert into command (org_id, id, branch_id, device_id, incarnation, seq, lamport, name, version, actor_id, approved_by, device_at,
      received_at, status, outcome, visible_org, visible_branch, body)
    select ${orgId}, id, "branchId", "deviceId", incarnation, seq, lamport, name, version, "actorId", "approvedBy", "deviceAt",
      ${receivedAt}::timestamptz, status, outcome, ${visible.org}::int8, ${visible.branch}::int8, body
    from json_to_recordset(${JSON.stringify(records)}::json)
      as x(id text, "branchId" text, "deviceId" text, incarnation text, seq int8, lamport int8, name text, version int4, "actorId" text,
        "approvedBy" text, "deviceAt" timestamptz, status text, outcome jsonb, body text)`.execute(tx);
}

/** An outcome as the terminal gets it. */
export function entryOutcome(
  entry: { seq: number; id: string },
  status: 'applied' | 'rejected',
  outcome: StoredOutcome,
  visible: { org: number; branch: number },
): EntryOutcome {
  return {
    seq: entry.seq,
    id: entry.id,
    status,
    flags: outcome.flags,
    ...(outcome.error === undefined ? {} : { error: outcome.error }),
    ...(status === 'applied' ? { visible } : {}),
  };
}

import { sql } from 'kysely';
import type { EntryOutcome } from '#shared/contract/sync-wire.ts';
import type { WireError } from '#shared/kernel/errors.ts';
import { texts } from './text-list.ts';
import type { Tx } from './with-org.ts';

/** What is kept of a command for ever: who did what, and what became of it. */
export interface CommandRecord {
  id: string;
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

/** Where the commands of one transaction came from. */
export interface CommandOrigin {
  orgId: string;
  branchId: string;
  deviceId: string;
  incarnation: string | null;
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
    where org_id = ${orgId} and id = any(${texts(ids)})`.execute(tx);
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

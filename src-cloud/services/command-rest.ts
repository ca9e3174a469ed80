import type { Command } from '#shared/commands/define-command.ts';
import { parseInput } from '#shared/commands/engine.ts';
import { contextOf, type Envelope } from '#shared/commands/envelope.ts';
import { branchDay } from '#shared/domain/branch.ts';
import type { Put, Ref } from '#shared/domain/entity.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { BranchId, CommandId, DeviceId } from '#shared/kernel/ids.ts';
import type { CloudContext, UserCaller } from '../context.ts';
import { findCommands, type KnownCommand, type StoredOutcome } from '../store/command-log.ts';
import { EntityRows, lockCounters } from '../store/entity-store.ts';
import { saveRows, type Saved } from '../store/save-rows.ts';
import type { JsonObject } from '../store/schema.ts';
import type { Tx } from '../store/with-org.ts';
import { commandContent, isAudited } from './audit-content.ts';
import { maySeeBranch } from './auth.ts';
import { newToken } from './change-token.ts';
import { derivedId, newId } from './cloud-ids.ts';
import { CommandFold, type Job, writesOrg } from './command-fold.ts';
import type { Answer } from './idempotency.ts';

/** The device that commands over REST come from. */
export const REST_DEVICE = DeviceId.parse('rest');

const CREATING = new Set(['order.open', 'order.addLine', 'payment.take', 'shift.open', 'session.seat']);

/** The id of a command over REST: the key when it is a ULID, else one that follows from organisation, caller and key, else a fresh one. */
export function commandIdFor(user: UserCaller, key: string | undefined, nowMs: number): CommandId {
  if (key === undefined) return CommandId.parse(newId(nowMs));
  const own = CommandId.safeParse(key);
  return own.success ? own.data : CommandId.parse(derivedId(user.orgId, user.staffId, key));
}

/**
 * The branch that a person means: the one named, else their only one, else the only one of the organisation. Throws `auth/other-branch` for
 * one that is not theirs, `input/invalid` when it must be named.
 */
export async function chooseBranch(tx: Tx, user: UserCaller, named: string | undefined): Promise<BranchId> {
  if (named !== undefined) {
    const branchId = BranchId.safeParse(named);
    if (!branchId.success || !maySeeBranch(user, branchId.data)) throw new AppError('auth/other-branch');
    if (!(await isBranch(tx, user.orgId, branchId.data))) throw new AppError('auth/other-branch');
    return branchId.data;
  }
  const [only, ...others] = user.branchIds;
  if (only !== undefined && others.length === 0) return only;
  const branches = await tx
    .selectFrom('entity')
    .select('id')
    .where('org_id', '=', user.orgId)
    .where('kind', '=', 'branch')
    .execute();
  const [single, ...more] = branches;
  if (single !== undefined && more.length === 0 && maySeeBranch(user, single.id)) return BranchId.parse(single.id);
  throw new AppError('input/invalid', 'x-branch-id: name the branch, in this header or as branchId in the query', {
    path: 'x-branch-id',
  });
}

async function isBranch(tx: Tx, orgId: string, branchId: string): Promise<boolean> {
  const row = await tx
    .selectFrom('counter')
    .select('scope')
    .where('org_id', '=', orgId)
    .where('scope', '=', branchId)
    .executeTakeFirst();
  return row !== undefined && branchId !== 'org';
}

export interface RestCommand {
  command: Command;
  /** Path parameters and body together, not parsed yet. */
  input: JsonObject;
  commandId: CommandId;
  branchId: string | undefined;
}

/**
 * Runs one command for a person, in the caller's transaction, by the cloud's clock and the branch's zone. A known id gets its stored outcome.
 * Throws the refusal. `saved` says what to wake up after the commit; it is absent when nothing was written.
 */
export async function runRestCommand(
  ctx: CloudContext,
  tx: Tx,
  user: UserCaller,
  request: RestCommand,
): Promise<{ answer: Answer; saved?: Saved }> {
  const { command, commandId } = request;
  const { orgId, staffId } = user;
  const nowMs = ctx.clock.now();
  const branchId = await chooseBranch(tx, user, request.branchId);
  const input = parseInput(command, request.input);
  const rows = new EntityRows(tx, orgId, (damaged) => {
    ctx.log.error({ alarm: 'row-damaged', orgId, branchId, ...damaged }, 'a stored row does not fit its schema');
  });
  await rows.load([{ kind: 'branch', id: branchId }]);
  const branch = rows.find('branch', branchId);
  if (branch === undefined) throw new AppError('auth/other-branch');
  const envelope: Envelope = {
    id: commandId,
    name: command.name,
    version: command.version,
    branchId,
    actorId: staffId,
    at: isoAt(nowMs),
    businessDay: branchDay(branch, nowMs),
    input: request.input,
  };
  const job: Job = { command, input, ctx: contextOf(envelope, { orgId, deviceId: REST_DEVICE, isRecorded: false }) };
  const counters = await lockCounters(tx, orgId, branchId, { withOrg: writesOrg(job) });
  const known = (await findCommands(tx, orgId, [commandId])).get(commandId);
  if (known !== undefined) return { answer: await storedAnswer(ctx, tx, user, command, known) };

  const fold = new CommandFold(rows);
  await fold.load([job]);
  const { outcome, changes } = await fold.run(job);
  if (outcome.status === 'rejected') {
    const { code, message, path } = outcome.error;
    throw new AppError(code, message, path === undefined ? {} : { path });
  }
  const changed = fold.takeChanged();
  const stored: StoredOutcome = {
    flags: outcome.flags.map((flag) => flag.code),
    rows: changed.map((row) => [row.kind, row.id]),
  };
  const record = {
    id: commandId,
    seq: null,
    lamport: 0,
    name: command.name,
    version: command.version,
    actorId: staffId,
    approvedBy: null,
    deviceAt: envelope.at,
    status: 'applied' as const,
    outcome: stored,
    body: JSON.stringify(envelope),
  };
  const receivedAt = isoAt(nowMs);
  const origin = { orgId, branchId, deviceId: REST_DEVICE, incarnation: null };
  const saved = await saveRows(
    tx,
    changed,
    {
      orgId,
      branchId,
      counters,
      before: rows.find,
      nowMs,
      token: newToken(),
      movesBranch: true,
      audit: !isAudited(command)
        ? []
        : [
            {
              scope: writesOrg(job) ? 'org' : 'branch',
              content: commandContent({ record, ctx: job.ctx, incarnation: null, input, outcome, changes, receivedAt }),
            },
          ],
    },
    { origin, records: [record] },
  );
  return { answer: answerOf(command, commandId, stored.flags, changed), saved };
}

function answerOf(command: Command, commandId: string, flags: string[], rows: readonly Put[]): Answer {
  return {
    status: CREATING.has(command.name) ? 201 : 200,
    body: {
      commandId,
      status: 'applied',
      flags,
      // A PIN verifier never leaves the cloud but to terminals.
      rows: rows.filter((row) => row.kind !== 'pin').map(({ kind, id, body }) => ({ kind, id, body })),
    },
  };
}

/** The answer to a command that was done before: its outcome as stored, its rows as they are now. */
async function storedAnswer(
  ctx: CloudContext,
  tx: Tx,
  user: UserCaller,
  command: Command,
  known: KnownCommand,
): Promise<Answer> {
  if (known.name !== command.name || known.actorId !== user.staffId) throw new AppError('idempotency/mismatch');
  if (known.status === 'rejected') {
    const { code, message, path } = known.outcome.error ?? { code: 'internal' as const, message: '' };
    throw new AppError(code, message, path === undefined ? {} : { path });
  }
  const rows = new EntityRows(tx, user.orgId, (damaged) => {
    ctx.log.error({ alarm: 'row-damaged', orgId: user.orgId, ...damaged }, 'a stored row does not fit its schema');
  });
  const refs = (known.outcome.rows ?? []).map(([kind, id]) => ({ kind, id }) as Ref);
  await rows.load(refs);
  const puts = refs.flatMap(({ kind, id }) => {
    const body = rows.find(kind, id);
    return body === undefined ? [] : [{ kind, id, body } as Put];
  });
  return answerOf(command, known.id, known.outcome.flags, puts);
}

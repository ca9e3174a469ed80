import { Fold, parseInput, runCommand, type Find } from '../commands/engine.ts';
import type { Envelope } from '../commands/envelope.ts';
import { contextOf } from '../commands/envelope.ts';
import { findCommand } from '../commands/registry.ts';
import type { Put } from '../domain/entity.ts';
import type { DeviceId, OrgId } from '../kernel/ids.ts';

/** A command of this branch that the cloud's rows do not show yet. */
export interface PendingCommand {
  lamport: number;
  deviceId: DeviceId;
  seq: number;
  envelope: Envelope;
}

/** The one order in which everybody re-runs pending commands; never by a clock (DESIGN §4). */
export function comparePending(a: PendingCommand, b: PendingCommand): number {
  if (a.lamport !== b.lamport) return a.lamport - b.lamport;
  if (a.deviceId !== b.deviceId) return a.deviceId < b.deviceId ? -1 : 1;
  return a.seq - b.seq;
}

/**
 * The view of the entities that `pending` touches: the cloud's rows (`base`) with the pending commands re-run on top. A command that no longer
 * applies changes nothing here; the cloud will say so in its outcome. Pure.
 * Returns every entity that differs from its base. `onApplied` hears what each command wrote.
 */
export function rebase(
  base: Find,
  pending: readonly PendingCommand[],
  orgId: OrgId,
  onApplied?: (command: PendingCommand, puts: readonly Put[]) => void,
): Put[] {
  const fold = new Fold(base);
  for (const pendingCommand of [...pending].sort(comparePending)) {
    const { envelope, deviceId } = pendingCommand;
    const command = findCommand(envelope.name, envelope.version);
    if (command === undefined) continue;
    const ctx = contextOf(envelope, { orgId, deviceId, isRecorded: true });
    const outcome = runCommand(command, parseInput(command, envelope.input), ctx, fold.find, {
      withReview: false,
      // Whoever had the right when it was recorded keeps it here: only the cloud can tell what the terminal had heard.
      rightsKnownSinceMs: 0,
    });
    if (outcome.status !== 'applied') continue;
    fold.apply(outcome.puts);
    onApplied?.(pendingCommand, outcome.puts);
  }
  return fold.changed();
}

import { z } from 'zod';
import { type Anomaly, type Flag, RefusalDecision, refusalId, type Resolution } from '../domain/anomaly.ts';
import { put } from '../domain/entity.ts';
import { AppError } from '../kernel/errors.ts';
import { DeviceId, Reason } from '../kernel/ids.ts';
import { defineCommand } from './define-command.ts';
import type { CommandContext } from './envelope.ts';

/** Ids of flags are made of other ids; those of unreadable entries of the series. */
const DerivedId = z.string().min(1).max(300);

function resolution(note: string, ctx: CommandContext): Resolution {
  const done: Resolution = { at: ctx.at, by: ctx.actorId, on: ctx.deviceId, note };
  return ctx.approvedBy === undefined ? done : { ...done, approvedBy: ctx.approvedBy };
}

export const resolveAnomaly = defineCommand({
  name: 'anomaly.resolve',
  version: 1,
  route: 'POST /anomalies/:anomalyId/resolve',
  level: 'L3',
  physical: false,
  audit: 'money',
  summary: 'Somebody has seen to what was flagged, and says how.',
  input: z.object({ anomalyId: DerivedId, note: Reason }),
  reads: ({ anomalyId }) => ({ anomaly: { kind: 'anomaly', id: anomalyId } as const }),
  execute: ({ anomaly }, { note }, ctx) => {
    if (anomaly === undefined) throw new AppError('anomaly/not-found');
    // Two people at once: the first word stands, the second loses nothing.
    if (anomaly.resolved !== undefined) return { puts: [put('anomaly', anomaly)] };
    return { puts: [put('anomaly', { ...anomaly, resolved: resolution(note, ctx) })] };
  },
});

/**
 * What becomes of a command that the cloud refused. The refusal itself stays recorded under the command's id, for good.
 * `retry`: the same input runs as a NEW command of the person who decides (a new id, the right of today); `fix`: as
 * `retry`, with changed fields. In both the new command stands before this one in the same transaction, and
 * `newCommandId` names it: refused on the spot, nothing is decided. `discard`: it is given up, with a PIN and a reason.
 * The decision travels as every command does, so that it stands in the audit and is seen on both sides.
 */
export const decideRefusal = defineCommand({
  name: 'refusal.decide',
  version: 1,
  route: 'POST /refusals/:commandId/decision',
  level: 'L4',
  physical: false,
  audit: 'money',
  needsPin: ({ decision }) => decision === 'discard',
  summary: 'Decides about a refused command: tried again, changed and tried again, or discarded with a reason.',
  input: z
    .object({
      commandId: DerivedId,
      /** The terminal that the refused command came from. */
      deviceId: DeviceId,
      decision: RefusalDecision,
      reason: Reason.optional(),
      newCommandId: DerivedId.optional(),
    })
    .superRefine(({ decision, reason }, context) => {
      if (decision === 'discard' && reason === undefined)
        context.addIssue({ code: 'custom', path: ['reason'], message: 'say why' });
    }),
  reads: ({ commandId }) => ({ refusal: { kind: 'anomaly', id: refusalId(commandId) } as const }),
  execute: ({ refusal }, input, ctx) => {
    const { commandId, decision, reason, newCommandId } = input;
    if (refusal?.resolved !== undefined) {
      if (!ctx.isRecorded) throw new AppError('refusal/decided');
      // Decided on two terminals at once: the first stands. Tried again by both, it may be there twice: a person looks.
      const isTwice = decision !== 'discard' && refusal.resolved.decision !== 'discard';
      const flag: Flag = { code: 'decided-twice', subjectId: commandId };
      if (refusal.orderId !== undefined) flag.orderId = refusal.orderId;
      return { puts: [put('anomaly', refusal)], flags: isTwice ? [flag] : [] };
    }
    const resolved: Resolution = { ...resolution(reason ?? '', ctx), decision };
    if (newCommandId !== undefined) resolved.newCommandId = newCommandId;
    return { puts: [put('anomaly', { ...(refusal ?? unseenRefusal(input, ctx)), resolved })] };
  },
});

/** The refusal's row has not come from the cloud yet: the decision stands without it, and the row takes it over. */
function unseenRefusal(
  { commandId, deviceId }: { commandId: string; deviceId: DeviceId },
  ctx: CommandContext,
): Anomaly {
  return {
    id: refusalId(commandId),
    branchId: ctx.branchId,
    code: 'command-refused',
    day: ctx.businessDay,
    at: ctx.at,
    deviceId,
    actorId: ctx.actorId,
    commandId,
  };
}

import { z } from 'zod';
import { BusinessDay } from '../kernel/business-day.ts';
import type { DeviceId, OrgId } from '../kernel/ids.ts';
import { BranchId, CommandId, IsoAt, StaffId } from '../kernel/ids.ts';

/** A command as it is written into the outbox and sent: who, where, when, what. Its bytes never change afterwards. */
export const Envelope = z.object({
  id: CommandId,
  name: z.string().max(60),
  version: z.int().positive(),
  branchId: BranchId,
  actorId: StaffId,
  /** The person whose PIN approved what the actor may not do alone. */
  approvedBy: StaffId.optional(),
  /** The terminal's clock. It orders nothing. */
  at: IsoAt,
  businessDay: BusinessDay,
  input: z.record(z.string(), z.unknown()),
});
export type Envelope = z.infer<typeof Envelope>;

/** What `execute` knows beside its input. */
export interface CommandContext {
  commandId: CommandId;
  orgId: OrgId;
  branchId: BranchId;
  deviceId: DeviceId;
  actorId: StaffId;
  approvedBy: StaffId | undefined;
  at: string;
  businessDay: BusinessDay;
  /**
   * True when the command was accepted earlier on a terminal and runs again (in the cloud, or over new rows).
   * What was then accepted is not refused because others were faster: it goes to a follow-up order.
   */
  isRecorded: boolean;
}

export function contextOf(
  envelope: Envelope,
  where: { orgId: OrgId; deviceId: DeviceId; isRecorded: boolean },
): CommandContext {
  return {
    commandId: envelope.id,
    orgId: where.orgId,
    branchId: envelope.branchId,
    deviceId: where.deviceId,
    actorId: envelope.actorId,
    approvedBy: envelope.approvedBy,
    at: envelope.at,
    businessDay: envelope.businessDay,
    isRecorded: where.isRecorded,
  };
}

import { z } from 'zod';
import { IsoAt, StaffId } from '../kernel/ids.ts';

/** `GET /sync/quarantine` (L4): entries of switched-off terminals. `entry`: a PushEntry as it was sent, JSON. */
export const Quarantine = z.object({
  entries: z.array(
    z.object({
      deviceId: z.string(),
      branchId: z.string(),
      incarnation: z.string(),
      seq: z.int(),
      id: z.string(),
      receivedAt: IsoAt,
      status: z.enum(['held', 'accepted', 'left']),
      decidedBy: z.string().nullable(),
      decidedAt: IsoAt.nullable(),
      entry: z.string(),
    }),
  ),
});

/** `POST /sync/quarantine/:deviceId/accept`: how many were applied, refused, and wait for a newer version of the cloud. */
export const Decided = z.object({
  accepted: z.int().nonnegative(),
  refused: z.int().nonnegative(),
  held: z.int().nonnegative(),
});

/** `POST /sync/quarantine/:deviceId/leave`. */
export const QuarantineLeft = z.object({ left: z.int().nonnegative() });

/** Body of both decisions. A terminal names the manager at its screen; a person needs no body. */
export const DecideQuarantine = z.object({ actorId: StaffId.optional() });

import { z } from 'zod';
import { BranchId, IsoAt, Name, StaffId } from '../kernel/ids.ts';
import { hasLevel, Level } from './level.ts';

/** What a person could do before a change: a command of a terminal that had not heard of it is judged by this. */
const FormerRights = z.object({ level: Level, branchIds: z.array(BranchId), isActive: z.boolean(), untilAt: IsoAt });
type FormerRights = z.infer<typeof FormerRights>;

/** A terminal that has not been heard of over this many changes of one person is judged by the rights that are known. */
const MOST_FORMER = 20;

export const Staff = z.object({
  id: StaffId,
  name: Name,
  level: Level,
  /** The branches a person works in. L5 sees all whatever stands here. */
  branchIds: z.array(BranchId).max(500),
  isActive: z.boolean(),
  /** As rows of version 0.1 have it; since then `formerRights`. */
  former: FormerRights.optional(),
  /** What was taken away or changed, the newest first. */
  formerRights: z.array(FormerRights).max(MOST_FORMER).optional(),
});
export type Staff = z.infer<typeof Staff>;

/**
 * The PIN verifier of one person: an argon2id hash keyed with a secret that lives outside every database.
 * A kind of its own, so that it never reaches a screen.
 */
export const PinCredential = z.object({ id: StaffId, pinHash: z.string().startsWith('$argon2id$').max(300) });
export type PinCredential = z.infer<typeof PinCredential>;

/** Four to eight digits; level 4 and above need six. */
export const Pin = z.string().regex(/^\d{4,8}$/, 'a PIN has 4 to 8 digits');

export function isPinLongEnough(pin: string, level: Level): boolean {
  return pin.length >= (hasLevel(level, 'L4') ? 6 : 4);
}

/**
 * Whether this person may do something of level `needed` in `branchId`. `knownSinceMs`: the last moment at which
 * the terminal could have heard of a change of rights; a right taken away later still counts for what it did.
 */
export function mayAct(staff: Staff, needed: Level, branchId: string, knownSinceMs?: number): boolean {
  if (rightsSuffice(staff, needed, branchId)) return true;
  if (knownSinceMs === undefined) return false;
  return formerRightsOf(staff).some(
    (former) => knownSinceMs <= Date.parse(former.untilAt) && rightsSuffice(former, needed, branchId),
  );
}

function formerRightsOf({ former, formerRights = [] }: Staff): FormerRights[] {
  return former === undefined ? formerRights : [...formerRights, former];
}

/** The former rights of a person whose rights are those of `next` from `untilAt` on. A change of the name alone adds none. */
export function formerRightsAfter(
  staff: Staff,
  next: Pick<Staff, 'level' | 'branchIds' | 'isActive'>,
  untilAt: string,
): FormerRights[] {
  const { level, branchIds, isActive } = staff;
  const isSame =
    level === next.level &&
    isActive === next.isActive &&
    branchIds.toSorted().join() === next.branchIds.toSorted().join();
  const known = formerRightsOf(staff);
  return isSame ? known : [{ level, branchIds, isActive, untilAt }, ...known].slice(0, MOST_FORMER);
}

function rightsSuffice(
  rights: Pick<Staff, 'level' | 'branchIds' | 'isActive'>,
  needed: Level,
  branchId: string,
): boolean {
  if (!rights.isActive || !hasLevel(rights.level, needed)) return false;
  return rights.level === 'L5' || rights.branchIds.some((id) => id === branchId);
}

import { z } from 'zod';
import { put } from '../domain/entity.ts';
import { hasLevel, Level } from '../domain/level.ts';
import { formerRightsAfter, PinCredential, Staff } from '../domain/staff.ts';
import { AppError } from '../kernel/errors.ts';
import { Name, StaffId } from '../kernel/ids.ts';
import { defineCommand } from './define-command.ts';

const readsStaff = ({ staffId }: { staffId: string }) => ({ staff: { kind: 'staff', id: staffId } as const });

/** Managers look after staff up to L3; L4 and L5 are the owner's (SPEC §0). */
function forbidsHigher(
  actor: Staff,
  input: { level?: Level },
  state: { staff: Staff | undefined },
): AppError | undefined {
  if (hasLevel(actor.level, 'L5')) return undefined;
  const reaches = [input.level, state.staff?.level].some((level) => level !== undefined && hasLevel(level, 'L4'));
  if (reaches) return new AppError('staff/level-too-high');
  const outside = state.staff?.branchIds.some((id) => !actor.branchIds.includes(id)) ?? false;
  return outside ? new AppError('auth/other-branch') : undefined;
}

export const saveStaff = defineCommand({
  name: 'staff.save',
  version: 1,
  route: 'PUT /staff/:staffId',
  level: 'L4',
  physical: false,
  audit: 'rights',
  summary: 'Creates or changes a person: name, level, branches, active or not.',
  input: Staff.omit({ id: true, former: true, formerRights: true }).extend({
    staffId: StaffId,
    level: Level,
    name: Name,
  }),
  reads: readsStaff,
  forbids: (actor, input, state) => {
    const refusal = forbidsHigher(actor, input, state);
    if (refusal !== undefined || hasLevel(actor.level, 'L5')) return refusal;
    const outside = input.branchIds.some((id) => !actor.branchIds.includes(id));
    return outside ? new AppError('auth/other-branch') : undefined;
  },
  execute: ({ staff }, { staffId, ...rest }, ctx) => {
    if (staff === undefined) return { puts: [put('staff', { id: staffId, ...rest })] };
    const formerRights = formerRightsAfter(staff, rest, ctx.at);
    return { puts: [put('staff', { id: staffId, ...rest, ...(formerRights.length === 0 ? {} : { formerRights }) })] };
  },
});

export const setPin = defineCommand({
  name: 'staff.setPin',
  version: 1,
  route: 'PUT /staff/:staffId/pin',
  level: 'L4',
  physical: false,
  audit: 'rights',
  summary: 'Sets the PIN of a person. The hash is made where the PIN was typed; the PIN itself never travels.',
  input: z.object({ staffId: StaffId, pinHash: PinCredential.shape.pinHash }),
  reads: readsStaff,
  forbids: (actor, _input, state) => forbidsHigher(actor, {}, state),
  execute: ({ staff }, { staffId, pinHash }) => {
    if (staff === undefined) throw new AppError('staff/not-found');
    return { puts: [put('pin', { id: staffId, pinHash })] };
  },
});

import type { Put } from '#shared/domain/entity.ts';
import { put } from '#shared/domain/entity.ts';
import { isPinLongEnough, type Pin } from '#shared/domain/staff.ts';
import type { Level } from '#shared/domain/level.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { AppError } from '#shared/kernel/errors.ts';
import type { BranchId, OrgId, StaffId } from '#shared/kernel/ids.ts';
import type { z } from 'zod';
import type { CloudContext } from '../context.ts';
import { EntityRows, lockCounters } from '../store/entity-store.ts';
import { saveRows, type Saved } from '../store/save-rows.ts';
import type { Tx } from '../store/with-org.ts';
import { eventContent, newRowChanges } from './audit-content.ts';
import { newToken } from './change-token.ts';
import { hashPassword, hashPin } from './passwords.ts';

/** A person as they are given at set-up or with a new branch. */
export interface NewPerson {
  name: string;
  email: string;
  password: string;
  pin: z.infer<typeof Pin>;
}

/** The rows of a new person, and the hash of their password. Hashing takes a while: do it before a transaction. */
export async function newPersonRows(
  ctx: CloudContext,
  orgId: OrgId,
  person: NewPerson & { id: StaffId; level: Level; branchIds: BranchId[] },
  path: string,
): Promise<{ puts: Put[]; passwordHash: string }> {
  const { id, name, level, branchIds, pin } = person;
  if (!isPinLongEnough(pin, level)) {
    throw new AppError('input/invalid', `${path}.pin: level ${level} needs a PIN of at least 6 digits`, {
      path: `${path}.pin`,
    });
  }
  const [passwordHash, pinHash] = await Promise.all([
    hashPassword(person.password),
    hashPin(pin, ctx.secrets.pinPepper(orgId)),
  ]);
  return {
    puts: [put('staff', { id, name, level, branchIds, isActive: true }), put('pin', { id, pinHash })],
    passwordHash,
  };
}

/** Makes the counters that are missing, then writes rows of the organisation under their locks, with a line of `by` in its audit chain. */
export async function saveOrgRows(
  ctx: CloudContext,
  tx: Tx,
  orgId: OrgId,
  branchId: BranchId,
  puts: readonly Put[],
  by?: { name: string; actor: string },
): Promise<Saved> {
  await tx
    .insertInto('counter')
    .values(['org', branchId].map((scope) => ({ org_id: orgId, scope, seq: 0, token: '' })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const counters = await lockCounters(tx, orgId, branchId, { withOrg: true });
  const rows = new EntityRows(tx, orgId, () => undefined);
  const receivedAt = isoAt(ctx.clock.now());
  return saveRows(tx, puts, {
    orgId,
    branchId,
    counters,
    before: rows.find,
    nowMs: ctx.clock.now(),
    token: newToken(),
    movesBranch: false,
    audit:
      by === undefined
        ? []
        : [{ scope: 'org', content: eventContent({ ...by, branchId, changes: newRowChanges(puts), receivedAt }) }],
  });
}

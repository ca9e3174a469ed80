import type { SetupAnswer, SetupRequest } from '#shared/contract/cloud-wire.ts';
import { put } from '#shared/domain/entity.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { BranchId, OrgId, StaffId } from '#shared/kernel/ids.ts';
import type { CloudContext } from '../context.ts';
import { enterDirectory, withOrg } from '../store/with-org.ts';
import { isSameText } from './auth.ts';
import { newPersonRows, saveOrgRows } from './branches.ts';
import { newId } from './cloud-ids.ts';
import { createEnrolmentCode } from './enrolment.ts';
import { setDirectoryEmail, setLogin } from './sign-in.ts';

/** Makes an organisation with its first branch and its owner (L5). Throws `setup/closed` without the right set-up token. */
export async function setUp(ctx: CloudContext, request: SetupRequest): Promise<SetupAnswer> {
  if (ctx.setupToken === undefined || !isSameText(request.token, ctx.setupToken)) throw new AppError('setup/closed');
  const nowMs = ctx.clock.now();
  const orgId = OrgId.parse(newId(nowMs));
  const branchId = BranchId.parse(newId(nowMs));
  const ownerId = StaffId.parse(newId(nowMs));
  const { organisation, branch, owner } = request;
  const person = await newPersonRows(
    ctx,
    orgId,
    { ...owner, id: ownerId, level: 'L5', branchIds: [branchId] },
    'owner',
  );
  const enrolmentCode = await withOrg(ctx.database.db, orgId, async (tx) => {
    const puts = [
      put('organisation', { id: orgId, ...organisation }),
      put('branch', { id: branchId, ...branch }),
      ...person.puts,
    ];
    await saveOrgRows(ctx, tx, orgId, branchId, puts, { name: 'organisation.create', actor: ownerId });
    const login = { email: owner.email, passwordHash: person.passwordHash };
    await setLogin(tx, orgId, ownerId, login, { actor: ownerId, receivedAt: isoAt(nowMs) });
    await enterDirectory(tx);
    await setDirectoryEmail(tx, orgId, ownerId, owner.email, 'owner.email');
    return (await createEnrolmentCode(ctx, tx, { orgId, branchId, createdBy: ownerId })).code;
  });
  return { orgId, branchId, ownerId, enrolmentCode };
}

import type { LoginAnswer } from '#shared/contract/cloud-wire.ts';
import type { Staff } from '#shared/domain/staff.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { OrgId, type StaffId } from '#shared/kernel/ids.ts';
import type { CloudContext } from '../context.ts';
import { appendAudit } from '../store/audit-log.ts';
import { type Tx, withDirectory, withOrg } from '../store/with-org.ts';
import { eventContent } from './audit-content.ts';
import { findStaff } from './auth.ts';
import { newId, newSecretText, secretHash } from './cloud-ids.ts';
import { isPasswordRight } from './passwords.ts';
import { ACCESS_SECONDS } from './tokens.ts';

/** How long somebody stays signed in without using it. */
export const REFRESH_SECONDS = 30 * 86_400;

/** Signs a person in by e-mail and password. Throws `auth/wrong`, the same for an unknown e-mail, a wrong password and somebody who left. */
export async function signIn(ctx: CloudContext, email: string, password: string): Promise<LoginAnswer> {
  const account = await withDirectory(ctx.database.db, (tx) =>
    tx.selectFrom('account_directory').select(['org_id', 'staff_id']).where('email', '=', email).executeTakeFirst(),
  );
  const orgId = account?.org_id as OrgId | undefined;
  const stored =
    account === undefined || orgId === undefined
      ? undefined
      : await withOrg(ctx.database.db, orgId, (tx) =>
          tx
            .selectFrom('staff_login')
            .select('password_hash')
            .where('org_id', '=', orgId)
            .where('staff_id', '=', account.staff_id)
            .executeTakeFirst(),
        );
  const isRight = await isPasswordRight(stored?.password_hash, password);
  if (!isRight || account === undefined || orgId === undefined) throw new AppError('auth/wrong');
  return withOrg(ctx.database.db, orgId, async (tx) => {
    const staff = await findStaff(tx, orgId, account.staff_id);
    if (staff?.isActive !== true) throw new AppError('auth/wrong');
    return issue(ctx, tx, orgId, staff, newId(ctx.clock.now()));
  });
}

/**
 * Trades a refresh token for new ones; it works once. One that was used before is stolen, or its thief was faster: the whole family
 * ends (`auth/token-reused`), and the person signs in again.
 */
export async function refresh(ctx: CloudContext, refreshToken: string): Promise<LoginAnswer> {
  const orgId = orgOfRefreshToken(refreshToken);
  const answer = await withOrg(ctx.database.db, orgId, async (tx) => {
    const row = await tx
      .selectFrom('refresh_token')
      .select(['family', 'token_hash', 'staff_id', 'expires_at', 'used_at'])
      .where('org_id', '=', orgId)
      .where('token_hash', '=', secretHash(refreshToken))
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined || Date.parse(row.expires_at) <= ctx.clock.now()) throw new AppError('auth/expired');
    if (row.used_at !== null) {
      await endFamily(tx, orgId, row.family);
      return 'reused';
    }
    const staff = await findStaff(tx, orgId, row.staff_id);
    if (staff?.isActive !== true) throw new AppError('auth/expired');
    await tx
      .updateTable('refresh_token')
      .set({ used_at: isoAt(ctx.clock.now()) })
      .where('org_id', '=', orgId)
      .where('token_hash', '=', row.token_hash)
      .execute();
    return issue(ctx, tx, orgId, staff, row.family);
  });
  // Thrown here and not above: the end of the family has to be committed.
  if (answer === 'reused') throw new AppError('auth/token-reused');
  return answer;
}

/** Ends the family of this refresh token; an unknown one is no error. */
export async function signOut(ctx: CloudContext, refreshToken: string): Promise<void> {
  const orgId = orgOfRefreshToken(refreshToken);
  await withOrg(ctx.database.db, orgId, async (tx) => {
    const row = await tx
      .selectFrom('refresh_token')
      .select('family')
      .where('org_id', '=', orgId)
      .where('token_hash', '=', secretHash(refreshToken))
      .executeTakeFirst();
    if (row !== undefined) await endFamily(tx, orgId, row.family);
  });
}

async function endFamily(tx: Tx, orgId: OrgId, family: string): Promise<void> {
  await tx.deleteFrom('refresh_token').where('org_id', '=', orgId).where('family', '=', family).execute();
}

/** The organisation stands in front of the token, since rows are found only within one. */
function orgOfRefreshToken(refreshToken: string): OrgId {
  const orgId = OrgId.safeParse(refreshToken.slice(0, Math.max(0, refreshToken.lastIndexOf('.'))));
  if (!orgId.success) throw new AppError('auth/expired');
  return orgId.data;
}

async function issue(ctx: CloudContext, tx: Tx, orgId: OrgId, staff: Staff, family: string): Promise<LoginAnswer> {
  const refreshToken = `${orgId}.${newSecretText()}`;
  await tx
    .insertInto('refresh_token')
    .values({
      org_id: orgId,
      family,
      token_hash: secretHash(refreshToken),
      staff_id: staff.id,
      expires_at: isoAt(ctx.clock.now() + REFRESH_SECONDS * 1000),
    })
    .execute();
  return {
    accessToken: await ctx.tokens.signAccess({ kind: 'user', orgId, staffId: staff.id }),
    expiresInS: ACCESS_SECONDS,
    refreshToken,
    staff: { id: staff.id, name: staff.name, level: staff.level, branchIds: staff.branchIds, orgId },
  };
}

/** Gives a person an e-mail and a password for the cloud, or others in their place. Whoever was signed in as them is signed out. */
export async function setLogin(
  tx: Tx,
  orgId: OrgId,
  staffId: StaffId,
  login: { email: string; passwordHash: string },
  by: { actor: string; receivedAt: string },
): Promise<void> {
  const before = await findLogin(tx, orgId, staffId);
  const change = { after: { email: login.email }, before, id: staffId, kind: 'login' };
  await appendAudit(tx, orgId, 'org', [eventContent({ ...by, name: 'staff.login', changes: [change] })]);
  await tx
    .insertInto('staff_login')
    .values({ org_id: orgId, staff_id: staffId, email: login.email, password_hash: login.passwordHash })
    .onConflict((conflict) =>
      conflict.columns(['org_id', 'staff_id']).doUpdateSet({ email: login.email, password_hash: login.passwordHash }),
    )
    .execute();
  await tx.deleteFrom('refresh_token').where('org_id', '=', orgId).where('staff_id', '=', staffId).execute();
}

async function findLogin(tx: Tx, orgId: OrgId, staffId: StaffId): Promise<{ email: string } | null> {
  const row = await tx
    .selectFrom('staff_login')
    .select('email')
    .where('org_id', '=', orgId)
    .where('staff_id', '=', staffId)
    .executeTakeFirst();
  return row ?? null;
}

/** Enters an e-mail in the directory; the role of the transaction must be the directory's. Throws `input/invalid` when somebody else has it. */
export async function setDirectoryEmail(
  tx: Tx,
  orgId: OrgId,
  staffId: StaffId,
  email: string,
  path: string,
): Promise<void> {
  await tx.deleteFrom('account_directory').where('org_id', '=', orgId).where('staff_id', '=', staffId).execute();
  const inserted = await tx
    .insertInto('account_directory')
    .values({ email, org_id: orgId, staff_id: staffId })
    .onConflict((conflict) => conflict.doNothing())
    .returning('email')
    .executeTakeFirst();
  if (inserted === undefined)
    throw new AppError('input/invalid', `${path}: this e-mail is used by somebody else`, { path });
}

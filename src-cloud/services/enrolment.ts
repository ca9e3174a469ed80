import type { z } from 'zod';
import type { EnrolAnswer, EnrolRequest } from '#shared/contract/cloud-wire.ts';
import { put, type Put } from '#shared/domain/entity.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { BranchId, DeviceId, OrgId, StaffId } from '#shared/kernel/ids.ts';
import type { CloudContext } from '../context.ts';
import { appendAudit } from '../store/audit-log.ts';
import { EntityRows, lockCounters } from '../store/entity-store.ts';
import type { Saved } from '../store/save-rows.ts';
import { enterDirectory, enterOrg, type Tx, withDirectory } from '../store/with-org.ts';
import { eventContent } from './audit-content.ts';
import { newPersonRows, saveOrgRows } from './branches.ts';
import { codeHash, derivedId, newCode, newId } from './cloud-ids.ts';
import { setDirectoryEmail, setLogin } from './sign-in.ts';

const CODE_MS = 24 * 3_600_000;

/** Writes a fresh enrolment code, of which only the hash is kept, and goes on as a member of the organisation. */
export async function createEnrolmentCode(
  ctx: CloudContext,
  tx: Tx,
  owner: { orgId: OrgId; branchId: BranchId | null; createdBy: StaffId },
): Promise<{ code: string; expiresAt: string }> {
  const code = newCode();
  const nowMs = ctx.clock.now();
  const expiresAt = isoAt(nowMs + CODE_MS);
  await enterDirectory(tx);
  await tx
    .insertInto('enrolment_code')
    .values({
      code_hash: codeHash(code),
      org_id: owner.orgId,
      branch_id: owner.branchId,
      created_by: owner.createdBy,
      expires_at: expiresAt,
    })
    .execute();
  await enterOrg(tx, owner.orgId);
  const after = { branch: owner.branchId, expires: expiresAt };
  await appendAudit(tx, owner.orgId, owner.branchId ?? 'org', [
    eventContent({
      name: 'enrolment-code.create',
      actor: owner.createdBy,
      changes: [{ after, before: null, id: codeHash(code).slice(0, 12), kind: 'enrolmentCode' }],
      receivedAt: isoAt(nowMs),
    }),
  ]);
  return { code, expiresAt };
}

type Enrolled = z.infer<typeof EnrolAnswer>;

/**
 * Makes a terminal out of a code and a public key. A code is good once; asked again with the same key (the first answer was lost) it gives the
 * same terminal. Throws `device/bad-code`, and `input/invalid` when the new branch is missing or one too many.
 */
export async function enrol(ctx: CloudContext, request: EnrolRequest): Promise<Enrolled> {
  const hash = codeHash(request.code);
  const managerId = StaffId.parse(derivedId('manager', hash));
  const nowMs = ctx.clock.now();
  let saved: { orgId: OrgId; saved: Saved } | undefined;
  const answer = await withDirectory(ctx.database.db, async (tx) => {
    const code = await tx
      .selectFrom('enrolment_code')
      .select(['org_id', 'branch_id', 'device_id', 'created_by', 'expires_at', 'used_at'])
      .where('code_hash', '=', hash)
      .forUpdate()
      .executeTakeFirst();
    if (code === undefined) throw new AppError('device/bad-code');
    const orgId = OrgId.parse(code.org_id);
    if (code.device_id !== null) {
      await enterOrg(tx, orgId);
      const device = await findDevice(tx, orgId, code.device_id);
      if (device?.public_key !== request.publicKey) throw new AppError('device/bad-code');
      return answerFor(ctx, tx, orgId, device, code.branch_id === null ? managerId : undefined);
    }
    if (Date.parse(code.expires_at) <= nowMs) throw new AppError('device/bad-code');
    const { newBranch } = request;
    const actor = code.created_by;
    if (code.branch_id === null && newBranch === undefined) {
      throw new AppError('input/invalid', 'newBranch: this code makes a new branch, which must be described', {
        path: 'newBranch',
      });
    }
    if (code.branch_id !== null && newBranch !== undefined) {
      throw new AppError('input/invalid', 'newBranch: this code belongs to a branch that exists', {
        path: 'newBranch',
      });
    }
    const branchId = BranchId.parse(code.branch_id ?? newId(nowMs));
    if (newBranch !== undefined) {
      const { manager, ...branch } = newBranch;
      const person = await newPersonRows(
        ctx,
        orgId,
        { ...manager, id: managerId, level: 'L4', branchIds: [branchId] },
        'newBranch.manager',
      );
      await setDirectoryEmail(tx, orgId, managerId, manager.email, 'newBranch.manager.email');
      await enterOrg(tx, orgId);
      const puts: Put[] = [put('branch', { id: branchId, ...branch }), ...person.puts];
      saved = { orgId, saved: await saveOrgRows(ctx, tx, orgId, branchId, puts, { name: 'branch.create', actor }) };
      const login = { email: manager.email, passwordHash: person.passwordHash };
      await setLogin(tx, orgId, managerId, login, { actor, receivedAt: isoAt(nowMs) });
    }
    await enterOrg(tx, orgId);
    const device = await createDevice(ctx, tx, orgId, branchId, request, actor);
    const made = await answerFor(ctx, tx, orgId, device, newBranch === undefined ? undefined : managerId);
    await enterDirectory(tx);
    await tx
      .updateTable('enrolment_code')
      .set({ used_at: isoAt(nowMs), device_id: device.id })
      .where('code_hash', '=', hash)
      .execute();
    return made;
  });
  if (saved !== undefined) ctx.wakeups.publish({ orgId: saved.orgId, scopes: saved.saved.scopes, days: [] });
  return answer;
}

interface DeviceRow {
  id: string;
  branch_id: string;
  code: string;
  name: string;
  public_key: string;
}

function findDevice(tx: Tx, orgId: OrgId, deviceId: string): Promise<DeviceRow | undefined> {
  return tx
    .selectFrom('device')
    .select(['id', 'branch_id', 'code', 'name', 'public_key'])
    .where('org_id', '=', orgId)
    .where('id', '=', deviceId)
    .executeTakeFirst();
}

async function createDevice(
  ctx: CloudContext,
  tx: Tx,
  orgId: OrgId,
  branchId: BranchId,
  request: EnrolRequest,
  actor: string,
): Promise<DeviceRow> {
  // Two terminals enrolled at once would take the same short name.
  await lockCounters(tx, orgId, branchId, { withOrg: false });
  const rows = await tx
    .selectFrom('device')
    .select('code')
    .where('org_id', '=', orgId)
    .where('branch_id', '=', branchId)
    .execute();
  const highest = Math.max(0, ...rows.map((row) => Number(/^T(\d+)/.exec(row.code)?.[1] ?? 0)));
  const device: DeviceRow = {
    id: newId(ctx.clock.now()),
    branch_id: branchId,
    code: `T${highest + 1}`,
    name: request.name,
    public_key: request.publicKey,
  };
  await tx
    .insertInto('device')
    .values({
      ...device,
      org_id: orgId,
      status: 'active',
      enrolled_at: isoAt(ctx.clock.now()),
      pending_count: 0,
      clock_offset_ms: 0,
    })
    .execute();
  const after = { code: device.code, key: device.public_key, status: 'active' };
  await appendAudit(tx, orgId, branchId, [
    eventContent({
      name: 'device.enrol',
      actor,
      branchId,
      changes: [{ after, before: null, id: device.id, kind: 'device' }],
      receivedAt: isoAt(ctx.clock.now()),
    }),
  ]);
  return device;
}

async function answerFor(
  ctx: CloudContext,
  tx: Tx,
  orgId: OrgId,
  device: DeviceRow,
  managerId: StaffId | undefined,
): Promise<Enrolled> {
  const rows = new EntityRows(tx, orgId, () => undefined);
  await rows.load([
    { kind: 'organisation', id: orgId },
    { kind: 'branch', id: device.branch_id },
  ]);
  const organisation = rows.find('organisation', orgId);
  const branch = rows.find('branch', device.branch_id);
  if (organisation === undefined || branch === undefined) throw new AppError('device/bad-code');
  const deviceId = DeviceId.parse(device.id);
  return {
    deviceId,
    deviceCode: device.code,
    deviceName: device.name,
    organisation,
    branch,
    ...(managerId === undefined ? {} : { managerId }),
    certificate: await ctx.tokens.signCertificate({
      orgId,
      branchId: branch.id,
      deviceId,
      code: device.code,
      name: device.name,
      publicKey: device.public_key,
    }),
    auditKey: ctx.secrets.auditKey.publicKey,
    pinPepper: ctx.secrets.pinPepper(orgId).toString('base64url'),
  };
}

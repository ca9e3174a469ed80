import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  EnrolAnswer,
  EnrolmentCodeAnswer,
  EnrolmentCodeRequest,
  EnrolRequest,
  SetupAnswer,
  SetupRequest,
  StaffLoginRequest,
} from '#shared/contract/cloud-wire.ts';
import { hasLevel } from '#shared/domain/level.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { BranchId, DeviceId, IsoAt, StaffId } from '#shared/kernel/ids.ts';
import type { CloudContext, UserCaller } from '../context.ts';
import { eventContent } from '../services/audit-content.ts';
import { findStaff, maySeeBranch, userOf } from '../services/auth.ts';
import { createEnrolmentCode, enrol } from '../services/enrolment.ts';
import { hashPassword } from '../services/passwords.ts';
import { setUp } from '../services/setup.ts';
import { setDirectoryEmail, setLogin } from '../services/sign-in.ts';
import { appendAudit } from '../store/audit-log.ts';
import { enterDirectory, enterOrg, type Tx, withOrg } from '../store/with-org.ts';
import { sendOnce } from './send-once.ts';

const DeviceList = z.object({
  devices: z.array(
    z.object({
      id: DeviceId,
      branchId: BranchId,
      code: z.string(),
      name: z.string(),
      status: z.enum(['active', 'revoked']),
      enrolledAt: IsoAt,
      lastHeardAt: IsoAt.nullable(),
      pendingCount: z.int(),
      oldestPendingAt: IsoAt.nullable(),
      clockOffsetMs: z.int(),
    }),
  ),
});

/** Setting up a restaurant, enrolling its terminals, giving its people logins. */
export function registerEnrolmentRoutes(instance: FastifyInstance, ctx: CloudContext): void {
  const app = instance.withTypeProvider<ZodTypeProvider>();

  app.post(
    '/setup',
    {
      config: { level: 'public' },
      schema: {
        tags: ['setup'],
        summary: 'A new organisation with its first branch and its owner. Needs the set-up token of the installation.',
        body: SetupRequest,
        response: { 201: SetupAnswer },
      },
    },
    async (request, reply) => reply.code(201).send(await setUp(ctx, request.body)),
  );

  app.post(
    '/devices/enrol',
    {
      config: { level: 'public' },
      schema: {
        tags: ['devices'],
        summary:
          'Makes a terminal out of an enrolment code and an Ed25519 public key. The same code and key again give the same terminal.',
        body: EnrolRequest,
        response: { 201: EnrolAnswer },
      },
    },
    async (request, reply) => reply.code(201).send(await enrol(ctx, request.body)),
  );

  app.post(
    '/enrolment-codes',
    {
      config: { level: 'L4' },
      schema: {
        tags: ['devices'],
        summary:
          'A code that enrols one terminal of a branch; without a branch (L5) it makes a new one. Good for 24 h.',
        body: EnrolmentCodeRequest,
        response: { 201: EnrolmentCodeAnswer },
      },
    },
    (request, reply) =>
      sendOnce(ctx, request, reply, async (tx) => {
        const user = userOf(request);
        const branchId = request.body.branchId ?? null;
        if (branchId === null) requireOwner(user);
        else await requireBranch(tx, user, branchId);
        const body = await createEnrolmentCode(ctx, tx, { orgId: user.orgId, branchId, createdBy: user.staffId });
        return { status: 201, body };
      }),
  );

  app.get(
    '/devices',
    {
      config: { level: 'L4' },
      schema: {
        tags: ['devices'],
        summary: "The terminals of the caller's branches, and when they were last heard of.",
        response: { 200: DeviceList },
      },
    },
    async (request) => {
      const user = userOf(request);
      const rows = await withOrg(ctx.database.db, user.orgId, (tx) =>
        tx
          .selectFrom('device')
          .select([
            'id',
            'branch_id',
            'code',
            'name',
            'status',
            'enrolled_at',
            'last_heard_at',
            'pending_count',
            'oldest_pending_at',
            'clock_offset_ms',
          ])
          .where('org_id', '=', user.orgId)
          .orderBy('branch_id')
          .orderBy('id')
          .execute(),
      );
      return {
        devices: rows
          .filter((row) => maySeeBranch(user, row.branch_id))
          .map((row) => ({
            id: DeviceId.parse(row.id),
            branchId: BranchId.parse(row.branch_id),
            code: row.code,
            name: row.name,
            status: row.status,
            enrolledAt: row.enrolled_at,
            lastHeardAt: row.last_heard_at,
            pendingCount: row.pending_count,
            oldestPendingAt: row.oldest_pending_at,
            clockOffsetMs: row.clock_offset_ms,
          })),
      };
    },
  );

  app.post(
    '/devices/:deviceId/revoke',
    {
      config: { level: 'L4' },
      schema: {
        tags: ['devices'],
        summary: 'Switches a terminal off: it can neither send nor read any more.',
        params: z.object({ deviceId: DeviceId }),
      },
    },
    (request, reply) =>
      sendOnce(ctx, request, reply, async (tx) => {
        const user = userOf(request);
        const { deviceId } = request.params;
        const row = await tx
          .selectFrom('device')
          .select(['branch_id', 'status'])
          .where('org_id', '=', user.orgId)
          .where('id', '=', deviceId)
          .executeTakeFirst();
        if (row === undefined) throw new AppError('command/not-found', 'There is no terminal with this id.');
        if (!maySeeBranch(user, row.branch_id)) throw new AppError('auth/other-branch');
        const change = { after: { status: 'revoked' }, before: { status: row.status }, id: deviceId, kind: 'device' };
        await appendAudit(tx, user.orgId, row.branch_id, [
          eventContent({
            name: 'device.revoke',
            actor: user.staffId,
            branchId: row.branch_id,
            changes: [change],
            receivedAt: isoAt(ctx.clock.now()),
          }),
        ]);
        await tx
          .updateTable('device')
          .set({ status: 'revoked' })
          .where('org_id', '=', user.orgId)
          .where('id', '=', deviceId)
          .execute();
        return { status: 200, body: { deviceId, status: 'revoked' } };
      }),
  );

  app.put(
    '/staff/:staffId/login',
    {
      config: { level: 'L4' },
      schema: {
        tags: ['staff'],
        summary:
          'Gives a person e-mail and password for the cloud: L4 for staff up to L3 of their branches, L5 for everybody.',
        params: z.object({ staffId: StaffId }),
        body: StaffLoginRequest,
      },
    },
    async (request, reply) => {
      const user = userOf(request);
      const { staffId } = request.params;
      const { email, password } = request.body;
      const passwordHash = await hashPassword(password);
      return sendOnce(ctx, request, reply, async (tx) => {
        await requireStaffBelow(tx, user, staffId);
        const by = { actor: user.staffId, receivedAt: isoAt(ctx.clock.now()) };
        await setLogin(tx, user.orgId, staffId, { email, passwordHash }, by);
        await enterDirectory(tx);
        await setDirectoryEmail(tx, user.orgId, staffId, email, 'email');
        await enterOrg(tx, user.orgId);
        return { status: 200, body: { staffId, email } };
      });
    },
  );
}

function requireOwner(user: UserCaller): void {
  if (!hasLevel(user.level, 'L5')) throw new AppError('auth/forbidden', 'A code for a new branch needs level L5.');
}

async function requireBranch(tx: Tx, user: UserCaller, branchId: BranchId): Promise<void> {
  const row = await tx
    .selectFrom('entity')
    .select('id')
    .where('org_id', '=', user.orgId)
    .where('kind', '=', 'branch')
    .where('id', '=', branchId)
    .executeTakeFirst();
  if (row === undefined || !maySeeBranch(user, branchId)) throw new AppError('auth/other-branch');
}

async function requireStaffBelow(tx: Tx, user: UserCaller, staffId: StaffId): Promise<void> {
  const staff = await findStaff(tx, user.orgId, staffId);
  if (staff === undefined) throw new AppError('staff/not-found');
  if (hasLevel(user.level, 'L5')) return;
  if (hasLevel(staff.level, 'L4')) throw new AppError('staff/level-too-high');
  if (staff.branchIds.some((id) => !user.branchIds.includes(id))) throw new AppError('auth/other-branch');
}

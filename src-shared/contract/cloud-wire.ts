import { z } from 'zod';
import { Branch, Organisation } from '../domain/branch.ts';
import { Level } from '../domain/level.ts';
import { Pin } from '../domain/staff.ts';
import { BusinessDay, DayStartHour, TimeZone } from '../kernel/business-day.ts';
import { BranchId, DeviceId, IsoAt, Name, OrgId, StaffId } from '../kernel/ids.ts';
import { Currency } from '../kernel/money.ts';
import { DayKpis, Kpis } from '../domain/kpi.ts';

const Email = z
  .email()
  .max(200)
  .transform((text) => text.toLowerCase());
/** At least ten characters. */
export const Password = z.string().min(10, 'a password has at least 10 characters').max(200);

const NewBranch = z.object({ name: Name, zone: TimeZone, dayStartHour: DayStartHour, stations: Branch.shape.stations });
const NewPerson = z.object({ name: Name, email: Email, password: Password, pin: Pin });

/** `POST /setup`: a new organisation with its first branch and its owner. Needs the set-up token of the installation. */
export const SetupRequest = z.object({
  token: z.string(),
  organisation: z.object({ name: Name, currency: Currency }),
  branch: NewBranch,
  owner: NewPerson,
});
export type SetupRequest = z.infer<typeof SetupRequest>;
/** `enrolmentCode` enrols the first terminal of the branch. */
export const SetupAnswer = z.object({ orgId: OrgId, branchId: BranchId, ownerId: StaffId, enrolmentCode: z.string() });
export type SetupAnswer = z.infer<typeof SetupAnswer>;

/** `POST /enrolment-codes` (L4; without `branchId` L5: the enrolling side then names a new branch). */
export const EnrolmentCodeRequest = z.object({ branchId: BranchId.optional() });
export const EnrolmentCodeAnswer = z.object({ code: z.string(), expiresAt: IsoAt });

/** `POST /devices/enrol`: an Ed25519 public key (JWK `x`) becomes a terminal of a branch. */
export const EnrolRequest = z.object({
  code: z.string().min(6).max(64),
  name: Name,
  publicKey: z.string().min(40).max(64),
  /** Only with a code of the organisation: the branch to make, and its first manager (L4). */
  newBranch: NewBranch.extend({ manager: NewPerson }).optional(),
});
export type EnrolRequest = z.infer<typeof EnrolRequest>;
export const EnrolAnswer = z.object({
  deviceId: DeviceId,
  /** Short name within the branch ("T1"): the first part of its receipt numbers. */
  deviceCode: z.string(),
  deviceName: z.string(),
  organisation: Organisation,
  branch: Branch,
  managerId: StaffId.optional(),
  /** Proof of the enrolment, signed by the cloud: a cloud restored from a backup still knows the terminal by it. */
  certificate: z.string(),
  /** Base64url. Keys the PIN verifiers; the terminal keeps it outside its database. */
  pinPepper: z.string(),
  /** The Ed25519 key (JWK `x`) that signs the heads of the audit chains. */
  auditKey: z.string().optional(),
});
export type EnrolAnswer = z.infer<typeof EnrolAnswer>;

/** `POST /auth/device/challenge` and `POST /auth/device/token`: the terminal signs the challenge with its key. */
export const ChallengeRequest = z.object({ deviceId: DeviceId });
export const ChallengeAnswer = z.object({ challenge: z.string() });
export const DeviceTokenRequest = z.object({ challenge: z.string(), signature: z.string(), certificate: z.string() });
export const TokenAnswer = z.object({ accessToken: z.string(), expiresInS: z.int().positive() });
export type TokenAnswer = z.infer<typeof TokenAnswer>;

/** `POST /auth/login`, `/auth/refresh`, `/auth/logout`. Browsers get the same as HttpOnly cookies. */
export const LoginRequest = z.object({ email: Email, password: z.string().min(1).max(200) });
export const LoginAnswer = TokenAnswer.extend({
  refreshToken: z.string(),
  staff: z.object({ id: StaffId, name: Name, level: Level, branchIds: z.array(BranchId), orgId: OrgId }),
});
export type LoginAnswer = z.infer<typeof LoginAnswer>;
export const RefreshRequest = z.object({ refreshToken: z.string().optional() });

/** `PUT /staff/:staffId/login` (L4 for staff up to L3, else L5): e-mail and password for the cloud. */
export const StaffLoginRequest = z.object({ email: Email, password: Password });

/** Query of `/stream/kpis` and `/kpis/status`; `/kpis` also takes `date`. */
export const KpiQuery = z
  .object({ scope: z.enum(['org', 'branch']), branchId: BranchId.optional() })
  .refine((query) => query.scope === 'org' || query.branchId !== undefined, {
    path: ['branchId'],
    message: 'scope=branch needs a branchId',
  });
export const KpisAnswer = z.object({
  scope: z.enum(['org', 'branch']),
  branchId: BranchId.nullable(),
  date: BusinessDay,
  currency: Currency,
  kpis: DayKpis,
  orderCount: z.int().nonnegative(),
});
export type KpisAnswer = z.infer<typeof KpisAnswer>;

/** A terminal as the cloud last heard of it. */
export const TerminalSeen = z.object({
  deviceId: DeviceId,
  name: z.string(),
  branchId: BranchId,
  lastHeardAt: IsoAt.nullable(),
  isOnline: z.boolean(),
  pendingCount: z.int().nonnegative(),
  oldestPendingAt: IsoAt.nullable(),
  /** Its clock less the cloud's, at its last push. */
  clockOffsetMs: z.int().optional(),
});
export type TerminalSeen = z.infer<typeof TerminalSeen>;
/** How far the figures can be trusted (SPEC A2): event `status` of the stream and `GET /kpis/status`. */
export const KpiStatus = z.object({
  scope: z.enum(['org', 'branch']),
  branchId: BranchId.nullable(),
  asOf: IsoAt,
  seq: z.int().nonnegative(),
  isComplete: z.boolean(),
  terminals: z.array(TerminalSeen),
  oldestUnsyncedAt: IsoAt.nullable(),
});
export type KpiStatus = z.infer<typeof KpiStatus>;

/** The terminal's own stream carries its branch's figures too, as event `kpis`. */
export const KpiEvent = z.object({ kpis: Kpis, status: KpiStatus });
export type KpiEvent = z.infer<typeof KpiEvent>;

import type { FastifyBaseLogger } from 'fastify';
import type { Level } from '#shared/domain/level.ts';
import type { Clock } from '#shared/kernel/clock.ts';
import type { BranchId, DeviceId, OrgId, StaffId } from '#shared/kernel/ids.ts';
import type { HeadSigner } from './services/audit-heads.ts';
import type { PoisonBrake } from './services/poison-brake.ts';
import type { Secrets } from './services/secrets.ts';
import type { Tokens } from './services/tokens.ts';
import type { Wakeups } from './services/wakeups.ts';
import type { Database } from './store/database.ts';

/** What every part of the cloud is given; made once in app.ts. */
export interface CloudContext {
  database: Database;
  clock: Clock;
  tokens: Tokens;
  secrets: Secrets;
  /** Signs where audit chains end. */
  signHead: HeadSigner;
  wakeups: Wakeups;
  poisonBrake: PoisonBrake;
  log: FastifyBaseLogger;
  /** The one web origin that may call from a browser; undefined: none. */
  frontendUrl: string | undefined;
  /** Undefined: set-up is closed. */
  setupToken: string | undefined;
  /** The version of the program, for /healthz and the documentation. */
  version: string;
}

/** A person, as the staff row says at this moment: a right taken away works at once. */
export interface UserCaller {
  kind: 'user';
  orgId: OrgId;
  staffId: StaffId;
  level: Level;
  /** The branches of the staff row; an L5 may see all of the organisation whatever stands here. */
  branchIds: readonly BranchId[];
  /** Signed in by cookie: writes are CSRF-checked. */
  isCookie: boolean;
  /** When the token runs out, ms; streams end then. */
  expiresAtMs: number;
}
/** A terminal with a valid token. */
export interface DeviceCaller {
  kind: 'device';
  orgId: OrgId;
  branchId: BranchId;
  deviceId: DeviceId;
  /** The last moment at which this terminal could have heard of a change of rights, for what it has done and not sent yet. */
  rightsKnownAtMs: number;
  /** Switched off: it may send what it has done, which is kept and not run, and nothing else. */
  isRevoked: boolean;
  expiresAtMs: number;
}
export type Caller = UserCaller | DeviceCaller;

/**
 * Who may call a route. `device`: terminals only. `device-or-L1`: a terminal, or a person of that level and above.
 * A route without it does not start (app.ts).
 */
export type RouteLevel = 'public' | 'device' | Level | `device-or-${Level}`;

declare module 'fastify' {
  interface FastifyContextConfig {
    level?: RouteLevel;
    /** A terminal that was switched off may call it too. */
    allowsRevoked?: boolean;
  }
  interface FastifyRequest {
    /** Set on every route that is not public. Read it with `callerOf`, `userOf` or `deviceOf` (services/auth.ts). */
    caller: Caller | null;
  }
}

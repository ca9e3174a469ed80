import { jwtVerify, type JWTPayload, SignJWT } from 'jose';
import { z } from 'zod';
import type { Clock } from '#shared/kernel/clock.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { BranchId, DeviceId, Name, OrgId, StaffId } from '#shared/kernel/ids.ts';
import type { Secrets } from './secrets.ts';

export const ACCESS_SECONDS = 15 * 60;
const CHALLENGE_SECONDS = 2 * 60;
const ALGORITHM = 'HS256';

const AccessClaims = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('user'), orgId: OrgId, staffId: StaffId }),
  z.object({ kind: z.literal('device'), orgId: OrgId, branchId: BranchId, deviceId: DeviceId }),
]);
export type AccessClaims = z.infer<typeof AccessClaims>;

/** What the cloud vouches for at an enrolment. It has no end: a restored cloud knows the terminal by it. */
const Certificate = z.object({
  orgId: OrgId,
  branchId: BranchId,
  deviceId: DeviceId,
  code: z.string(),
  name: Name,
  publicKey: z.string(),
});
export type Certificate = z.infer<typeof Certificate>;

/** Everything that this cloud signs. */
export interface Tokens {
  signAccess(claims: AccessClaims): Promise<string>;
  /** Throws `auth/expired` for a token that has run out or is not one of ours. */
  verifyAccess(token: string): Promise<AccessClaims & { expiresAtMs: number }>;
  signChallenge(deviceId: string): Promise<string>;
  /** Returns the terminal it was made for. Throws `auth/expired`. */
  verifyChallenge(challenge: string): Promise<string>;
  signCertificate(certificate: Certificate): Promise<string>;
  /** Throws `device/unknown`. */
  verifyCertificate(text: string): Promise<Certificate>;
}

export function createTokens(secrets: Secrets, clock: Clock): Tokens {
  const nowS = (): number => Math.floor(clock.now() / 1000);
  const sign = (payload: JWTPayload, key: Uint8Array, seconds?: number): Promise<string> => {
    const jwt = new SignJWT(payload).setProtectedHeader({ alg: ALGORITHM }).setIssuedAt(nowS());
    return (seconds === undefined ? jwt : jwt.setExpirationTime(nowS() + seconds)).sign(key);
  };
  const verify = async (token: string, key: Uint8Array, error: () => AppError): Promise<JWTPayload> => {
    try {
      const options = { algorithms: [ALGORITHM], currentDate: new Date(clock.now()) };
      return (await jwtVerify(token, key, options)).payload;
    } catch {
      throw error();
    }
  };
  const expired = (): AppError => new AppError('auth/expired');
  const unknown = (): AppError => new AppError('device/unknown');
  return {
    signAccess: (claims) => sign({ ...claims }, secrets.accessKey, ACCESS_SECONDS),
    async verifyAccess(token) {
      const payload = await verify(token, secrets.accessKey, expired);
      const claims = AccessClaims.safeParse(payload);
      if (!claims.success) throw expired();
      return { ...claims.data, expiresAtMs: (payload.exp ?? 0) * 1000 };
    },
    signChallenge: (deviceId) => sign({ deviceId }, secrets.challengeKey, CHALLENGE_SECONDS),
    async verifyChallenge(challenge) {
      const { deviceId } = await verify(challenge, secrets.challengeKey, expired);
      if (typeof deviceId !== 'string') throw expired();
      return deviceId;
    },
    signCertificate: (certificate) => sign({ ...certificate }, secrets.certificateKey),
    async verifyCertificate(text) {
      const certificate = Certificate.safeParse(await verify(text, secrets.certificateKey, unknown));
      if (!certificate.success) throw unknown();
      return certificate.data;
    },
  };
}

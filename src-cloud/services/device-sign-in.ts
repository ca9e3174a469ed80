import { createPublicKey, verify } from 'node:crypto';
import type { TokenAnswer } from '#shared/contract/cloud-wire.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { AppError } from '#shared/kernel/errors.ts';
import type { CloudContext } from '../context.ts';
import { appendAudit } from '../store/audit-log.ts';
import { type Tx, withOrg } from '../store/with-org.ts';
import { eventContent } from './audit-content.ts';
import { ACCESS_SECONDS, type Certificate } from './tokens.ts';

/**
 * A token for a terminal that signed our challenge with its Ed25519 key. A terminal that the database does not know, but whose certificate
 * this cloud signed, is entered again: the cloud was restored from a backup. One that was switched off may still send what it has done
 * (services/quarantine.ts). Throws `device/unknown`, `auth/expired`.
 */
export async function signInDevice(
  ctx: CloudContext,
  request: { challenge: string; signature: string; certificate: string },
): Promise<TokenAnswer> {
  const deviceId = await ctx.tokens.verifyChallenge(request.challenge);
  const certificate = await ctx.tokens.verifyCertificate(request.certificate);
  const isOwn =
    certificate.deviceId === deviceId && isSignedBy(certificate.publicKey, request.challenge, request.signature);
  if (!isOwn) throw new AppError('device/unknown');
  const { orgId, branchId } = certificate;
  await withOrg(ctx.database.db, orgId, async (tx) => {
    const row = await tx
      .selectFrom('device')
      .select(['public_key', 'branch_id'])
      .where('org_id', '=', orgId)
      .where('id', '=', deviceId)
      .executeTakeFirst();
    if (row === undefined) return reenter(ctx, tx, certificate);
    if (row.public_key !== certificate.publicKey || row.branch_id !== branchId) throw new AppError('device/unknown');
    return undefined;
  });
  const accessToken = await ctx.tokens.signAccess({ kind: 'device', orgId, branchId, deviceId: certificate.deviceId });
  return { accessToken, expiresInS: ACCESS_SECONDS };
}

function isSignedBy(publicKey: string, text: string, signature: string): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
    return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
}

async function reenter(ctx: CloudContext, tx: Tx, certificate: Certificate): Promise<void> {
  const { orgId, branchId, deviceId, code, name, publicKey } = certificate;
  const branch = await tx
    .selectFrom('counter')
    .select('scope')
    .where('org_id', '=', orgId)
    .where('scope', '=', branchId)
    .executeTakeFirst();
  // The backup is older than the branch itself: there is nothing that its commands could belong to.
  if (branch === undefined) throw new AppError('device/unknown');
  const taken = await tx
    .selectFrom('device')
    .select('id')
    .where('org_id', '=', orgId)
    .where('branch_id', '=', branchId)
    .where('code', '=', code)
    .executeTakeFirst();
  const after = { code, key: publicKey, status: 'active' };
  await appendAudit(tx, orgId, branchId, [
    eventContent({
      name: 'device.re-enter',
      actor: deviceId,
      branchId,
      changes: [{ after, before: null, id: deviceId, kind: 'device' }],
      receivedAt: isoAt(ctx.clock.now()),
    }),
  ]);
  await tx
    .insertInto('device')
    .values({
      org_id: orgId,
      id: deviceId,
      branch_id: branchId,
      // The terminal goes on under its code; here the younger one keeps it.
      code: taken === undefined ? code : `${code}-${deviceId.slice(-6)}`,
      name,
      public_key: publicKey,
      status: 'active',
      enrolled_at: isoAt(ctx.clock.now()),
      // Nobody remembers its last contact: what it has not sent yet is judged by the rights of then.
      rights_known_at: isoAt(0),
      pending_count: 0,
      clock_offset_ms: 0,
    })
    .onConflict((conflict) => conflict.columns(['org_id', 'id']).doNothing())
    .execute();
  ctx.log.warn(
    { alarm: 'device-reentered', orgId, deviceId },
    'a terminal was known by its certificate only; it is entered again',
  );
}

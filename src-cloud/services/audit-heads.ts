import { createPublicKey, sign, verify } from 'node:crypto';
import type { SignedHead } from '#shared/contract/sync-wire.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { signedHeadText } from '#shared/sync/signed-head.ts';
import type { CloudContext, DeviceCaller } from '../context.ts';
import { appendAudit, type ChainHead, findAuditHashes, hasAuditLine } from '../store/audit-log.ts';
import { lockCounters } from '../store/entity-store.ts';
import { withOrg } from '../store/with-org.ts';
import { eventContent } from './audit-content.ts';

/** Signs a head; the same head keeps its first signature, so that a page costs none. */
export type HeadSigner = (orgId: string, scope: string, head: ChainHead) => SignedHead | undefined;

export function createHeadSigner({ secrets, clock }: Pick<CloudContext, 'secrets' | 'clock'>): HeadSigner {
  const newest = new Map<string, SignedHead>();
  return (orgId, scope, { n, hash }) => {
    if (n === 0) return undefined;
    const name = JSON.stringify([orgId, scope]);
    const known = newest.get(name);
    if (known?.n === n && known.hash === hash) return known;
    const { privateKey, publicKey } = secrets.auditKey;
    const head = { scope, n, hash, at: isoAt(clock.now()) };
    const signature = sign(null, Buffer.from(signedHeadText(orgId, head)), privateKey).toString('base64url');
    const signed: SignedHead = { ...head, key: publicKey, signature };
    newest.set(name, signed);
    return signed;
  };
}

/** Whether `head` bears a good signature of the key that it names. */
export function isSignedHead(orgId: string, head: SignedHead): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: head.key }, format: 'jwk' });
    return verify(null, Buffer.from(signedHeadText(orgId, head)), key, Buffer.from(head.signature, 'base64url'));
  } catch {
    return false;
  }
}

/** The name of the line that a cloud writes when it learns that it was put back to a backup. */
export const PUT_BACK = 'cloud.put-back';

/** The text under the signature in such a line: nobody who has only the database can write one. */
export function putBackText(orgId: string, scope: string, goodN: number, lost: { n: number; hash: string }): string {
  return ['chefcloud-put-back', orgId, scope, String(goodN), String(lost.n), lost.hash].join('\n');
}

/**
 * Takes in heads that a terminal kept of a time that this cloud may have forgotten. Those with its own signature that are not in its chains
 * show that it was put back to a backup: it writes that down, signed, once for each lost end. Returns how many are lost.
 */
export async function takeAuditHeads(
  ctx: CloudContext,
  device: DeviceCaller,
  heads: readonly SignedHead[],
): Promise<number> {
  const { orgId, branchId } = device;
  const { auditKey } = ctx.secrets;
  const own = heads.filter(
    (head) =>
      (head.scope === 'org' || head.scope === branchId) && head.key === auditKey.publicKey && isSignedHead(orgId, head),
  );
  if (own.length === 0) return 0;
  return withOrg(ctx.database.db, orgId, async (tx) => {
    await lockCounters(tx, orgId, branchId, { withOrg: true });
    let count = 0;
    for (const scope of ['org', branchId]) {
      const told = own.filter((head) => head.scope === scope).toSorted((a, b) => b.n - a.n);
      const here = await findAuditHashes(
        tx,
        orgId,
        scope,
        told.map(({ n }) => n),
      );
      const lost = told.filter(({ n, hash }) => here.get(n) !== hash);
      const [last] = lost;
      if (last === undefined) continue;
      count += lost.length;
      const good = told.find(({ n, hash }) => n < last.n && here.get(n) === hash);
      const goodN = good?.n ?? 0;
      if (await hasAuditLine(tx, orgId, scope, goodN, [PUT_BACK, last.hash])) continue;
      const text = putBackText(orgId, scope, goodN, last);
      const signature = sign(null, Buffer.from(text), auditKey.privateKey).toString('base64url');
      const after = { good: goodN, lostAt: last.at, lostHash: last.hash, lostN: last.n, signature };
      const change = { after, before: null, id: scope, kind: 'chain' };
      await appendAudit(tx, orgId, scope, [
        eventContent({
          name: PUT_BACK,
          actor: device.deviceId,
          branchId,
          changes: [change],
          receivedAt: isoAt(ctx.clock.now()),
        }),
      ]);
      ctx.log.error(
        { alarm: 'put-back', orgId, scope, good: goodN, lost: last.n, lostAt: last.at },
        'a terminal has seen lines of the audit log that are not here: this cloud was put back to a backup',
      );
    }
    return count;
  });
}

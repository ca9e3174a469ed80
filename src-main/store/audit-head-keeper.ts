import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { SignedHead } from '#shared/contract/sync-wire.ts';
import type { Clock } from '#shared/kernel/clock.ts';
import type { Log } from '#shared/kernel/log.ts';
import { signedHeadText } from '#shared/sync/signed-head.ts';
import type { Store } from './store.ts';

/** Pages come forty times a second while much is sold; a head of each chain every so often is enough. */
const PACE_MS = 10_000;

/**
 * Keeps the signed ends of the cloud's audit chains, inside the transaction of the page that they came with. The cloud's key is the one that
 * was given at the enrolment, else the first that was seen; a head under another is not kept.
 */
export function auditHeadKeeper(options: {
  store: Store;
  clock: Clock;
  log: Log;
  orgId: string;
}): (heads: readonly SignedHead[] | undefined) => void {
  const { store, clock, log, orgId } = options;
  const { meta, auditHeads } = store;
  const keptMs = new Map<string, number>();
  let key: { x: string; object: KeyObject } | undefined;

  const isSigned = (head: SignedHead): boolean => {
    const x = meta.find('auditKey') ?? head.key;
    try {
      if (key?.x !== x) key = { x, object: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }) };
      if (
        head.key !== x ||
        !verify(null, Buffer.from(signedHeadText(orgId, head)), key.object, Buffer.from(head.signature, 'base64url'))
      )
        return false;
    } catch {
      return false;
    }
    if (meta.find('auditKey') === undefined) meta.save('auditKey', x);
    return true;
  };

  return (heads = []) => {
    const nowMs = clock.now();
    for (const head of heads) {
      const agoMs = nowMs - (keptMs.get(head.scope) ?? Number.NEGATIVE_INFINITY);
      if (agoMs >= 0 && agoMs < PACE_MS) continue;
      if (!isSigned(head)) {
        log(
          `sync: the end of the audit log that the cloud shows (${head.scope}, line ${head.n}) is not signed with its key`,
        );
        continue;
      }
      keptMs.set(head.scope, nowMs);
      const before = auditHeads.keep(head);
      if (before !== undefined)
        log(
          `sync: the cloud's audit log of ${head.scope} had ${before.n} lines and now has ${head.n}: it was put back or changed`,
        );
    }
  };
}

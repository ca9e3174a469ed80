import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** The key that signs the heads of audit chains. */
export interface AuditKey {
  privateKey: KeyObject;
  /** JWK `x` of the public key: what terminals keep. */
  publicKey: string;
}

// PKCS #8 of an Ed25519 key, without its 32 bytes.
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** An Ed25519 key from 32 secret bytes. */
export function auditKeyFrom(seed: Uint8Array): AuditKey {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return { privateKey, publicKey: x };
}

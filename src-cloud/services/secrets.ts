import { hkdfSync, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '#shared/kernel/errors.ts';
import { type AuditKey, auditKeyFrom } from './audit-key.ts';

const KEY_BYTES = 32;
/** In the data folder. */
export const KEY_FILE = 'secret.key';

/** Keys of this installation, all derived from one master secret that lives outside the database and its backups. */
export interface Secrets {
  /** Signs access tokens. */
  accessKey: Uint8Array;
  /** Signs challenges for terminals. */
  challengeKey: Uint8Array;
  /** Signs the certificates of terminals. */
  certificateKey: Uint8Array;
  /** Signs the heads of audit chains. */
  auditKey: AuditKey;
  /** The key of the PIN verifiers of one organisation; handed over at enrolment. */
  pinPepper(orgId: string): Buffer;
}

export function createSecrets(master: string | Uint8Array): Secrets {
  const derive = (info: string): Buffer => Buffer.from(hkdfSync('sha256', master, 'chefcloud', info, KEY_BYTES));
  return {
    accessKey: derive('access-token'),
    challengeKey: derive('device-challenge'),
    certificateKey: derive('device-certificate'),
    auditKey: auditKeyFrom(derive('audit-heads')),
    pinPepper: (orgId) => derive(`pin-pepper:${orgId}`),
  };
}

/**
 * The master secret: `given` (CHEFCLOUD_SECRET), else the key file in the data folder, which is made at the first start and readable by its
 * owner only. Throws `store/not-writable`.
 */
export function loadMasterSecret(dataDir: string, given: string | undefined): string {
  if (given !== undefined) return given;
  const file = join(dataDir, KEY_FILE);
  try {
    mkdirSync(dataDir, { recursive: true });
    // Only the first of two processes makes the file.
    writeFileSync(file, randomBytes(KEY_BYTES).toString('base64url'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (!exists)
      throw new AppError(
        'store/not-writable',
        `The data folder ${dataDir} cannot be written. Check its rights and the disk.`,
      );
  }
  const secret = readFileSync(file, 'utf8').trim();
  if (secret.length < KEY_BYTES)
    throw new AppError('store/damaged', `The key file ${file} is damaged. Put it back from its backup.`);
  return secret;
}

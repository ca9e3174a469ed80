import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '#shared/kernel/errors.ts';
import { storeError } from '../store/store-errors.ts';
import type { KeySeal } from './terminal-types.ts';

/** What never lies in the database or its backups: the terminal's private key, its certificate, and the PIN pepper. */
const DeviceKeyFile = z.object({
  version: z.literal(1),
  key: z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.string() }),
  /** Missing until the cloud has answered the enrolment. */
  certificate: z.string().optional(),
  pinPepper: z.string().optional(),
});
export type DeviceKeyFile = z.infer<typeof DeviceKeyFile>;

/** The same, sealed by the operating system's keychain: base64 of what the seal made of its JSON. */
const SealedKeyFile = z.object({ version: z.literal(1), sealed: z.base64() });

export const KEY_FILE = 'device.key.json';

/**
 * Reads the key file, sealed or not; `undefined` when there is none. Throws `store/damaged` (also for a file that was
 * sealed elsewhere), `store/not-writable`.
 */
export function findDeviceKey(dataDir: string, seal?: KeySeal): DeviceKeyFile | undefined {
  let text: string;
  try {
    text = readFileSync(join(dataDir, KEY_FILE), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw storeError(error);
  }
  try {
    return DeviceKeyFile.parse(unsealed(JSON.parse(text), seal));
  } catch {
    throw new AppError(
      'store/damaged',
      `The key file of this terminal (${KEY_FILE}) is damaged, or another program or machine sealed it. Enrol it again with a new code.`,
    );
  }
}

function unsealed(content: unknown, seal: KeySeal | undefined): unknown {
  const file = SealedKeyFile.safeParse(content);
  if (!file.success) return content;
  if (seal === undefined) throw new Error('sealed, and there is nothing to open it with');
  return JSON.parse(seal.open(Buffer.from(file.data.sealed, 'base64')));
}

export function createDeviceKey(): DeviceKeyFile {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return DeviceKeyFile.parse({ version: 1, key: jwk });
}

/** Writes the key file whole or not at all, readable by its owner alone; sealed where there is a seal. */
export function saveDeviceKey(dataDir: string, file: DeviceKeyFile, seal?: KeySeal): void {
  try {
    const content =
      seal === undefined ? file : { version: 1, sealed: seal.seal(JSON.stringify(file)).toString('base64') };
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const path = join(dataDir, KEY_FILE);
    const draft = `${path}.new`;
    const handle = openSync(draft, 'w', 0o600);
    writeSync(handle, `${JSON.stringify(content, null, 2)}\n`);
    fsyncSync(handle);
    closeSync(handle);
    chmodSync(draft, 0o600);
    renameSync(draft, path);
  } catch (error) {
    throw storeError(error);
  }
}

/** Signs texts with the terminal's key: Ed25519 over their bytes, as base64url. */
export function signerOf(file: DeviceKeyFile): (text: string) => string {
  const key = createPrivateKey({ key: file.key, format: 'jwk' });
  return (text) => sign(null, Buffer.from(text), key).toString('base64url');
}

import { safeStorage } from 'electron';
import type { KeySeal } from '../core/terminal.ts';

/** Seals the terminal's key file with the operating system's keychain; undefined where there is none. */
export function keychainSeal(): KeySeal | undefined {
  // The key is needed before anything else can start, once; the asynchronous form would make every host wait in turns.
  /* oxlint-disable typescript/no-deprecated -- see above */
  if (!safeStorage.isEncryptionAvailable()) return undefined;
  return {
    seal: (text) => safeStorage.encryptString(text),
    open: (sealed) => safeStorage.decryptString(sealed),
  };
  /* oxlint-enable typescript/no-deprecated */
}

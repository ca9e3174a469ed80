import { safeStorage } from 'electron';
import type { KeySeal } from '../core/terminal.ts';

/** Seals the terminal's key file with the operating system's keychain; undefined where there is none. */
export function keychainSeal(): KeySeal | undefined {
  if (!safeStorage.isEncryptionAvailable()) return undefined;
  return {
    seal: (text) => safeStorage.encryptString(text),
    open: (sealed) => safeStorage.decryptString(sealed),
  };
}

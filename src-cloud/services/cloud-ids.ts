import { createHash, randomBytes } from 'node:crypto';
import { ulid } from 'ulid';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const ULID_LENGTH = 26;

/** A fresh time-ordered id. */
export function newId(nowMs: number): string {
  return ulid(nowMs);
}

/** An id of the shape of a ULID that follows from `parts` alone: the same parts give the same id. */
export function derivedId(...parts: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
  let rest = BigInt(`0x${digest}`);
  let text = '';
  for (let place = 0; place < ULID_LENGTH; place += 1) {
    text = CROCKFORD.charAt(Number(rest & 31n)) + text;
    rest >>= 5n;
  }
  return text;
}

const CODE_LENGTH = 10;

/** A code that a person can type, "K7Q2M-9XWPT": fifty random bits. */
export function newCode(): string {
  let text = '';
  for (const byte of randomBytes(CODE_LENGTH)) text += CROCKFORD.charAt(byte & 31);
  return `${text.slice(0, 5)}-${text.slice(5)}`;
}

/** How a code is kept. Small letters, blanks and dashes do not matter; O, I and L are read as the digits they look like. */
export function codeHash(code: string): string {
  const plain = code.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
  return createHash('sha256').update(plain).digest('hex');
}

/** A random text that only its holder knows, and how it is kept. */
export function newSecretText(): string {
  return randomBytes(32).toString('base64url');
}
export function secretHash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

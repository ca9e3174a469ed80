import { randomBytes } from 'node:crypto';

/** Of `newToken`, in characters. */
export const TOKEN_LENGTH = 12;

/** The random text that a transaction leaves in the counters it moves; a cursor carries it (DESIGN §5). */
export function newToken(): string {
  return randomBytes(9).toString('base64url');
}

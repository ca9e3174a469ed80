import { statSync } from 'node:fs';

/**
 * Tells a file from its copies, as far as the file system does: SQLite writes into the file and never replaces it, so that another
 * identity means that somebody put a copy in its place.
 */
export function fileIdentity(path: string): string {
  const { ino, birthtimeNs, ctimeNs } = statSync(path, { bigint: true });
  // Where a file system keeps no time of birth, the time of the last change stands in for it.
  const born = birthtimeNs === ctimeNs ? 0n : birthtimeNs;
  return `${ino}.${born}`;
}

/** Whether both are of one file; a time of birth that is not known says nothing. */
export function isSameFile(a: string, b: string): boolean {
  const [ino, born] = a.split('.');
  const [otherIno, otherBorn] = b.split('.');
  return ino === otherIno && (born === otherBorn || born === '0' || otherBorn === '0');
}

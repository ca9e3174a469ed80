import { isFlush, isWrite, type SystemCall } from './strace.ts';
import type { FlushProof } from './till-flush.ts';

/** A command that a terminal has been told is safe in the cloud, and when it was told, seconds since 1970. */
export interface Acknowledged {
  id: string;
  atS: number;
}

/** A transaction of one connection that was committed and answered. */
interface Commit {
  /** Everything the client sent for it. */
  sent: Buffer;
  /** When `commit` had been read from the socket, and when the answer began to be sent. */
  askedS: number;
  answeredS: number;
}

const READY = Buffer.from([0x5a, 0, 0, 0, 5]);
const COMMITTED = Buffer.from('COMMIT\0');
// A terminal's clock says when it was told in whole milliseconds.
const CLOCK_S = 0.002;

/**
 * Whether each acknowledged command was on the disk before its commit was answered: between the arrival of `commit` and the answer,
 * a write to the write-ahead log began and a flush of the same file, begun after that write had ended, was finished; whichever process did it (the
 * connection's own, or another that flushed for several).
 */
export function provePostgresFlushes(calls: readonly SystemCall[], acknowledged: readonly Acknowledged[]): FlushProof {
  const log = calls.filter(({ file }) => /\/pg_wal\/[0-9A-F]{24}$/.test(file));
  const writes = log.filter(isWrite);
  const flushes = log.filter(isFlush);
  const commits = commitsOf(calls);
  const problems: string[] = [];
  for (const { id, atS } of acknowledged) {
    const commit = commits.find(({ sent, answeredS }) => answeredS <= atS + CLOCK_S && sent.includes(id));
    if (commit === undefined) {
      problems.push(`${id} was acknowledged, but no transaction with it was committed before`);
      continue;
    }
    const { askedS, answeredS } = commit;
    const isSafe = writes.some(
      (write) =>
        write.startS >= askedS &&
        flushes.some((flush) => flush.file === write.file && flush.startS >= write.endS && flush.endS <= answeredS),
    );
    if (!isSafe) problems.push(`${id} was answered without a flush of the log between its commit and the answer`);
  }
  return { proven: acknowledged.length, flushes: flushes.length, problems };
}

/** What the connections' processes read and sent, cut into transactions by the server's own word that one has ended. */
function commitsOf(calls: readonly SystemCall[]): Commit[] {
  const commits: Commit[] = [];
  const open = new Map<number, { sent: Buffer[]; readS: number }>();
  for (const { pid, name, bytes, startS, endS } of calls) {
    if (name === 'recvfrom') {
      const known = open.get(pid) ?? { sent: [], readS: 0 };
      known.sent.push(bytes);
      known.readS = endS;
      open.set(pid, known);
    } else if (name === 'sendto') {
      const at = bytes.lastIndexOf(READY);
      // Ready, and not inside a transaction ("I"): what came before is over.
      if (at === -1 || bytes[at + READY.length] !== 0x49) continue;
      const known = open.get(pid);
      open.delete(pid);
      if (known === undefined || !bytes.includes(COMMITTED)) continue;
      commits.push({ sent: Buffer.concat(known.sent), askedS: known.readS, answeredS: startS });
    }
  }
  return commits;
}

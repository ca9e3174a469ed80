import { dirname } from 'node:path';
import { isFlush, isWrite, type SystemCall } from './strace.ts';

export interface FlushProof {
  /** How many confirmations (or acknowledgements) were looked at. */
  proven: number;
  flushes: number;
  problems: string[];
}

/**
 * Whether each confirmation of a till, a write of `{"said":"confirmed",…}` on its pipe, came after a flush of everything that had
 * been written to its write-ahead log before, and after at least one write to it.
 */
export function proveTillFlushes(calls: readonly SystemCall[], log: string): FlushProof {
  const problems: string[] = [];
  let proven = 0;
  let flushes = 0;
  let writes = 0;
  let unflushed = 0;
  let isFolderFlushed = false;
  for (const call of calls) {
    if (call.file === log && isWrite(call)) {
      writes += 1;
      unflushed += 1;
    } else if (call.file === log && isFlush(call)) {
      flushes += 1;
      unflushed = 0;
    } else if (call.file === dirname(log) && isFlush(call)) {
      isFolderFlushed = true;
    } else if (isWrite(call) && call.bytes.includes('{"said":"confirmed"')) {
      const what = /"n":\d+/.exec(call.bytes.toString('latin1'))?.[0] ?? '';
      if (writes === 0) problems.push(`confirmation ${what}: nothing was written to the log before it`);
      if (unflushed > 0)
        problems.push(`confirmation ${what}: ${unflushed} writes to the log were not flushed before it`);
      if (!isFolderFlushed) problems.push(`confirmation ${what}: the folder's entry of the log was never flushed`);
      proven += 1;
      writes = 0;
    }
  }
  return { proven, flushes, problems };
}

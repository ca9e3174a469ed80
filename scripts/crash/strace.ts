import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A system call that has returned. */
export interface SystemCall {
  pid: number;
  name: string;
  /** What the first argument, a file descriptor, stands for: a path, or the name of a socket or pipe. */
  file: string;
  /** The first text among the arguments, as bytes; what was read or written, up to `KEPT_BYTES`. */
  bytes: Buffer;
  /** When it began and returned, seconds since 1970. */
  startS: number;
  endS: number;
}

// More than PostgreSQL reads from a socket at once.
const KEPT_BYTES = 8_192;
const CALLS = 'write,writev,pwrite64,pwritev,pwritev2,fsync,fdatasync,sync_file_range,openat,read,recvfrom,sendto';

/** Why system calls cannot be traced here, as a sentence; undefined when they can. */
export function findTraceProblem(): string | undefined {
  const { status, error } = spawnSync('strace', ['-o', '/dev/null', 'true'], { stdio: 'ignore' });
  if (error !== undefined) return 'no strace on this machine';
  return status === 0 ? undefined : 'strace is not allowed to trace on this machine';
}

/** The command line that traces what follows it, every process and thread into a file of its own, `<prefix>.<pid>`. */
export function straceCommand(prefix: string): string[] {
  return [
    'strace',
    '-ff',
    '--seccomp-bpf',
    '-qq',
    '-y',
    '-ttt',
    '-T',
    '-s',
    String(KEPT_BYTES),
    '-e',
    `trace=${CALLS}`,
    '-o',
    prefix,
  ];
}

/** All traced calls that succeeded, in the order they began. */
export function readTrace(prefix: string): SystemCall[] {
  const calls: SystemCall[] = [];
  for (const name of readdirSync(dirname(prefix))) {
    if (!name.startsWith(`${basename(prefix)}.`)) continue;
    const pid = Number(name.slice(basename(prefix).length + 1));
    // Every byte is a character: what is not ASCII is written as an escape.
    for (const line of readFileSync(join(dirname(prefix), name), 'latin1').split('\n')) {
      const call = parseLine(line, pid);
      if (call !== undefined) calls.push(call);
    }
  }
  return calls.sort((a, b) => a.startS - b.startS);
}

const LINE = /^(\d+\.\d+) (\w+)\((.*)\) += (\d+)(?:<.*>)? <(\d+\.\d+)>$/;

/** `1795383903.884210 fdatasync(20</tmp/terminal.db-wal>) = 0 <0.000812>` */
export function parseLine(line: string, pid: number): SystemCall | undefined {
  const [, at = '', name = '', args = '', , took = ''] = LINE.exec(line) ?? [];
  if (name === '') return undefined;
  const startS = Number(at);
  const file = /^\w+<((?:[^>\\]|\\.)*)>/.exec(args)?.[1] ?? '';
  const text = /"((?:[^"\\]|\\.)*)"/.exec(args)?.[1] ?? '';
  return {
    pid,
    name,
    file: unescape(file).toString('latin1'),
    bytes: unescape(text),
    startS,
    endS: startS + Number(took),
  };
}

const ESCAPES: Record<string, number> = { n: 10, t: 9, r: 13, v: 11, f: 12, a: 7, b: 8, '"': 34, '\\': 92 };

function unescape(text: string): Buffer {
  const bytes: number[] = [];
  for (const [whole, octal, letter] of text.matchAll(/\\([0-7]{1,3})|\\(.)|[^\\]/gs)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else if (letter !== undefined) bytes.push(ESCAPES[letter] ?? letter.charCodeAt(0));
    else bytes.push(whole.charCodeAt(0));
  }
  return Buffer.from(bytes);
}

/** Whether the call makes what was written to its file safe on the disk. */
export function isFlush({ name }: SystemCall): boolean {
  return name === 'fdatasync' || name === 'fsync';
}

export function isWrite({ name }: SystemCall): boolean {
  return name === 'write' || name.startsWith('pwrite') || name === 'writev';
}

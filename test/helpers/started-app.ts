import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** `npm start` as its script runs it: bootstrap, the start script, and everything below. */
export class StartedApp {
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
  #wake: (() => void)[] = [];
  output = '';

  constructor(args: readonly string[], env: Record<string, string> = {}) {
    this.#child = spawn(process.execPath, [join(root, 'scripts', 'bootstrap.mjs'), 'start', ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DATABASE_URL: '', ...env },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
        for (const wake of this.#wake.splice(0)) wake();
      });
    }
    this.#exited = once(this.#child, 'close').then(([code]) => {
      for (const wake of this.#wake.splice(0)) wake();
      return code as number | null;
    });
  }

  get exited(): Promise<number | null> {
    return this.#exited;
  }

  /** Waits until it has said something; rejects when it ends without. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output);
      if (found !== null) return found;
      if (this.#child.exitCode !== null)
        throw new Error(`it ended (${this.#child.exitCode}) and never said ${String(pattern)}:\n${this.output}`);
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  /** Everything that runs because of it, itself included: `pid command`. */
  processes(): { pid: number; command: string }[] {
    const parents = new Map<number, number>();
    for (const name of readdirSync('/proc')) {
      const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : undefined;
      const parent = stat === undefined ? undefined : /\) \S (\d+)/.exec(stat)?.[1];
      if (parent !== undefined) parents.set(Number(name), Number(parent));
    }
    const mine = new Set([this.#child.pid ?? 0]);
    for (let grew = true; grew;) {
      const more = [...parents].filter(([pid, parent]) => mine.has(parent) && !mine.has(pid));
      grew = more.length > 0;
      for (const [pid] of more) mine.add(pid);
    }
    return [...mine].map((pid) => ({ pid, command: (read(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ') }));
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ctrl-C; gives the exit code. */
  async stop(): Promise<number | null> {
    if (this.#child.exitCode === null) this.signal('SIGINT');
    return this.#exited;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // it has ended meanwhile
  }
}

/** Whether a process is there and not just waiting to be buried. */
export function isAlive(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat !== undefined && !/\) Z /.test(stat);
}

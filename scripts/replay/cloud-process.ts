import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const Listening = z.object({ event: z.literal('listening'), port: z.int() });

const START_MS = 300_000;
const STOP_MS = 10_000;
const KEPT_CHARS = 4_000;

/** A cloud of our own: the real program in a process of its own, on a free port of this machine. */
export class CloudProcess {
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  #port = 0;
  #errors = '';
  #isStopped = false;

  /** `dataDir`: where it keeps its database and key. DATABASE_URL of this process is passed on, unless `env` has another. */
  constructor(dataDir: string, setupToken: string, env: Readonly<Record<string, string>> = {}) {
    this.#env = {
      LOG_LEVEL: 'warn',
      ...process.env,
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_DIR: dataDir,
      CHEFCLOUD_SETUP_TOKEN: setupToken,
      ...env,
    };
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }
  /** Whether the process that was started last is still there. */
  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }
  get port(): number {
    return this.#port;
  }
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts it, or starts it again on the same data, and waits until it listens. */
  async start(): Promise<void> {
    // A fault that brings it back may come after the end of the run.
    if (this.#isStopped) throw new Error('The cloud was stopped');
    const endWithUs = pathToFileURL(join(root, 'scripts', 'end-with-parent.mjs')).href;
    const args = ['--import', endWithUs, ...profiling(), join(root, 'src-cloud', 'main.ts')];
    const child = spawn(process.execPath, args, { cwd: root, env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#errors = '';
    child.stderr.on('data', (bytes: Buffer) => {
      this.#errors = (this.#errors + bytes.toString()).slice(-KEPT_CHARS);
    });
    this.#port = await this.#listening(child);
  }

  async #listening(child: ChildProcess): Promise<number> {
    return new Promise<number>((resolve, reject) => {
      const fail = (what: string): void =>
        reject(new Error(`The cloud did not start: ${what}. ${this.#errors.trim()}`.trim()));
      const timer = setTimeout(() => fail(`it says nothing for ${START_MS / 1000} s`), START_MS);
      child.once('error', (error) => fail(error.message));
      child.once('exit', (code, signal) => {
        clearTimeout(timer);
        fail(`it ended with ${signal ?? code}`);
      });
      if (child.stdout === null) return;
      createInterface({ input: child.stdout }).on('line', (line) => {
        const said = readJson(line);
        const listening = Listening.safeParse(said);
        if (listening.success) {
          clearTimeout(timer);
          resolve(listening.data.port);
        } else {
          this.#errors = `${this.#errors}${line}\n`.slice(-KEPT_CHARS);
        }
      });
    });
  }

  /** What it last complained about, for a report of a failed run. */
  get complaints(): string {
    return this.#errors.trim();
  }

  /** `kill -9`: it gets no chance to put anything in order. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Stops it in order; kills it when it does not stop. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const timer = setTimeout(() => this.#child?.kill('SIGKILL'), STOP_MS);
    await this.#end('SIGTERM');
    clearTimeout(timer);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}

/** `CHEFCLOUD_PROFILE=folder` writes a CPU profile of the cloud there. */
function profiling(): string[] {
  const folder = process.env['CHEFCLOUD_PROFILE'];
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-name=cloud.cpuprofile'];
}

function readJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

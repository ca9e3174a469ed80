import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = join(import.meta.dirname, '..', '..', 'src-cloud', 'main.ts');

/** A real cloud in a process of its own, on PGlite in `dataDir`, that a test may kill and start again. */
export class CloudProcess {
  readonly url: string;
  readonly setupToken = 'set-up-token-of-a-test';
  readonly #env: Record<string, string>;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(dataDir: string, port: number) {
    this.url = `http://127.0.0.1:${port}`;
    this.#env = {
      PORT: String(port),
      HOST: '127.0.0.1',
      DATA_DIR: dataDir,
      CHEFCLOUD_SETUP_TOKEN: this.setupToken,
      LOG_LEVEL: 'warn',
      DATABASE_URL: '',
    };
  }

  /** Starts it and waits until it serves. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [MAIN], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.#env },
    });
    this.#child = child;
    const ready = new Promise<void>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          this.#output = `${this.#output}${line}\n`.slice(-4_000);
          if (line.includes('"event":"listening"')) resolve();
        });
      }
      child.once('close', (code) => reject(new Error(`the cloud ended (${String(code)}):\n${this.#output}`)));
    });
    await ready;
  }

  /** kill -9, and waits until it is gone. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'close');
    child.kill(signal);
    await gone;
  }
}

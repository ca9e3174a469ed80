import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './free-port.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src-main', 'hub', 'main.ts');

/** A real hub in a process of its own, on the terminal that lives in `dataDir`. */
export class HubProcess {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** Starts it on a free port and waits until it serves. */
  static async start(dataDir: string, cloudUrl: string): Promise<HubProcess> {
    const port = await freePort();
    const args = [MAIN, '--data', dataDir, '--port', String(port), '--cloud', cloudUrl];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    await new Promise<void>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          output = `${output}${line}\n`.slice(-4_000);
          if (line.includes('"event":"listening"')) resolve();
        });
      }
      child.once('close', (code) => reject(new Error(`the hub ended (${String(code)}):\n${output}`)));
    });
    return new HubProcess(child, `http://127.0.0.1:${port}`);
  }

  /** Stops it in order and gives its exit code. */
  async stop(): Promise<number> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'close');
      this.#child.kill('SIGTERM');
      await ended;
    }
    return this.#child.exitCode ?? 1;
  }
}

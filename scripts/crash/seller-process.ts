import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { PIPE_FD, SellerMessage } from './seller-messages.ts';

const SELLER = join(import.meta.dirname, 'seller.ts');
const KEPT_CHARS = 4_000;

export interface SellerOptions {
  dataDir: string;
  cloudUrl: string;
  actorId: string;
  /** What stands before `node` on the command line, such as strace with its options. */
  wrapper?: readonly string[];
  /** Every word of it, in the order it was said; `run` counts the processes that this till has had. */
  onMessage(message: SellerMessage, run: number): void;
}

/** A till in a process of its own that may be killed and started again on the same folder. */
export class SellerProcess {
  readonly #options: SellerOptions;
  #child: ChildProcess | undefined;
  #run = 0;
  #ended: Promise<unknown> = Promise.resolve();
  #waiting = new Map<SellerMessage['said'], { resolve: () => void; reject: (error: Error) => void }>();
  #complaints = '';
  #cutLogs = 0;

  constructor(options: SellerOptions) {
    this.#options = options;
  }

  /** What it last said in its log. */
  get complaints(): string {
    return this.#complaints.trim();
  }

  /** How often it found its log cut at a start, and began a new series for it. */
  get cutLogs(): number {
    return this.#cutLogs;
  }

  /** Starts it and waits until it is ready. Rejects when it ends before. */
  async start(): Promise<void> {
    this.#run += 1;
    const run = this.#run;
    const { dataDir, cloudUrl, actorId, wrapper = [] } = this.#options;
    const [file, ...args] = [...wrapper, process.execPath, SELLER, dataDir, cloudUrl, actorId, String(run)];
    const child = spawn(file, args, { stdio: ['pipe', 'ignore', 'pipe', 'pipe'] });
    this.#child = child;
    child.stdin?.on('error', () => undefined);
    createInterface({ input: child.stderr as Readable }).on('line', (line) => {
      this.#complaints = `${this.#complaints}${line}\n`.slice(-KEPT_CHARS);
      if (line.includes('the log was cut')) this.#cutLogs += 1;
    });
    createInterface({ input: child.stdio[PIPE_FD] as Readable }).on('line', (line) => this.#heard(line, run));
    // `close`, not `exit`: everything that it said has been read by then.
    this.#ended = once(child, 'close');
    void this.#ended.then(() => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`the till ended (${child.signalCode ?? child.exitCode}): ${this.#complaints.slice(-600)}`));
      this.#waiting.clear();
    });
    await this.#expect('ready');
  }

  /** Rings up `count` more sales. */
  sell(count: number): void {
    this.#child?.stdin?.write(`sell ${count}\n`);
  }

  /** Tells it that the network is back. */
  wake(): void {
    this.#child?.stdin?.write('wake\n');
  }

  /** Waits until nothing waits on it and all rows have arrived. */
  async settle(): Promise<void> {
    const settled = this.#expect('settled');
    this.#child?.stdin?.write('settle\n');
    await settled;
  }

  /** Waits until it shows so many orders, and so many closed ones: its own and those of other tills. */
  async catchUp(orders: number, closed: number): Promise<void> {
    const caughtUp = this.#expect('caught-up');
    this.#child?.stdin?.write(`catch-up ${orders} ${closed}\n`);
    await caughtUp;
  }

  /** `kill -9`; resolves when it is gone and its last word has been read. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** Lets it go by itself: its stdin closes. */
  async stop(): Promise<void> {
    this.#child?.stdin?.end();
    await this.#ended;
  }

  #expect(said: SellerMessage['said']): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(said, { resolve, reject });
    });
  }

  #heard(line: string, run: number): void {
    const parsed = SellerMessage.safeParse(readJson(line));
    // The last line of a killed process may be half of one: then it was not said.
    if (!parsed.success) return;
    this.#options.onMessage(parsed.data, run);
    this.#waiting.get(parsed.data.said)?.resolve();
    this.#waiting.delete(parsed.data.said);
  }
}

function readJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

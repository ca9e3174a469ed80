import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { FromMain, RequestName, Requests, ToMain } from './messages.ts';

export interface MainHostOptions {
  /** The folder with the built bundles. */
  out: string;
  /** Arguments of the app, such as `--data`, `DIR`. */
  args: readonly string[];
  userData: string;
  isSecondInstance?: boolean;
}

type Of<T extends FromMain['type']> = Extract<FromMain, { type: T }>;

/** The built main bundle in a Node process of its own, with a double in the place of Electron. */
export class MainHost {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  readonly #listeners = new Map<FromMain['type'], ((message: FromMain) => void)[]>();
  readonly #exited: Promise<number>;
  #windows: Of<'window'>[] = [];
  #lastId = 0;
  /** What main wrote to its error output. */
  output = '';

  constructor(options: MainHostOptions) {
    this.#child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'main-process.ts'), options.out, ...options.args],
      {
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        serialization: 'advanced',
        env: {
          ...process.env,
          TEST_HOST_USER_DATA: options.userData,
          TEST_HOST_SECOND_INSTANCE: options.isSecondInstance === true ? '1' : '0',
        },
      },
    );
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
    this.#child.on('message', (message: FromMain) => this.#receive(message));
    this.#exited = once(this.#child, 'exit').then(([code]) => {
      const gone = new Error(`main has ended (${String(code)}):\n${this.output}`);
      for (const { reject } of this.#waiting.values()) reject(gone);
      this.#waiting.clear();
      return typeof code === 'number' ? code : 1;
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Main's exit code, once it has ended. */
  get exited(): Promise<number> {
    return this.#exited;
  }

  /** The first window main opens; rejects when main ends without one. */
  async firstWindow(): Promise<Of<'window'>> {
    const [window] = this.#windows;
    if (window !== undefined) return window;
    return Promise.race([
      new Promise<Of<'window'>>((resolve) => this.on('window', resolve)),
      this.#exited.then((code) => {
        throw new Error(`main ended with ${code} before it opened a window:\n${this.output}`);
      }),
    ]);
  }

  on<T extends FromMain['type']>(type: T, listener: (message: Of<T>) => void): void {
    const known = this.#listeners.get(type) ?? [];
    this.#listeners.set(type, [...known, listener as (message: FromMain) => void]);
  }

  /** Asks main something; rejects with main's own words when it throws. */
  request<N extends RequestName>(name: N, input: Requests[N]['in']): Promise<Requests[N]['out']> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve, reject });
      this.#post({ type: 'request', id, name, input } as ToMain);
    });
  }

  closeWindow(windowId: number): void {
    this.#post({ type: 'close', windowId });
  }

  /** Quits as the menu would, and gives the exit code. */
  async quit(): Promise<number> {
    if (this.#child.exitCode === null && this.#child.connected) this.#post({ type: 'quit' });
    return this.#exited;
  }

  #post(message: ToMain): void {
    this.#child.send(message, (error) => {
      if (error !== null && message.type === 'request') this.#waiting.get(message.id)?.reject(error);
    });
  }

  #receive(message: FromMain): void {
    if (message.type === 'window') this.#windows = [...this.#windows, message];
    if (message.type === 'answer' || message.type === 'failure') {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.type === 'answer') waiting?.resolve(message.value);
      else waiting?.reject(new Error(message.message));
    }
    for (const listener of this.#listeners.get(message.type) ?? []) listener(message);
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, existsSync, renameSync, statSync, type WriteStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { AppError } from '#shared/kernel/errors.ts';

const GUARD = pathToFileURL(join(dirname(import.meta.dirname), 'end-with-parent.mjs')).href;
const STOP_MS = 5_000;
const STEADY_MS = 60_000;
const LONGEST_PAUSE_MS = 30_000;
const LOG_BYTES = 5_000_000;

export interface ManagedOptions {
  /** For people: "the cloud". */
  name: string;
  /** A script of ours and its arguments; it prints {"event":"listening"} as a JSON line once it serves. */
  script: string;
  args?: readonly string[];
  env: Record<string, string>;
  /** Node starts it again when a source of it changes. */
  isWatching?: boolean;
  logFile: string;
  /** The pause before the first restart; it doubles while the process keeps dying. */
  restartMs: number;
  onRestart: (pauseMs: number) => void;
}

/** A child process that is started again when it dies, until it is stopped. Its output goes into a log file. */
export class ManagedProcess {
  readonly #options: ManagedOptions;
  readonly #log: WriteStream;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #restart: NodeJS.Timeout | undefined;
  #pauseMs: number;
  #isStopping = false;
  #lastWords: string[] = [];

  constructor(options: ManagedOptions) {
    this.#options = options;
    this.#pauseMs = options.restartMs;
    keepOneOld(options.logFile);
    this.#log = createWriteStream(options.logFile, { flags: 'a', mode: 0o600 });
    this.#log.on('error', () => undefined); // a full disk must not end the restaurant
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it and waits until it serves. Rejects with AppError and its own last words when it ends before. */
  async start(): Promise<void> {
    const { isReady, code } = await this.#launch();
    if (isReady) return;
    this.#isStopping = true;
    const words = this.#lastWords.filter((text) => text !== '').join(' ') || `it ended with exit code ${String(code)}`;
    throw new AppError('internal', `${this.#options.name} could not start: ${words}`);
  }

  /** Ends it and waits until it has ended; after five seconds without mercy. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await this.#exited;
      clearTimeout(force);
    }
    this.#log.end();
  }

  async #launch(): Promise<{ isReady: boolean; code: number | null }> {
    const { script, args = [], env, isWatching = false } = this.#options;
    const watching = isWatching ? ['--watch', '--watch-preserve-output'] : [];
    const child = spawn(process.execPath, [...watching, '--import', GUARD, script, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.#child = child;
    const startedMs = Date.now();
    const ready = Promise.withResolvers<void>();
    const read = (stream: NodeJS.ReadableStream | null): void => {
      if (stream === null) return;
      createInterface({ input: stream }).on('line', (line) => {
        this.#log.write(`${line}\n`);
        // Whoever changes the sources wants to see at once what they broke.
        if (this.#options.isWatching === true) console.error(`${this.#options.name}: ${line}`);
        this.#lastWords = lastWords(this.#lastWords, line);
        if (line.includes('"event":"listening"')) ready.resolve();
      });
    };
    read(child.stdout);
    read(child.stderr);
    const ended = Promise.withResolvers<number | null>();
    child.once('error', (error) => {
      this.#lastWords.push(error.message);
      ended.resolve(null);
    });
    // 'close', not 'exit': its last words are read by then.
    child.once('close', (code) => ended.resolve(code));
    let isReady = false;
    this.#exited = ended.promise.then(() => {
      if (isReady && !this.#isStopping) this.#again(Date.now() - startedMs);
    });
    const code = await Promise.race([ready.promise.then(() => 'ready' as const), ended.promise]);
    isReady = code === 'ready';
    if (isReady) this.#lastWords = [];
    return { isReady, code: code === 'ready' ? null : code };
  }

  #again(livedMs: number): void {
    if (livedMs > STEADY_MS) this.#pauseMs = this.#options.restartMs;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    this.#options.onRestart(pauseMs);
    this.#restart = setTimeout(() => {
      void this.#launch().then(({ isReady }) => {
        if (!isReady && !this.#isStopping) this.#again(0);
      });
    }, pauseMs);
  }
}

const Failure = z.object({ event: z.literal('failed'), message: z.string() });

/** The words a person should read: a failure that is told as such, else the last lines that are no log. */
function lastWords(before: readonly string[], line: string): string[] {
  const parsed = parseJson(line);
  if (parsed === undefined) return [...before.slice(-4), line.replace(/^chefcloud: /, '')];
  const failure = Failure.safeParse(parsed);
  return failure.success ? [failure.data.message] : [...before];
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function keepOneOld(logFile: string): void {
  if (existsSync(logFile) && statSync(logFile).size > LOG_BYTES) renameSync(logFile, `${logFile}.old`);
}

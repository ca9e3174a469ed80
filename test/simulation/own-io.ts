import fs from 'node:fs';
import promises from 'node:fs/promises';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { EventEmitter } from 'node:events';
import { promisify } from 'node:util';
import threads from 'node:worker_threads';
import type { Work } from './work.ts';

type Method = (this: unknown, ...args: unknown[]) => unknown;

let work: Work | undefined;
let isInstalled = false;

const PROMISED = [
  'appendFile',
  'copyFile',
  'mkdir',
  'open',
  'readFile',
  'readdir',
  'rename',
  'rm',
  'stat',
  'truncate',
  'unlink',
  'writeFile',
];
const OF_A_HANDLE = [
  'appendFile',
  'close',
  'datasync',
  'read',
  'readFile',
  'stat',
  'sync',
  'truncate',
  'write',
  'writeFile',
];

/**
 * From now on whatever waits for a file is work that is under way, so that it ends before anything else happens; and what
 * the product does in threads of its own is done at once in this one.
 */
export async function ownIo(): Promise<void> {
  if (isInstalled) return;
  isInstalled = true;
  const handle = await promises.open(import.meta.filename);
  const ofHandle = Object.getPrototypeOf(handle) as Record<string, Method>;
  await handle.close();
  for (const name of PROMISED) wait(promises as unknown as Record<string, Method>, name);
  for (const name of OF_A_HANDLE) wait(ofHandle, name);
  const { read } = fs;
  const counted = (...args: unknown[]): void => {
    const owner = {};
    const at = work;
    const done = args.at(-1) as Method;
    at?.begin(owner);
    Reflect.apply(read, fs, [
      ...args.slice(0, -1),
      (...results: unknown[]) => {
        at?.end(owner);
        done(...results);
      },
    ]);
  };
  Object.assign(fs, { read: Object.assign(counted, { [promisify.custom]: promisedRead }) });
  Object.assign(threads, { Worker: InlineWorker });
  syncBuiltinESMExports();
}

/** Whose work it is from now on. */
export function ioBelongsTo(owner: Work): void {
  work = owner;
}

function promisedRead(...args: unknown[]): Promise<{ bytesRead: number; buffer: unknown }> {
  return new Promise((resolve, reject) => {
    Reflect.apply(fs.read as unknown as Method, fs, [
      ...args,
      (error: Error | null, bytesRead: number, buffer: unknown) => {
        if (error === null) resolve({ bytesRead, buffer });
        else reject(error);
      },
    ]);
  });
}

function wait(of: Record<string, Method>, name: string): void {
  const original = of[name];
  if (original === undefined) return;
  of[name] = function (this: unknown, ...args: unknown[]): unknown {
    const owner = {};
    const at = work;
    at?.begin(owner);
    return (Reflect.apply(original, this, args) as Promise<unknown>).finally(() => at?.end(owner));
  };
}

/** A thread that was started with a text: the same text, run here. */
class InlineWorker extends EventEmitter {
  constructor(code: string, { workerData }: { workerData: unknown }) {
    super();
    const plain = createRequire(import.meta.url);
    const parentPort = { postMessage: (message: unknown) => queueMicrotask(() => this.emit('message', message)) };
    const require = (name: string): unknown =>
      name === 'node:worker_threads' ? { parentPort, workerData } : plain(name);
    // oxlint-disable-next-line typescript/no-implied-eval -- the product's own text, which its thread would evaluate just so
    const run = new Function('require', code) as (from: typeof require) => void;
    run(require);
  }
}

import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { Random } from './sim-types.ts';

/** The machine's own time, for those who measure the simulation itself. */
export const wallMs: () => number = performance.now.bind(performance);

let random: Random | undefined;
let nowMs: (() => number) | undefined;

/**
 * From now on all chance of this process comes from `source` and all time from `now`, wherever the product, a library or
 * Node asks for it: product code needs no door for this, and none that is added later can be forgotten.
 */
export function ownChanceAndTime(source: Random, now: () => number): void {
  const isFirst = random === undefined;
  random = source;
  nowMs = now;
  if (isFirst) install();
}

function fill(bytes: Uint8Array): void {
  const from = random;
  if (from === undefined) throw new Error('no source of chance');
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = from.int(0, 255);
}

function randomBytes(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  fill(bytes);
  return bytes;
}

function randomUUID(): crypto.UUID {
  const hex = randomBytes(16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}

function install(): void {
  Math.random = () => random?.next() ?? 0;
  Date.now = () => Math.round(nowMs?.() ?? 0);
  performance.now = () => nowMs?.() ?? 0;
  const getRandomValues = <T>(view: T): T => {
    const { buffer, byteOffset, byteLength } = view as Uint8Array;
    fill(new Uint8Array(buffer, byteOffset, byteLength));
    return view;
  };
  Object.assign(crypto, { randomBytes, randomUUID });
  Object.defineProperty(crypto.webcrypto, 'getRandomValues', { value: getRandomValues });
  Object.defineProperty(globalThis.crypto, 'getRandomValues', { value: getRandomValues });
  Object.defineProperty(globalThis.crypto, 'randomUUID', { value: randomUUID });
  // Named imports of `node:crypto` are bound anew by this.
  syncBuiltinESMExports();
}

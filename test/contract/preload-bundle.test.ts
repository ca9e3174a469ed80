import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildIfStale } from '../../scripts/start/build-if-stale.ts';

const root = join(import.meta.dirname, '..', '..');
const MAX_BYTES = 3_000;

describe('the built preload', () => {
  let code = '';
  beforeAll(async () => {
    await buildIfStale(root);
    code = readFileSync(join(root, 'out/preload/index.cjs'), 'utf8');
  }, 120_000);

  it('is one small file: names crossed into it, schemas did not', () => {
    expect(Buffer.byteLength(code)).toBeLessThan(MAX_BYTES);
  });

  it('requires Electron and nothing else: a sandboxed preload has nothing else', () => {
    const required = [...code.matchAll(/\b(?:require|import)\(([^)]*)\)/g)].map((match) => match[1]);
    expect(required).toEqual(['"electron"']);
    expect(code).not.toMatch(/^\s*import\s/m);
  });

  it('hands out no part of Electron itself', () => {
    expect([...code.matchAll(/exposeInMainWorld\("(\w+)"/g)].map((match) => match[1])).toEqual(['chefcloud']);
  });
});

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDeviceKey, findDeviceKey, KEY_FILE, saveDeviceKey } from '../../../src-main/core/device-key.ts';
import type { KeySeal } from '../../../src-main/core/terminal.ts';

let dir = '';
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'key-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Turns every bit around: nothing of the text is left to be found. */
const seal: KeySeal = {
  seal: (text) => Buffer.from(Buffer.from(text).map((byte) => byte ^ 0xff)),
  open: (sealed) => Buffer.from(sealed.map((byte) => byte ^ 0xff)).toString(),
};
const raw = () => readFileSync(join(dir, KEY_FILE), 'utf8');

describe('the key file of a terminal', () => {
  it('is missing at first, and only for its owner once it is there', () => {
    expect(findDeviceKey(dir)).toBeUndefined();
    const key = { ...createDeviceKey(), pinPepper: 'pepper' };
    saveDeviceKey(dir, key);
    expect(findDeviceKey(dir)).toEqual(key);
    expect(statSync(join(dir, KEY_FILE)).mode & 0o777).toBe(0o600);
  });

  it('shows nothing of the key or the pepper when it is sealed, and opens with the same seal', () => {
    const key = { ...createDeviceKey(), pinPepper: 'a-very-secret-pepper' };
    saveDeviceKey(dir, key, seal);
    expect(raw()).not.toContain(key.key.d);
    expect(raw()).not.toContain('pepper');
    expect(findDeviceKey(dir, seal)).toEqual(key);
  });

  it('that was written open is still read by a terminal with a seal', () => {
    const key = createDeviceKey();
    saveDeviceKey(dir, key);
    expect(findDeviceKey(dir, seal)).toEqual(key);
  });

  it('says what to do when it is damaged or sealed elsewhere', () => {
    saveDeviceKey(dir, createDeviceKey(), seal);
    expect(() => findDeviceKey(dir)).toThrow(/another program or machine sealed it\. Enrol it again/);
    writeFileSync(join(dir, KEY_FILE), '{"version": 1, "key"');
    expect(() => findDeviceKey(dir, seal)).toThrow(/damaged/);
  });
});

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '#shared/kernel/errors.ts';
import { openDataFolder } from '../../../scripts/start/data-folder.ts';

let base = '';
beforeEach(() => (base = mkdtempSync(join(tmpdir(), 'folder-'))));
afterEach(() => rmSync(base, { recursive: true, force: true }));

function refusal(dir: string): string {
  try {
    openDataFolder(dir).release();
  } catch (error) {
    if (error instanceof AppError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'opened';
}

describe('the data folder of npm start', () => {
  it('is made, and opens again after it was let go', () => {
    const dir = join(base, 'deep', 'data');
    openDataFolder(dir).release();
    expect(refusal(dir)).toBe('opened');
    expect(existsSync(join(dir, 'cloud'))).toBe(true);
  });

  it('is one process’s at a time', () => {
    const folder = openDataFolder(join(base, 'data'));
    expect(refusal(folder.dir)).toBe(
      `store/in-use: ChefCloud is already running on ${folder.dir}. Stop it first, or choose another folder with --data.`,
    );
    folder.release();
    expect(refusal(folder.dir)).toBe('opened');
  });

  it('is never a folder with somebody else’s files, and those stay', () => {
    writeFileSync(join(base, 'thesis.txt'), 'years of work');
    expect(refusal(base)).toMatch(/^input\/invalid: .* holds other files/);
    expect(readdirSync(base)).toEqual(['thesis.txt']);
  });

  it('is refused when a newer version wrote it', () => {
    writeFileSync(join(base, 'chefcloud.json'), '{"product":"ChefCloud","format":99}');
    expect(refusal(base)).toMatch(/^store\/newer: .*Install that version/);
  });

  it('is refused when it cannot be written', () => {
    const file = join(base, 'a-file');
    writeFileSync(file, '');
    expect(refusal(join(file, 'data'))).toMatch(/^store\/not-writable: The data folder .*a-file/);
    expect(refusal(file)).toMatch(/^store\/not-writable/);
  });

  it('moves its own parts aside for a fresh start, and only those', () => {
    const folder = openDataFolder(join(base, 'data'));
    mkdirSync(folder.cloudDir, { recursive: true });
    writeFileSync(join(folder.cloudDir, 'row'), 'yesterday');
    writeFileSync(join(folder.dir, 'notes.txt'), 'mine');
    const aside = folder.reset() ?? '';
    expect(existsSync(join(aside, 'cloud', 'row'))).toBe(true);
    expect(readdirSync(folder.cloudDir)).toEqual([]);
    expect(existsSync(join(folder.dir, 'notes.txt'))).toBe(true);
    folder.release();
  });
});

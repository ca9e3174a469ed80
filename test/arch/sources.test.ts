// What no linter rule says: held by reading the files.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join, matchesGlob } from 'node:path';
import { describe, expect, test } from 'vitest';
import config from '../../vitest.config.ts';

const root = join(import.meta.dirname, '..', '..');
// Every file of the project, committed or about to be. `safe.directory`: CI may run as another user than the clone's.
const git = ['-c', 'safe.directory=*', 'ls-files', '--cached', '--others', '--exclude-standard', '-z'];
const files = execFileSync('git', git, { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const code = files.filter((file) => /\.(ts|tsx|mjs)$/.test(file));
const product = code.filter((file) => file.startsWith('src-'));
const self = 'test/arch/sources.test.ts';

/** The files, of those given, with a text that matches. */
const filesWith = (pattern: RegExp, among: readonly string[]): string[] =>
  among.filter((file) => file !== self && pattern.test(read(file)));

test('the project has files to read', () => {
  expect(product.length).toBeGreaterThan(100);
});

describe('the stores', () => {
  test('name their columns: a migration must not change the shape of a row behind the back of its reader', () => {
    expect(filesWith(/\bselect\s+\*|\.selectAll\(/i, product)).toEqual([]);
  });
  test('are the only place where a terminal prepares SQL', () => {
    const terminal = product.filter((file) => file.startsWith('src-main/'));
    const preparing = filesWith(/\.prepare\b/, terminal);
    expect(preparing).not.toEqual([]);
    expect(preparing.filter((file) => !file.startsWith('src-main/store/'))).toEqual([]);
  });
});

describe("Electron's channels", () => {
  test.each(['ipcMain', 'ipcRenderer'])('%s is used in one file: no channel goes round its check', (name) => {
    expect(filesWith(new RegExp(`\\b${name}\\b`), product)).toHaveLength(1);
  });
});

describe('names', () => {
  test('no barrels: an index.ts is the entry of a bundle', () => {
    const entries = ['src-main/electron/index.ts', 'src-preload/index.ts'];
    expect(code.filter((file) => /^index\.(ts|tsx|mjs)$/.test(basename(file)))).toEqual(entries);
    const isBarrel = (file: string): boolean => {
      const statements = read(file)
        .replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, '')
        .split(';')
        .map((statement) => statement.trim())
        .filter((statement) => statement !== '');
      return (
        statements.length > 0 && statements.every((each) => /^export (type )?(\*|\{[^}]*\}).* from '[^']*'$/.test(each))
      );
    };
    expect(product.filter(isBarrel)).toEqual([]);
  });
  test('no file is a drawer for everything', () => {
    const places = files.filter((file) => /^(src-|scripts\/|bench\/)/.test(file));
    expect(places.filter((file) => /(^|[-/.])(utils?|helpers?|misc|stuff)([-/.]|$)/i.test(file))).toEqual([]);
  });
});

describe('a clone stands alone', () => {
  test('no file names a place on the machine it was written on', () => {
    const places = [`${root}/`, `${homedir()}/`].map((place) => place.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    expect(filesWith(new RegExp(`${places.join('|')}|[/]work[/]|[/]root[/]`), files)).toEqual([]);
  });
  test('no file names a package registry, and the lock file no address to download from', () => {
    expect(filesWith(/registry\.(npmjs|yarnpkg)|npmmirror|_authToken/i, files)).toEqual([]);
    const lock = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { resolved?: string; link?: boolean }>;
    };
    const downloaded = Object.values(lock.packages).filter(
      ({ resolved, link }) => resolved !== undefined && link !== true,
    );
    expect(downloaded).toEqual([]);
  });
  test('every dependency is pinned', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
      string,
      Record<string, string>
    >;
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(version) && version !== 'file:tools/node24',
    );
    expect(loose).toEqual([]);
  });
});

test('every test file is run by somebody', () => {
  const { projects } = (config as { test: { projects: { test: { include: string[] } }[] } }).test;
  const patterns = [...projects.flatMap((project) => project.test.include), 'test/e2e/**/*.spec.ts'];
  const tests = files.filter((file) => /\.(test|spec)\.[a-z]+$/.test(file));
  expect(tests.filter((file) => !patterns.some((pattern) => matchesGlob(file, pattern)))).toEqual([]);
});

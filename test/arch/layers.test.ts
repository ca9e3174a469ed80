// Plants what the linter must refuse in a copy of its configuration: a lock that nobody has seen closed is no lock.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

interface Planted {
  file: string;
  source: string;
  /** What the linter must say about it; undefined when it must be green. */
  rule?: string;
  words?: string;
}
const bad = (file: string, specifier: string, words = 'may not import'): Planted => ({
  file,
  source: `import { a } from '${specifier}';\nexport const b = a;\n`,
  rule: 'chefcloud(layers)',
  words,
});
const good = (file: string, specifier: string): Planted => ({
  file,
  source: `import { a } from '${specifier}';\nexport const b = a;\n`,
});
const breaks = (rule: string, file: string, source: string): Planted => ({ file, source, rule });

// One line a cell of the table "who may import whom".
const imports: Planted[] = [
  bad('src-shared/kernel/x.ts', 'ulid', 'the package "ulid"'),
  bad('src-shared/kernel/x.ts', '../domain/order.ts'),
  bad('src-shared/kernel/x.ts', 'node:crypto', "Node's"),
  bad('src-shared/domain/x.ts', 'fs', "Node's"),
  bad('src-shared/domain/x.ts', '#shared/commands/order.ts'),
  bad('src-shared/domain/x.ts', '#shared/contract/bridge.ts'),
  bad('src-shared/domain/x.ts', 'electron'),
  bad('src-shared/commands/x.ts', '../sync/rebase.ts'),
  bad('src-shared/commands/x.ts', '../contract/bridge.ts'),
  bad('src-shared/sync/x.ts', '#shared/contract/bridge.ts'),
  bad('src-shared/sync/x.ts', '../../src-main/core/terminal.ts'),
  bad('src-shared/contract/x.ts', '../../src-cloud/main.ts'),
  bad('src-shared/contract/x.ts', 'react'),
  bad('src-shared/contract/bridge-names.ts', 'zod'),
  bad('src-shared/contract/bridge-names.ts', './bridge.ts'),
  bad('src-shared/loose.ts', 'zod', 'in no folder of the layer table'),

  bad('src-main/core/x.ts', 'electron'),
  bad('src-main/core/x.ts', '../electron/ipc.ts'),
  bad('src-main/core/x.ts', '../hub/server.ts'),
  bad('src-main/store/x.ts', 'electron'),
  bad('src-main/store/x.ts', '../sync/replicator.ts'),
  bad('src-main/sync/x.ts', 'electron-updater'),
  bad('src-main/sync/x.ts', 'better-sqlite3'),
  bad('src-main/sync/x.ts', '../store/store.ts'),
  bad('src-main/sync/x.ts', 'node:timers/promises', 'waits through a Clock'),
  bad('src-main/devices/x.ts', '../core/terminal.ts'),
  bad('src-main/devices/x.ts', 'electron'),
  bad('src-main/hub/x.ts', 'electron'),
  bad('src-main/hub/x.ts', '../electron/ipc.ts'),
  bad('src-main/hub/x.ts', '../store/store.ts'),
  bad('src-main/electron/x.ts', '../../src-cloud/main.ts'),
  bad('src-main/electron/x.ts', '../../src-renderer/main.tsx'),

  bad('src-preload/x.ts', 'zod'),
  bad('src-preload/x.ts', 'node:path', "Node's"),
  bad('src-preload/x.ts', '#shared/contract/bridge.ts'),
  bad('src-preload/x.ts', '#shared/kernel/money.ts'),

  bad('src-renderer/app/x.ts', 'electron'),
  bad('src-renderer/app/x.ts', 'node:fs', "Node's"),
  bad('src-renderer/app/x.ts', '../../src-main/core/terminal.ts'),
  bad('src-renderer/app/x.ts', '../../src-cloud/main.ts'),
  bad('src-renderer/features/pos/x.ts', '../kds/board.ts', 'another feature'),
  bad('src-renderer/ui/x.ts', '../features/pos/till.ts'),
  bad('src-renderer/state/x.ts', '../features/pos/till.ts'),
  bad('src-renderer/bridge/x.ts', '../features/pos/till.ts'),

  bad('src-cloud/routes/x.ts', '../../src-main/core/terminal.ts'),
  bad('src-cloud/routes/x.ts', '../../src-renderer/main.tsx'),
  bad('src-cloud/routes/x.ts', 'electron'),
  bad('src-cloud/services/x.ts', 'timers', 'waits through a Clock'),
  bad('src-cloud/stream/x.ts', 'node:timers/promises', 'waits through a Clock'),

  bad('src-main/core/x.ts', '../../test/helpers/world.ts'),
  bad('src-cloud/jobs/x.ts', '../../bench/fanout.ts'),
  bad('src-renderer/app/x.ts', '../../resources/logo.svg?url'),
  bad('src-main/electron/x.ts', '../../scripts/run.ts'),
  bad('src-cloud/jobs/x.ts', '#elsewhere/x.ts', 'cannot be placed'),

  good('src-shared/kernel/x.ts', 'zod'),
  good('src-shared/domain/x.ts', '../kernel/money.ts'),
  good('src-shared/commands/x.ts', '#shared/domain/order.ts'),
  good('src-shared/sync/x.ts', '../commands/engine.ts'),
  good('src-shared/contract/x.ts', '#shared/sync/rebase.ts'),
  good('src-main/core/x.ts', '../store/store.ts'),
  good('src-main/store/x.ts', 'better-sqlite3'),
  good('src-main/sync/x.ts', 'node:crypto'),
  good('src-main/devices/x.ts', 'node:net'),
  good('src-main/hub/x.ts', 'fastify'),
  good('src-main/electron/x.ts', 'electron'),
  good('src-preload/x.ts', '#shared/contract/bridge-names.ts'),
  {
    file: 'src-preload/y.ts',
    source: `import type { A } from '#shared/contract/bridge.ts';\nexport const b = (a: A): A => a;\n`,
  },
  good('src-renderer/features/pos/x.ts', '../../ui/button.ts'),
  good('src-renderer/features/pos/x.ts', './till.ts'),
  good('src-cloud/routes/x.ts', '../services/push.ts'),
  good('test/unit/x.ts', '../../src-main/store/store.ts'),

  // However it is written.
  { ...bad('src-shared/kernel/x.ts', ''), source: `export { a } from '../domain/order.ts';\n` },
  { ...bad('src-shared/kernel/x.ts', ''), source: `export * from '../domain/order.ts';\n` },
  { ...bad('src-shared/kernel/x.ts', ''), source: `export const b = () => import('../domain/order.ts');\n` },
  { ...bad('src-shared/kernel/x.ts', ''), source: `export type B = import('../domain/order.ts').Order;\n` },
  {
    ...bad('src-shared/kernel/x.ts', ''),
    source: `import type { A } from '../domain/order.ts';\nexport type B = A;\n`,
  },
  {
    ...bad('src-preload/x.ts', ''),
    source: `import { type A } from '#shared/contract/bridge.ts';\nexport type B = A;\n`,
  },
  { ...bad('src-cloud/x.ts', ''), source: `export const b = (c: string) => import(c);\n`, words: 'must be a literal' },
];

const waits = `export const b = (): unknown => setTimeout(() => undefined, 1);\n`;
const manyLines = (count: number): string =>
  `${Array.from({ length: count }, (_, n) => `export const a${n} = ${n};`).join('\n')}\n`;
const rules: Planted[] = [
  breaks('chefcloud(deterministic)', 'src-shared/domain/x.ts', `export const b = Date.now();\n`),
  breaks('chefcloud(deterministic)', 'src-shared/domain/x.ts', `export const b = globalThis.Date.now();\n`),
  breaks('chefcloud(deterministic)', 'src-shared/domain/x.ts', `export const b = new Date();\n`),
  breaks('chefcloud(deterministic)', 'src-shared/domain/x.ts', `export const b = Math.random();\n`),
  breaks('chefcloud(deterministic)', 'src-shared/domain/x.ts', `export const b = crypto.randomUUID();\n`),
  { file: 'src-shared/domain/x.ts', source: `export const b = new Date(0);\n` },
  breaks('eslint(no-restricted-globals)', 'src-main/sync/x.ts', waits),
  breaks('eslint(no-restricted-globals)', 'src-cloud/services/x.ts', waits),
  breaks(
    'eslint(no-restricted-globals)',
    'src-cloud/stream/x.ts',
    waits.replace('setTimeout', 'globalThis.setInterval'),
  ),
  { file: 'src-main/core/x.ts', source: waits },
  breaks(
    'chefcloud(every-test-runs)',
    'test/unit/x.ts',
    `import { test } from 'vitest';\ntest.skip('a', () => undefined);\n`,
  ),
  breaks(
    'chefcloud(every-test-runs)',
    'test/unit/x.ts',
    `import { test } from 'vitest';\ntest.concurrent.only('a', () => undefined);\n`,
  ),
  breaks('chefcloud(every-test-runs)', 'test/e2e/x.ts', `import { test } from './fixtures.ts';\ntest.fixme();\n`),
  breaks('eslint(max-lines)', 'src-cloud/store/x.ts', manyLines(401)),
  breaks('eslint(max-lines)', 'test/unit/x.ts', manyLines(801)),
  { file: 'test/unit/x.ts', source: manyLines(401) },
  breaks('typescript(no-explicit-any)', 'src-cloud/store/x.ts', `export const b = (a: any): string => String(a);\n`),
  breaks(
    'typescript(consistent-type-imports)',
    'src-cloud/store/x.ts',
    `import { A } from './types.ts';\nexport const b = (a: A): A => a;\n`,
  ),
  breaks(
    'typescript(no-floating-promises)',
    'src-cloud/store/x.ts',
    `export function b(): void {\n  Promise.resolve(1);\n}\n`,
  ),
  breaks(
    'typescript(no-misused-promises)',
    'src-cloud/store/x.ts',
    `export const b = (a: Promise<boolean>): number => (a ? 1 : 2);\n`,
  ),
  breaks(
    'typescript(switch-exhaustiveness-check)',
    'src-cloud/store/x.ts',
    `export function b(a: 'x' | 'y'): void {\n  switch (a) {\n    case 'x':\n      break;\n  }\n}\n`,
  ),
  breaks('import(no-default-export)', 'src-cloud/store/x.ts', `const b = 1;\nexport default b;\n`),
  breaks(
    'import(no-cycle)',
    'src-cloud/cycle/one.ts',
    `import { two } from './two.ts';\nexport const one = (): unknown => two;\n`,
  ),
  breaks(
    'import(no-cycle)',
    'src-cloud/cycle/two.ts',
    `import { one } from './one.ts';\nexport const two = (): unknown => one;\n`,
  ),
  breaks(
    'react-hooks(rules-of-hooks)',
    'src-renderer/ui/X.tsx',
    `import { useState } from 'react';\nexport function X(a: boolean) {\n  if (a) useState(1);\n  return null;\n}\n`,
  ),
  breaks('jsx-a11y(alt-text)', 'src-renderer/ui/Y.tsx', `export function Y() {\n  return <img src="a.png" />;\n}\n`),
];

const FOLDERS = ['src-shared', 'src-main', 'src-preload', 'src-renderer', 'src-cloud', 'test'];
const found = new Map<string, string[]>();
let folder: string;
// Each in a file of its own: the same file name stands in the table more than once.
const numbered = [...imports, ...rules].map((each, index) => ({
  ...each,
  path: each.file.replace(/(^|\/)([xyXY])\./, `$1$2${index}.`),
}));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chefcloud-lint-'));
  for (const part of ['.oxlintrc.json', 'scripts/lint', 'tsconfig.base.json', 'tsconfig.json']) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  for (const leaf of ['shared', 'main', 'preload', 'renderer', 'cloud', 'tools']) {
    cpSync(join(root, `tsconfig.${leaf}.json`), join(folder, `tsconfig.${leaf}.json`));
  }
  // The type-aware rules need the types that the configurations name.
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  for (const { path, source } of numbered) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), source);
  }
  for (const { code, filename, message } of lint()) {
    found.set(filename, [...(found.get(filename) ?? []), `${code}: ${message}`]);
  }
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function lint(): { code: string; filename: string; message: string }[] {
  const oxlint = join(root, 'node_modules', 'oxlint', 'bin', 'oxlint');
  const env = { ...process.env, PATH: [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter) };
  let output: string;
  try {
    output = execFileSync(process.execPath, [oxlint, '--type-aware', '-f', 'json', ...FOLDERS], {
      cwd: folder,
      env,
      encoding: 'utf8',
    });
  } catch (error) {
    output = (error as { stdout: string }).stdout; // it found something, as it should
  }
  const { diagnostics, number_of_files: files } = JSON.parse(output) as {
    diagnostics: { code: string; filename: string; message: string }[];
    number_of_files: number;
  };
  expect(files).toBe(new Set(numbered.map(({ path }) => path)).size);
  return diagnostics;
}

const problemsOf = (path: string): string[] => found.get(path) ?? [];
const isRefused = ({ rule }: Planted): boolean => rule !== undefined;

describe('who may import whom', () => {
  const table = numbered.slice(0, imports.length);
  const layerProblemsOf = (path: string): string[] =>
    problemsOf(path).filter((each) => each.startsWith('chefcloud(layers)'));

  test.each(table.filter(isRefused))('refused: $file: $source', ({ path, words = '' }) => {
    expect(layerProblemsOf(path)).toEqual([expect.stringContaining(words)]);
  });
  test.each(table.filter((each) => !isRefused(each)))('green: $file: $source', ({ path }) => {
    expect(layerProblemsOf(path)).toEqual([]);
  });
});

describe('the other rules', () => {
  const table = numbered.slice(imports.length);

  test.each(table.filter(isRefused))('$rule in $file', ({ path, rule = '' }) => {
    expect(problemsOf(path).join('\n')).toContain(`${rule}: `);
  });
  test.each(table.filter((each) => !isRefused(each)))('nothing in $file', ({ path }) => {
    expect(problemsOf(path)).toEqual([]);
  });
});

import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from '#shared/commands/define-command.ts';
import type { buildCloud } from '../../src-cloud/app.ts';
import type { databaseOver } from '../../src-cloud/store/database.ts';
import type { createTerminal } from '../../src-main/core/terminal.ts';
import { makePoisonable } from './poison.ts';

/** One version of the product. */
export interface Build {
  name: 'this' | 'next';
  buildCloud: typeof buildCloud;
  databaseOver: typeof databaseOver;
  createTerminal: typeof createTerminal;
}

/** Commands that a run may poison: one physical, one not. */
interface Poisonable {
  noSale: Command;
  saveCategory: Command;
}

const root = join(import.meta.dirname, '..', '..');
const NEXT = join(root, '.cache', 'simulation', 'next');

/** The version of this checkout. */
export const thisBuild = (): Promise<Build> => load('this', root);

/**
 * The version after this one, for tills and clouds that are not upgraded on the same day: a copy of the sources in which
 * adding a line has a second version and an order has a field that this version does not know.
 */
export async function nextBuild(): Promise<Build> {
  const folder = `${NEXT}-${process.pid}`;
  rmSync(folder, { recursive: true, force: true });
  const draft = `${folder}.draft`;
  rmSync(draft, { recursive: true, force: true });
  for (const part of ['src-shared', 'src-main', 'src-cloud'])
    cpSync(join(root, part), join(draft, part), { recursive: true });
  const { imports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { imports: unknown };
  writeFileSync(join(draft, 'package.json'), JSON.stringify({ type: 'module', imports }));
  for (const { file, find, put } of EDITS) edit(join(draft, file), find, put);
  renameSync(draft, folder);
  try {
    return await load('next', folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const EDITS = [
  {
    file: 'src-shared/domain/order.ts',
    find: 'export const Order = z.object({',
    put: 'export const Order = z.object({\n  sinceNext: z.string().optional(),',
  },
  {
    file: 'src-shared/commands/registry.ts',
    find: 'export const commands: readonly Command[] = declared;',
    put: `export const commands: readonly Command[] = [
  ...declared,
  {
    ...addLine,
    version: 2,
    execute: (state, input, ctx, more) => {
      const done = addLine.execute(state, input, ctx, more);
      const puts = done.puts.map((row) => (row.kind === 'order' ? { ...row, body: { ...row.body, sinceNext: 'line' } } : row));
      return { ...done, puts };
    },
  },
];`,
  },
] as const;

function edit(file: string, find: string, put: string): void {
  const text = readFileSync(file, 'utf8');
  if (!text.includes(find)) throw new Error(`the next version cannot be made: ${file} has no "${find}"`);
  writeFileSync(
    file,
    text.replace(find, () => put),
  );
}

async function load(name: Build['name'], folder: string): Promise<Build> {
  const from = <T>(path: string): Promise<T> => import(pathToFileURL(join(folder, path)).href) as Promise<T>;
  const [app, database, terminal, shift, menu] = await Promise.all([
    from<Pick<Build, 'buildCloud'>>('src-cloud/app.ts'),
    from<Pick<Build, 'databaseOver'>>('src-cloud/store/database.ts'),
    from<Pick<Build, 'createTerminal'>>('src-main/core/terminal.ts'),
    from<Pick<Poisonable, 'noSale'>>('src-shared/commands/shift.ts'),
    from<Pick<Poisonable, 'saveCategory'>>('src-shared/commands/menu.ts'),
  ]);
  makePoisonable(shift.noSale);
  makePoisonable(menu.saveCategory);
  return {
    name,
    buildCloud: app.buildCloud,
    databaseOver: database.databaseOver,
    createTerminal: terminal.createTerminal,
  };
}

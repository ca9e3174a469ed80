// Who may import whom: the folder table of ARCHITECTURE.md as data, and how an import is judged by it.
import { builtinModules } from 'node:module';
import { posix } from 'node:path';

interface Layer {
  /** Files under this folder; the longest match counts. */
  folder: string;
  /** Of those, only files with such a name. */
  name?: RegExp;
  /** Folders of the project it may import besides its own. */
  may: readonly string[];
  /** Folders it may import types from, which leave no trace at run time. */
  mayTypes?: readonly string[];
  /** Folders it may not import after all. */
  never?: readonly string[];
  /** Node's own modules: all of them, none, or all but timers (waits go through a Clock). */
  node: 'all' | 'none' | 'all but timers';
  packages: { only: readonly string[] } | { never: readonly string[] };
}

const SCHEMA = { only: ['zod'] };
const ELECTRON = ['electron', 'electron-updater'];
const SCREEN = ['react', 'react-dom', 'react-aria-components', 'react-i18next', 'zustand'];
const NO_ELECTRON = { never: [...ELECTRON, ...SCREEN] };
const NAMES = /(^|-)names\.ts$/;

export const LAYERS: readonly Layer[] = [
  { folder: 'src-shared/kernel', may: [], node: 'none', packages: SCHEMA },
  { folder: 'src-shared/domain', may: ['src-shared/kernel'], node: 'none', packages: SCHEMA },
  { folder: 'src-shared/commands', may: ['src-shared/kernel', 'src-shared/domain'], node: 'none', packages: SCHEMA },
  {
    folder: 'src-shared/sync',
    may: ['src-shared/kernel', 'src-shared/domain', 'src-shared/commands'],
    node: 'none',
    packages: SCHEMA,
  },
  { folder: 'src-shared/contract', may: ['src-shared'], node: 'none', packages: SCHEMA },
  // What the preload bundles: names, and nothing that would bring a schema along.
  {
    folder: 'src-shared/contract',
    name: NAMES,
    may: [],
    mayTypes: ['src-shared'],
    node: 'none',
    packages: { only: [] },
  },

  {
    folder: 'src-main/core',
    may: ['src-shared', 'src-main/store', 'src-main/sync', 'src-main/devices'],
    node: 'all',
    packages: NO_ELECTRON,
  },
  { folder: 'src-main/store', may: ['src-shared'], node: 'all', packages: NO_ELECTRON },
  {
    folder: 'src-main/sync',
    may: ['src-shared'],
    node: 'all but timers',
    packages: { never: [...ELECTRON, ...SCREEN, 'better-sqlite3', 'kysely', 'pg'] },
  },
  { folder: 'src-main/devices', may: ['src-shared'], node: 'all', packages: NO_ELECTRON },
  { folder: 'src-main/hub', may: ['src-shared', 'src-main/core'], node: 'all', packages: NO_ELECTRON },
  { folder: 'src-main/electron', may: ['src-shared', 'src-main'], node: 'all', packages: { never: SCREEN } },

  {
    folder: 'src-preload',
    may: [],
    mayTypes: ['src-shared/contract'],
    node: 'none',
    packages: { only: ['electron'] },
  },

  { folder: 'src-renderer', may: ['src-shared'], node: 'none', packages: { never: [...ELECTRON, 'better-sqlite3'] } },
  // What the features share knows none of them.
  ...['src-renderer/ui', 'src-renderer/state', 'src-renderer/bridge'].map((folder): Layer => ({
    folder,
    may: ['src-shared', 'src-renderer'],
    never: ['src-renderer/features'],
    node: 'none',
    packages: { never: [...ELECTRON, 'better-sqlite3'] },
  })),
  {
    folder: 'src-renderer/features',
    may: ['src-shared', 'src-renderer'],
    node: 'none',
    packages: { never: [...ELECTRON, 'better-sqlite3'] },
  },

  {
    folder: 'src-cloud',
    may: ['src-shared'],
    node: 'all',
    packages: NO_ELECTRON,
  },
  ...['src-cloud/services', 'src-cloud/stream'].map((folder): Layer => ({
    folder,
    may: ['src-shared', 'src-cloud'],
    node: 'all but timers',
    packages: NO_ELECTRON,
  })),
];

/**
 * Why `file` may not import `specifier`, as a sentence; undefined when it may. Both paths are relative to the checkout,
 * with forward slashes. Files outside src-* (tests, scripts, configuration) may import everything.
 */
export function refusal(file: string, specifier: string, isTypeOnly: boolean): string | undefined {
  if (!file.startsWith('src-')) return undefined;
  const layer = layerOf(file);
  if (layer === undefined) return `${file} is in no folder of the layer table (scripts/lint/layers.ts)`;
  const plain = specifier.replace(/\?.*$/, '');
  if (plain.startsWith('.') || plain.startsWith('#') || plain.startsWith('/')) {
    const target = plain.startsWith('#shared/')
      ? posix.normalize(`src-shared/${plain.slice('#shared/'.length)}`)
      : posix.join(posix.dirname(file), plain);
    if (plain.startsWith('/') || (plain.startsWith('#') && !plain.startsWith('#shared/'))) {
      return `"${specifier}" cannot be placed: import by a relative path or #shared/`;
    }
    return refusalOfFile(file, layer, target, isTypeOnly);
  }
  const bare = plain.replace(/^node:/, '');
  if (plain.startsWith('node:') || builtinModules.includes(bare)) {
    if (layer.node === 'all') return undefined;
    if (layer.node === 'none') return `${layer.folder} may not import Node's "${plain}"`;
    return /^timers(\/|$)/.test(bare) ? `${layer.folder} waits through a Clock, not "${plain}"` : undefined;
  }
  const name = plain.split('/', plain.startsWith('@') ? 2 : 1).join('/');
  const isAllowed =
    'only' in layer.packages ? layer.packages.only.includes(name) : !layer.packages.never.includes(name);
  return isAllowed ? undefined : `${layer.folder} may not import the package "${name}"`;
}

function refusalOfFile(file: string, layer: Layer, target: string, isTypeOnly: boolean): string | undefined {
  const no = `${layer.name === undefined ? layer.folder : file} may not import ${target}`;
  if (layer.folder === 'src-preload' && under(target, 'src-shared/contract') && NAMES.test(target)) return undefined;
  if (layer.name !== undefined && under(target, layer.folder) && layer.name.test(target)) return undefined;
  if (isTypeOnly && layer.mayTypes?.some((folder) => under(target, folder))) return undefined;
  if (layer.folder === 'src-renderer/features' && under(target, layer.folder)) {
    return featureOf(target) === featureOf(file) ? undefined : `${no}: another feature`;
  }
  if (layer.never?.some((folder) => under(target, folder))) return no;
  if (layer.name === undefined && under(target, layer.folder)) return undefined;
  return layer.may.some((folder) => under(target, folder)) ? undefined : no;
}

function layerOf(file: string): Layer | undefined {
  return LAYERS.filter(({ folder, name }) => under(file, folder) && (name === undefined || name.test(file))).toSorted(
    (a, b) => b.folder.length - a.folder.length || Number(b.name !== undefined) - Number(a.name !== undefined),
  )[0];
}

function featureOf(path: string): string | undefined {
  return path.split('/')[2];
}

function under(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isoAt } from '#shared/kernel/clock.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { systemClock } from '../../src-main/core/system-clock.ts';
import { lockInstance } from '../../src-main/store/instance-lock.ts';
import { withStoreErrors } from '../../src-main/store/store-errors.ts';

const MARKER = 'chefcloud.json';
const FORMAT = 1;
const Marker = z.object({ product: z.literal('ChefCloud'), format: z.int().positive() });

/** What ChefCloud keeps in a data folder, and all that `--fresh` touches. */
const OWN_PARTS = ['cloud', 'terminal', 'logs', 'demo.json'];

export interface DataFolder {
  dir: string;
  cloudDir: string;
  terminalDir: string;
  logsDir: string;
  demoFile: string;
  /** Moves what is there aside and begins with empty folders. Returns where it is now; undefined when there was nothing. */
  reset(): string | undefined;
  /** Lets another ChefCloud have the folder. */
  release(): void;
}

/**
 * Takes a data folder for this process: made when it is missing, locked, its version checked. Throws `store/not-writable`, `store/in-use`, `store/newer`,
 * and `input/invalid` for a folder with somebody else's files.
 */
export function openDataFolder(dir: string): DataFolder {
  const isOurs = readMarker(dir);
  if (!isOurs && listFolder(dir).length > 0) {
    throw new AppError('input/invalid', `${dir} holds other files. Choose an empty or a new folder with --data.`);
  }
  const release = withPlace(dir, () => {
    mkdirSync(dir, { recursive: true });
    if (!isOurs) writeFileSync(join(dir, MARKER), `${JSON.stringify({ product: 'ChefCloud', format: FORMAT })}\n`);
    return lockInstance(dir);
  });
  const folder = {
    dir,
    cloudDir: join(dir, 'cloud'),
    terminalDir: join(dir, 'terminal'),
    logsDir: join(dir, 'logs'),
    demoFile: join(dir, 'demo.json'),
    release,
    reset: () => {
      const aside = moveAside(dir);
      makeParts();
      return aside;
    },
  };
  const makeParts = (): void => {
    for (const part of [folder.cloudDir, folder.terminalDir, folder.logsDir])
      mkdirSync(part, { recursive: true, mode: 0o700 });
  };
  makeParts();
  return folder;
}

/** Moved, not deleted: somebody may have typed --fresh in the wrong window. */
function moveAside(dir: string): string | undefined {
  const parts = OWN_PARTS.filter((part) => existsSync(join(dir, part)));
  if (parts.length === 0) return undefined;
  const stamp = isoAt(systemClock.now()).replaceAll(/[:.]/g, '-');
  const aside = join(dir, `old-${stamp}`);
  mkdirSync(aside);
  for (const part of parts) renameSync(join(dir, part), join(aside, part));
  return aside;
}

/** Whether the folder is ChefCloud's. Throws `store/newer` when a later version wrote it. */
function readMarker(dir: string): boolean {
  const file = join(dir, MARKER);
  if (!existsSync(file)) return false;
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw notWritable(dir);
  }
  const marker = Marker.safeParse(parseJson(text));
  if (!marker.success) return false;
  if (marker.data.format > FORMAT) throw new AppError('store/newer');
  return true;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function listFolder(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw notWritable(dir);
  }
}

const notWritable = (dir: string): AppError =>
  new AppError('store/not-writable', `The data folder ${dir} cannot be written. Check its rights and the disk.`);

function withPlace<T>(dir: string, work: () => T): T {
  try {
    return withStoreErrors(work);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'store/not-writable') throw notWritable(dir);
    if (error.code === 'store/in-use') {
      throw new AppError(
        'store/in-use',
        `ChefCloud is already running on ${dir}. Stop it first, or choose another folder with --data.`,
      );
    }
    throw error;
  }
}

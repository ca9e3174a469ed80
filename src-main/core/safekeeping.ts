import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DataWarning } from '#shared/contract/bridge.ts';
import type { Branch } from '#shared/domain/branch.ts';
import type { Clock } from '#shared/kernel/clock.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { AppError } from '#shared/kernel/errors.ts';
import type { Log } from '#shared/kernel/log.ts';
import { startBackups } from '../store/backups.ts';
import { describeHealing, readHealNotice } from '../store/heal-notice.ts';
import { MIRROR_FOLDER } from '../store/mirror-files.ts';
import { startMirror } from '../store/mirror.ts';
import { DamagedEntry } from '../store/outbox-rows.ts';
import { isDamage, storeError } from '../store/store-errors.ts';
import type { Store } from '../store/store.ts';
import { findDeviceKey } from './device-key.ts';
import type { TerminalOptions } from './terminal-types.ts';

/** Keeps copies of what a terminal knows, and says what threatens it. */
export interface Safekeeping {
  /** Something was committed. */
  noteCommit(): void;
  /** A good moment for a backup: a shift was closed. */
  suggestBackup(): void;
  warnings(): DataWarning[];
  /** The file is damaged again and again: putting it back does not help. */
  warnOfDisk(): void;
  /** Writes the rest, and that the terminal ended in order. */
  close(): Promise<void>;
  /** Writes what can be written; the database is damaged. */
  abandon(): Promise<void>;
}

export interface SafekeepingOptions {
  store: Store;
  dataDir: string;
  /** See `findCopiesFolder`. */
  copiesFolder: string | undefined;
  clock: Clock;
  log: Log;
  branch: Branch;
  /** What `warnings` says has changed. */
  onChange(): void;
  onDamage(reason: string): void;
}

// People have seen it by then.
const NOTICE_DAYS = 7;

/**
 * This terminal's own folder on the second drive, named after its key, so that terminals may share a drive and a new installation finds nobody
 * else's data. `undefined` without a second drive, and before the terminal has a key.
 */
export function findCopiesFolder({ dataDir, backupsDir, keySeal }: TerminalOptions): string | undefined {
  if (backupsDir === undefined) return undefined;
  try {
    const key = findDeviceKey(dataDir, keySeal);
    if (key === undefined) return undefined;
    return join(backupsDir, `terminal-${createHash('sha256').update(key.key.x).digest('hex').slice(0, 16)}`);
  } catch {
    return undefined;
  }
}

/** Starts mirror and backups of an enrolled terminal. Never throws for a drive: that is a warning. */
export function startSafekeeping(options: SafekeepingOptions): Safekeeping {
  const { store, dataDir, copiesFolder, clock, log } = options;
  const found = new Map<DataWarning['code'], DataWarning>();

  const warn = (code: DataWarning['code'], text: string | undefined): void => {
    if (found.get(code)?.text === text) return;
    if (text === undefined) found.delete(code);
    else found.set(code, { code, text, at: isoAt(clock.now()) });
    options.onChange();
  };
  const noteProblem = (isSecond: boolean, code: 'mirror' | 'backup', error: unknown): void => {
    if (isDamage(error) || error instanceof DamagedEntry) options.onDamage(String(error));
    else if (isSecond && copiesFolder !== undefined)
      warn('second-drive', error === undefined ? undefined : describeDrive(dirname(copiesFolder), error));
    else warn(code, error === undefined ? undefined : describeOwn(code, error));
  };

  const main = join(dataDir, MIRROR_FOLDER);
  const second = copiesFolder === undefined ? undefined : join(copiesFolder, MIRROR_FOLDER);
  const prepareSecond = async (): Promise<string> => {
    if (copiesFolder === undefined) throw new Error('there is no second drive');
    await prepareCopies(store, dataDir, copiesFolder);
    return copiesFolder;
  };
  const mirror = startMirror({
    store,
    // A drive that is not there must not become a folder on the first one; it is asked for again at each write.
    folders: second === undefined ? [main] : [main, second],
    clock,
    log,
    prepare: async (folder) => {
      if (folder === second) await prepareSecond();
    },
    onProblem: (folder, error) => noteProblem(folder === second, 'mirror', error),
  });
  const backups = startBackups({
    store,
    dataDir,
    copiesFolder: copiesFolder === undefined ? undefined : prepareSecond,
    clock,
    log,
    onProblem: (place, error) => noteProblem(place === 'second', 'backup', error),
    onDamage: options.onDamage,
  });

  return {
    noteCommit: () => mirror.noteCommit(),
    suggestBackup: () => backups.suggest(),
    warnOfDisk: () =>
      warn(
        'damaged',
        'The disk of this terminal damages the data again and again. Everything that was accepted is kept in copies; replace the disk.',
      ),
    warnings: () => [...readNotice(store, clock, options.branch), ...findLacking(store, clock), ...found.values()],
    close: async () => {
      await backups.stop();
      await mirror.close();
    },
    abandon: async () => {
      await backups.stop();
      await mirror.flush();
      mirror.abandon();
    },
  };
}

function readNotice(store: Store, clock: Clock, branch: Branch): DataWarning[] {
  const text = store.meta.find('healed');
  if (text === undefined) return [];
  const notice = readHealNotice(text);
  if (notice === undefined || clock.now() - Date.parse(notice.at) > NOTICE_DAYS * 86_400_000) return [];
  const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: branch.zone });
  return [{ code: 'restored', text: describeHealing(notice, (iso) => format.format(Date.parse(iso))), at: notice.at }];
}

/** Only what is told by one terminal and shown by others; menu, people and tables belong to the cloud. */
const TOLD_KINDS = ['order', 'ticket', 'session', 'shift', 'stockMovement'] as const;

function findLacking(store: Store, clock: Clock): DataWarning[] {
  const count = store.entities.countLacking(TOLD_KINDS);
  if (count === 0) return [];
  const what = count === 1 ? '1 record (order, ticket, shift …)' : `${count} records (orders, tickets, shifts …)`;
  const text = `The cloud was put back from a backup and lacks ${what} of other terminals. They are kept and shown here, and come back to the cloud when those terminals connect.`;
  return [{ code: 'cloud-lacks', text, at: store.meta.find('cloudLacksAt') ?? isoAt(clock.now()) }];
}

/**
 * Makes this terminal's folder on the second drive. Where the folder was once and is gone, and what is at its place lies on the
 * terminal's own drive, the second drive is not plugged in. Throws then, and when its parent is missing.
 */
async function prepareCopies(store: Store, dataDir: string, copiesFolder: string): Promise<void> {
  const isThere = await stat(copiesFolder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isThere) return;
  const drive = await stat(dirname(copiesFolder));
  const isOwnDrive = drive.dev === statSync(dataDir).dev;
  if (isOwnDrive && store.meta.find('copiesFolder') === copiesFolder)
    throw Object.assign(new Error('the drive is not plugged in'), { code: 'ENOENT' });
  await mkdir(copiesFolder, { mode: 0o700 });
  store.write(() => store.meta.save('copiesFolder', copiesFolder));
}

function describeDrive(drive: string, error: unknown): string {
  const reason = reasonOf(error);
  return `The second drive (${drive}) ${reason}. Selling goes on, and copies are kept on this machine alone until the drive is back.`;
}

function describeOwn(code: 'mirror' | 'backup', error: unknown): string {
  const what = code === 'mirror' ? 'The safety copy of the newest entries' : 'The hourly backup';
  return `${what} cannot be written: the disk of this terminal ${reasonOf(error)}. Selling goes on as long as the disk takes it.`;
}

function reasonOf(error: unknown): string {
  const known = storeError(error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (known instanceof AppError && known.code === 'store/full') return 'is full';
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENODEV' || code === 'ENXIO') return 'is not there';
  if (known instanceof AppError && known.code === 'store/not-writable') return 'cannot be written';
  return `answers with an error (${error instanceof Error ? error.message : String(error)})`;
}

import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isoAt } from '#shared/kernel/clock.ts';
import { AppError } from '#shared/kernel/errors.ts';
import type { Log } from '#shared/kernel/log.ts';
import { fileIdentity, isSameFile } from './file-identity.ts';
import type { HealNotice } from './heal-notice.ts';
import { MIRROR_FOLDER, type MirrorCopy, readMirror } from './mirror-files.ts';
import { DATABASE_FILE, lockFolder } from './open-database.ts';
import { knowsMore, putBack } from './put-back.ts';
import { isRestoring, restore, type RestoreOptions, wasClosed } from './restore.ts';
import { storeError } from './store-errors.ts';
import { openStore, type Store } from './store.ts';
import { readOrgId } from './terminal-identity.ts';
import { checkWal } from './wal-check.ts';

export interface HealOptions extends RestoreOptions {
  /** The database is known to be damaged, whatever a quick look says. */
  isDamaged?: boolean;
}

/**
 * Opens the store of a data folder and heals it first where that is needed: a damaged or missing file is put back from backups and
 * mirrors (restore.ts); a file that is older than its mirror gets what it lacks. Where it cannot be proven that everything is
 * there, a new series begins, so that no `seq` and no receipt number is given twice. Throws as `openStore`.
 */
export function openHealedStore(options: HealOptions): Store {
  const { dataDir, log } = options;
  const unlock = lockFolder(dataDir);
  let isOurs = true;
  // The lock is held from the first look to the last.
  const open = (): Store => openStore(dataDir, log, () => (isOurs ? undefined : unlock()));
  let store: Store | undefined;
  try {
    let isRestored = options.isDamaged === true || isRestoring(dataDir);
    if (isRestored) restore(options);
    const wal = checkWal(join(dataDir, `${DATABASE_FILE}-wal`));
    store = openUnlessDamaged(open, log);
    if (store !== undefined && isEmptied(store, options)) {
      store.close();
      store = undefined;
    }
    if (store === undefined) {
      restore(options);
      store = open();
      isRestored = true;
    }
    // What was just put back has been compared with everything there is.
    if (!isRestored) catchUp(store, options, wal);
    isOurs = false;
    return store;
  } catch (error) {
    store?.close();
    unlock();
    throw storeError(error);
  }
}

function openUnlessDamaged(open: () => Store, log: Log): Store | undefined {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'store/damaged') throw error;
    log(`store: ${error.message}`);
    return undefined;
  }
}

/** A file of nothing where a terminal's file was: deleted, or cut down to nothing. Its mirrors know whose it was. */
function isEmptied(store: Store, options: HealOptions): boolean {
  if (store.meta.find('enrolment') !== undefined) return false;
  return mirrorFolders(options).some((folder) =>
    tryRead(folder, true, options.log).some((copy) => typeof copy.head?.enrolment === 'string'),
  );
}

/** The terminal's own last: of two words on one entry its counts. */
function mirrorFolders({ dataDir, copiesFolder }: HealOptions): string[] {
  const main = join(dataDir, MIRROR_FOLDER);
  return copiesFolder === undefined ? [main] : [join(copiesFolder, MIRROR_FOLDER), main];
}

/** Compares a whole store with its mirrors and with what it knows of its own file; brings in what it lacks. */
function catchUp(store: Store, options: HealOptions, wal: ReturnType<typeof checkWal>): void {
  const { dataDir, nowMs, log } = options;
  const enrolment = store.meta.find('enrolment');
  const identity = fileIdentity(join(dataDir, DATABASE_FILE));
  if (enrolment !== undefined) {
    const folders = mirrorFolders(options);
    const tails = folders.flatMap((folder) => tryRead(folder, true, log));
    const mark = existsSync(join(dataDir, MIRROR_FOLDER)) ? tails.at(-1)?.lastMark?.state : undefined;
    // It ended without a word, and of its log a part is gone: what was confirmed last may have been in it.
    const isCut = wal === 'torn' || (wal === 'missing' && mark !== undefined && mark !== 'closed');
    const former = store.meta.find('fileIdentity');
    const isCopy = former !== undefined && !isSameFile(former, identity);
    const isBehind = knowsMore(store, tails);
    if (isCut || isCopy || isBehind) {
      const copies = isBehind ? folders.flatMap((folder) => tryRead(folder, false, log)) : [];
      const own = copies.at(-1);
      const isComplete = !isCopy && !isCut && own !== undefined && wasClosed(own, copies);
      const done = putBack(store, copies, { orgId: readOrgId(enrolment), at: isoAt(nowMs), isComplete, log });
      log(
        `store: ${isCut ? 'the log was cut; ' : ''}${isCopy ? 'the file is a copy; ' : ''}${done.entries} entries from the mirror` +
          (done.newSeries === undefined ? '' : `; going on under a new series (${done.newSeries})`),
      );
      const notice: HealNotice = {
        what: 'caught-up',
        at: isoAt(nowMs),
        backupAt: null,
        entries: done.entries,
        isComplete: !done.hasGap && (isComplete || (isCopy && !isCut && !isBehind)),
        aside: null,
      };
      if (done.entries > 0 || isCut) store.write(() => store.meta.save('healed', JSON.stringify(notice)));
    }
  }
  if (store.meta.find('fileIdentity') !== identity) store.write(() => store.meta.save('fileIdentity', identity));
}

function tryRead(folder: string, isTail: boolean, log: Log): MirrorCopy[] {
  try {
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
    return [readMirror(folder, isTail)];
  } catch (error) {
    log(`store: the mirror in ${folder} cannot be read: ${String(error)}`);
    return [];
  }
}

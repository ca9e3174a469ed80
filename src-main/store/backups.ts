import { closeSync, openSync, read } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '#shared/kernel/clock.ts';
import type { Log } from '#shared/kernel/log.ts';
import { BACKUP_FOLDER, backupFileName, listBackups, listSuperfluous } from './backup-files.ts';
import { checkInBackground } from './check-database.ts';
import type { Store } from './store.ts';

export interface BackupOptions {
  store: Store;
  dataDir: string;
  /** This terminal's folder on a second drive. Throws when the drive is not there. */
  copiesFolder: (() => Promise<string>) | undefined;
  clock: Clock;
  log: Log;
  /** A backup cannot be made in a place, or can be again (`undefined`). */
  onProblem(place: 'here' | 'second', error: unknown): void;
  /** The database file itself does not stand the check. */
  onDamage(problem: string): void;
}

/** Verified copies of the database, made while the terminal works. */
export interface Backups {
  /** A good moment: soon, if the newest is not quite new. */
  suggest(): void;
  /** Makes one now, wherever that is possible. Never rejects. */
  run(): Promise<void>;
  /** Makes no more, and waits for the one that is being made. */
  stop(): Promise<void>;
}

const EVERY_MS = 3_600_000;
const SOON_MS = 60_000;
const AGAIN_MS = 600_000;
// Flushed piece by piece: a tap's own flush would wait behind a hundred megabytes, but hardly behind one.
const PIECE_BYTES = 1024 * 1024;
const readAt = promisify(read);

/**
 * Starts to make backups: one an hour. After a checkpoint the database file does not change, since commits go into the log
 * until the next one: so it is copied piece by piece by other threads, and checked there, and no tap waits for any of it. A copy counts,
 * and an older one may go, only when every page of it has been checked.
 */
export function startBackups(options: BackupOptions): Backups {
  const { store, dataDir, clock, log } = options;
  const folder = join(dataDir, BACKUP_FOLDER);
  let cancelTimer: (() => void) | undefined;
  let isStopped = false;
  let running: Promise<void> | undefined;
  let lastMadeMs = listBackups(folder)[0]?.madeMs ?? 0;
  let lastState = '';
  // Opened once: to close it would let go of SQLite's own lock on the file.
  let source: number | undefined;

  const arm = (ms: number): void => {
    cancelTimer?.();
    if (!isStopped) cancelTimer = clock.after(ms, () => void run());
  };

  /** Copies the database file as it is after a checkpoint; `undefined` when it must be tried later. */
  const copyHere = async (part: string): Promise<{ lastPos: number } | undefined> => {
    const release = store.checkpoints.hold();
    if (release === undefined) return undefined;
    const lastPos = store.outbox.lastPos();
    try {
      source ??= openSync(store.db.name, 'r');
      await copyPieces(source, part);
    } finally {
      release();
    }
    return { lastPos };
  };

  const verify = async (part: string, lastPos: number): Promise<string | undefined> => {
    const check = await checkInBackground(part);
    if (check.problem !== undefined) return check.problem;
    // Receipts and series may have gone on without an entry, entries never without being in it.
    return check.lastPos === lastPos || store.outbox.idAt(lastPos) === undefined
      ? undefined
      : `it ends with entry ${check.lastPos} instead of ${lastPos}`;
  };

  const accept = async (part: string, place: string, name: string): Promise<void> => {
    await rename(part, join(place, name));
    await syncNames(place);
    const { size } = await stat(join(place, name));
    for (const { path } of listSuperfluous(listBackups(place), size)) await rm(path, { force: true });
  };

  /** Returns the name of the new backup. Throws what the disk says. */
  const makeHere = async (): Promise<string | undefined> => {
    const part = join(folder, 'new.part');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (let turn = 1; ; turn += 1) {
      const copied = await copyHere(part);
      if (copied === undefined) return undefined;
      const problem = await verify(part, copied.lastPos);
      if (problem === undefined) {
        const name = backupFileName(clock.now(), copied.lastPos);
        await accept(part, folder, name);
        return name;
      }
      log(`store: the backup does not stand its check: ${problem}`);
      await rm(part, { force: true });
      // Once may have been the copy; twice is the file that was copied.
      if (turn === 2) {
        options.onDamage(problem);
        throw new Error(problem);
      }
    }
  };

  const makeSecond = async (name: string, place: string): Promise<void> => {
    const second = join(place, BACKUP_FOLDER);
    await mkdir(second, { recursive: true, mode: 0o700 });
    const part = join(second, 'new.part');
    try {
      const from = await open(join(folder, name), 'r');
      try {
        await copyPieces(from.fd, part);
      } finally {
        await from.close();
      }
      const { problem } = await checkInBackground(part);
      if (problem !== undefined) throw new Error(problem);
      await accept(part, second, name);
    } catch (error) {
      await rm(part, { force: true }).catch(() => undefined);
      throw error;
    }
  };

  const make = async (): Promise<void> => {
    const state = `${store.outbox.lastPos()} ${store.meta.find('cursor') ?? ''}`;
    let name: string | undefined = listBackups(folder)[0]?.path.slice(folder.length + 1);
    if (name === undefined || state !== lastState) {
      try {
        name = await makeHere();
        if (name === undefined) return arm(SOON_MS);
        lastState = state;
        lastMadeMs = clock.now();
        options.onProblem('here', undefined);
      } catch (error) {
        await rm(join(folder, 'new.part'), { force: true }).catch(() => undefined);
        options.onProblem('here', error);
        return arm(AGAIN_MS);
      }
    }
    if (options.copiesFolder !== undefined) {
      try {
        const place = await options.copiesFolder();
        const isThere = listBackups(join(place, BACKUP_FOLDER)).some(({ path }) => path.endsWith(name));
        if (!isThere) await makeSecond(name, place);
        options.onProblem('second', undefined);
      } catch (error) {
        options.onProblem('second', error);
        return arm(AGAIN_MS);
      }
    }
    return arm(EVERY_MS);
  };

  const run = (): Promise<void> => {
    cancelTimer?.();
    running ??= make()
      .catch((error: unknown) => {
        log(`store: a backup failed inside: ${String(error)}`);
        arm(AGAIN_MS);
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  };

  arm(Math.max(SOON_MS, Math.min(EVERY_MS, lastMadeMs + EVERY_MS - clock.now())));
  return {
    suggest: () => {
      if (running === undefined && clock.now() - lastMadeMs > AGAIN_MS) arm(SOON_MS);
    },
    run,
    stop: async () => {
      isStopped = true;
      cancelTimer?.();
      await running;
      if (source !== undefined) closeSync(source);
    },
  };
}

async function copyPieces(source: number, to: string): Promise<void> {
  const target = await open(to, 'w', 0o600);
  try {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (let at = 0; ;) {
      const { bytesRead } = await readAt(source, piece, 0, PIECE_BYTES, at);
      if (bytesRead === 0) break;
      await target.appendFile(piece.subarray(0, bytesRead));
      await target.datasync();
      at += bytesRead;
    }
    await target.sync();
  } finally {
    await target.close();
  }
}

/** Waits until the names in a folder are on the disk. */
async function syncNames(folder: string): Promise<void> {
  // Windows knows no handle of a folder.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

import { existsSync, statSync, unlinkSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#shared/kernel/clock.ts';
import type { Log } from '#shared/kernel/log.ts';
import { appendSynced, listMirrorFiles, type MirrorCopy, mirrorFileName, readMirror } from './mirror-files.ts';
import { formatRecord, type MirrorMark, type MirrorSeries } from './mirror-record.ts';
import { MIRROR_FILE_BYTES, MIRROR_KEPT_DAYS } from './retention.ts';
import type { Store } from './store.ts';

/** A commit is in the mirror after at most one second: this long, and the time that one flush takes. */
const BEHIND_MS = 500;
const RETRY_MS = 5_000;
// Read and formatted between two taps: about 3 ms.
const SLICE_ENTRIES = 300;
const DAY_MS = 86_400_000;

export interface MirrorOptions {
  store: Store;
  /** Where the mirror is written; each folder has all of it, and one that fails does not hold up the others. */
  folders: readonly string[];
  clock: Clock;
  log: Log;
  /** A folder cannot be written, or can be again (`undefined`). */
  onProblem(folder: string, error: unknown): void;
  /** Called before each write: makes sure that the folder's drive is there. Throws when it is not. */
  prepare?(folder: string): Promise<void>;
}

/**
 * The outbox once more, in files that are only appended to. It is written behind the commits by a timer and never inside a
 * tap; what it has is what can be brought back when the database is lost.
 */
export interface Mirror {
  /** Something was committed. */
  noteCommit(): void;
  /** Resolves when everything that was committed before is in the mirror, or could not be written. */
  flush(): Promise<void>;
  /** Writes the rest and that nothing came after it. */
  close(): Promise<void>;
  /** Ends at once, as a crash would. */
  abandon(): void;
}

/** Begins to write: first of all, before any commit, that this terminal is at work. */
export function startMirror(options: MirrorOptions): Mirror {
  const { clock } = options;
  const writers = options.folders.map((folder) => createWriter(options, folder));
  let cancelTimer: (() => void) | undefined;
  let isEnded = false;
  let running = Promise.resolve();

  const arm = (ms: number): void => {
    if (isEnded) return;
    cancelTimer ??= clock.after(ms, () => {
      cancelTimer = undefined;
      void flush();
    });
  };
  const flush = (state: MirrorMark['state'] = 'running'): Promise<void> => {
    running = running.then(async () => {
      const done = await Promise.all(writers.map((writer) => writer.write(state)));
      if (done.includes(false)) arm(RETRY_MS);
    });
    return running;
  };

  arm(BEHIND_MS);
  return {
    noteCommit: () => arm(BEHIND_MS),
    flush: () => flush(),
    close: async () => {
      cancelTimer?.();
      isEnded = true;
      await flush('closed');
    },
    abandon: () => {
      cancelTimer?.();
      isEnded = true;
    },
  };
}

interface Writer {
  /** Brings this copy up to date. False: it could not be written. Never rejects. */
  write(state: MirrorMark['state']): Promise<boolean>;
}

function createWriter({ store, clock, log, onProblem, prepare }: MirrorOptions, folder: string): Writer {
  const { outboxCopy, outbox, meta } = store;
  let file = '';
  let serial = 0;
  let bytes = 0;
  let pos = 0;
  /** Enrolment and series as the file's last head has them. */
  let written = '';
  let newestSeries: string | undefined;
  let lastMark = '';
  let isOpened = false;
  let hasProblem = false;

  const headOf = (series: readonly MirrorSeries[]): { key: string; text: string } => {
    const enrolment = meta.find('enrolment') ?? null;
    const id = outbox.idAt(pos);
    const last = id === undefined ? null : { pos, id };
    return {
      key: JSON.stringify([enrolment, series.map(({ id: name, firstPos }) => [name, firstPos])]),
      text: formatRecord({ what: 'head', version: 1, enrolment, series: [...series], last }),
    };
  };
  const markOf = (state: MirrorMark['state'], newest: MirrorSeries | undefined): string =>
    formatRecord({
      what: 'mark',
      state,
      pos,
      series: newest?.id ?? null,
      nextReceipt: newest?.nextReceipt ?? 1,
    });
  const beginFile = (): void => {
    serial += 1;
    bytes = 0;
    written = '';
    file = mirrorFileName({ serial, firstPos: pos + 1, begunMs: clock.now() });
  };

  /** Finds out what this copy has, and says in it that the terminal is at work. Waits for the disk: nobody taps yet. */
  const begin = (): void => {
    const copy = readMirror(folder, true);
    const last = listMirrorFiles(folder).at(-1);
    serial = last?.serial ?? 0;
    pos = mirroredPos(store, copy);
    if (last === undefined || copy.damagedLines > 0) beginFile();
    else {
      file = last.name;
      bytes = statSync(join(folder, last.name)).size;
    }
    const series = outboxCopy.listSeries();
    const newest = series.at(-1);
    const isNamed = copy.head?.series.some(({ id }) => id === newest?.id) ?? true;
    if (newest !== undefined && !isNamed) pos = Math.min(pos, newest.firstPos - 1);
    const head = headOf(series);
    const text = head.text + markOf('open', newest);
    appendSynced(folder, file, text);
    bytes += text.length;
    written = head.key;
    newestSeries = newest?.id;
    isOpened = true;
  };

  /** The next piece: its text, where the copy stands after it, and whether more is left. */
  const next = (state: MirrorMark['state']) => {
    if (bytes > MIRROR_FILE_BYTES) beginFile();
    const series = outboxCopy.listSeries();
    const newest = series.at(-1);
    // What waits has moved into a new series: its entries are other ones now.
    if (newest !== undefined && newest.id !== newestSeries) pos = Math.min(pos, newest.firstPos - 1);
    const head = headOf(series);
    const isNewHead = head.key !== written;
    const entries = outboxCopy.listAfter(pos, SLICE_ENTRIES);
    const hasMore = entries.length === SLICE_ENTRIES;
    pos = entries.at(-1)?.pos ?? pos;
    const mark = markOf(hasMore ? 'running' : state, newest);
    const isNothing = entries.length === 0 && !isNewHead && mark === lastMark;
    const text = isNothing ? '' : (isNewHead ? head.text : '') + entries.map(formatRecord).join('') + mark;
    return { text, hasMore, mark, key: head.key, newest: newest?.id };
  };

  const append = async (text: string): Promise<void> => {
    if (!existsSync(folder)) await mkdir(folder, { mode: 0o700 });
    const handle = await open(join(folder, file), 'a', 0o600);
    try {
      await handle.appendFile(text);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  };

  const removeOld = (): void => {
    const files = listMirrorFiles(folder);
    const before = clock.now() - MIRROR_KEPT_DAYS * DAY_MS;
    const settled = outboxCopy.settledPos();
    for (const [index, each] of files.entries()) {
      const following = files[index + 1];
      // Everything in it is older than where the next one begins.
      if (following === undefined || following.begunMs > before || following.firstPos - 1 > settled) return;
      unlinkSync(join(folder, each.name));
    }
  };

  const tell = (error: unknown): void => {
    if ((error !== undefined) === hasProblem) return;
    hasProblem = error !== undefined;
    log(`store: the mirror in ${folder} ${hasProblem ? `cannot be written: ${String(error)}` : 'is written again'}`);
    onProblem(folder, error);
  };

  // A drive's folder that was never there is made at the first write.
  if (prepare === undefined || existsSync(join(folder, '..'))) {
    try {
      begin();
    } catch (error) {
      tell(error);
    }
  }

  return {
    write: async (state) => {
      let from = pos;
      try {
        await prepare?.(folder);
        // Somebody has deleted it, or another drive is in its place.
        if (bytes > 0 && !existsSync(join(folder, file))) isOpened = false;
        if (!isOpened) begin();
        for (;;) {
          from = pos;
          const isNewFile = bytes > MIRROR_FILE_BYTES;
          const piece = next(state);
          if (piece.text === '') break;
          await append(piece.text);
          bytes += piece.text.length;
          written = piece.key;
          newestSeries = piece.newest;
          lastMark = piece.mark;
          if (isNewFile) removeOld();
          if (!piece.hasMore) break;
        }
        tell(undefined);
        return true;
      } catch (error) {
        // Written again as a whole; what is there already is recognised by its id.
        pos = Math.min(pos, from);
        lastMark = '';
        tell(error);
        return false;
      }
    },
  };
}

/** Up to where a mirror has what the store has. With damage in its last file it is written again from what still waits. */
export function mirroredPos(store: Store, copy: MirrorCopy): number {
  const { outbox } = store;
  // A new one begins with what waits: the rest is in the cloud, and in the backups.
  if (copy.last === undefined) return outbox.ackedPos();
  if (copy.damagedLines > 0) return Math.min(copy.last.pos, outbox.ackedPos());
  const { pos, id } = copy.last;
  if (pos > outbox.lastPos()) return outbox.ackedPos();
  const found = outbox.idAt(pos);
  // Gone by the retention, or another entry: written again from what waits.
  return found === undefined || found === id ? pos : Math.min(pos, outbox.ackedPos());
}

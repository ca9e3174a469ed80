import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type MirrorEntry, type MirrorHead, type MirrorMark, type MirrorSeries, parseRecord } from './mirror-record.ts';

/** Where the mirror lies, below the data folder and below the second drive's. */
export const MIRROR_FOLDER = 'mirror';

/** One file of a mirror. It is only ever appended to; its name says where it begins, so that old ones can go unread. */
export interface MirrorFile {
  name: string;
  serial: number;
  firstPos: number;
  /** When it was begun, ms. */
  begunMs: number;
}

/** Everything that a mirror says. */
export interface MirrorCopy {
  head: MirrorHead | undefined;
  /** Each entry once, as it was written last, in the order of the file. */
  entries: MirrorEntry[];
  /** All series that were ever named, as they were named last. */
  series: MirrorSeries[];
  /** The last entry. */
  last: { pos: number; id: string } | undefined;
  lastMark: MirrorMark | undefined;
  /** Lines that cannot be read: a torn end, or damage. */
  damagedLines: number;
}

const FORM = /^mirror-(\d{6})-(\d{12})-(\d{13})\.log$/;

export function mirrorFileName({ serial, firstPos, begunMs }: Omit<MirrorFile, 'name'>): string {
  const digits = (value: number, length: number): string => String(Math.max(0, value)).padStart(length, '0');
  return `mirror-${digits(serial, 6)}-${digits(firstPos, 12)}-${digits(begunMs, 13)}.log`;
}

/** The files of a mirror, oldest first; none when the folder is not there. Throws what the file system says. */
export function listMirrorFiles(folder: string): MirrorFile[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  return names
    .flatMap((name) => {
      const match = FORM.exec(name);
      if (match === null) return [];
      return [{ name, serial: Number(match[1]), firstPos: Number(match[2]), begunMs: Number(match[3]) }];
    })
    .sort((a, b) => a.serial - b.serial);
}

/** Reads a mirror: all of it, or with `isTail` only its last file, whose head tells what came before. */
export function readMirror(folder: string, isTail: boolean): MirrorCopy {
  const files = listMirrorFiles(folder);
  const entries = new Map<string, MirrorEntry>();
  const series = new Map<string, MirrorSeries>();
  const copy: Omit<MirrorCopy, 'entries' | 'series'> = {
    head: undefined,
    last: undefined,
    lastMark: undefined,
    damagedLines: 0,
  };
  const wanted = isTail ? files.slice(-1) : files;
  for (const { name } of wanted) {
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n')) {
      if (line === '') continue;
      const record = parseRecord(line);
      if (record === undefined) copy.damagedLines += 1;
      else if (record.what === 'mark') copy.lastMark = record;
      else if (record.what === 'head') {
        copy.head = record;
        for (const each of record.series) series.set(each.id, each);
        copy.last = record.last ?? copy.last;
      } else {
        // Written again (its series was renamed): the last word counts, in its own place.
        entries.delete(record.id);
        entries.set(record.id, record);
        copy.last = { pos: record.pos, id: record.id };
      }
    }
  }
  const mark = copy.lastMark;
  const marked = mark?.series === null || mark === undefined ? undefined : series.get(mark.series);
  if (mark !== undefined && marked !== undefined)
    series.set(marked.id, { ...marked, nextReceipt: Math.max(marked.nextReceipt, mark.nextReceipt) });
  return { ...copy, entries: [...entries.values()], series: [...series.values()] };
}

/** Appends text and waits until it is on the disk. Makes the folder, never the one that it lies in: that may be a drive. */
export function appendSynced(folder: string, name: string, text: string): void {
  if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
  const handle = openSync(join(folder, name), 'a', 0o600);
  try {
    writeSync(handle, text);
    fdatasyncSync(handle);
  } finally {
    closeSync(handle);
  }
  syncFolder(folder);
}

/** A new name in a folder is only there for good when the folder itself has been flushed. */
export function syncFolder(folder: string): void {
  // Windows knows no handle of a folder.
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

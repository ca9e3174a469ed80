import { readFileSync } from 'node:fs';

const HEADER = 32;
const FRAME_HEADER = 24;

/**
 * What a closed database's write-ahead log looks like. `torn`: it ends in a frame of its own that is not whole. SQLite leaves such
 * a frame and all after it out without a word; commits that had been confirmed may have been among them.
 * The form of the file: https://www.sqlite.org/fileformat2.html#walformat
 */
export function checkWal(path: string): 'missing' | 'whole' | 'torn' {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return 'missing';
  }
  if (bytes.length === 0) return 'missing';
  if (bytes.length < HEADER) return 'torn';
  const isBigEndian = (bytes.readUInt32BE(0) & 1) === 1;
  const read = (at: number): number => (isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
  const pageSize = bytes.readUInt32BE(8) === 1 ? 65_536 : bytes.readUInt32BE(8);
  let first = 0;
  let second = 0;
  const sum = (from: number, length: number): void => {
    for (let at = from; at < from + length; at += 8) {
      first = (first + read(at) + second) >>> 0;
      second = (second + read(at + 4) + first) >>> 0;
    }
  };
  const isSum = (at: number): boolean => bytes.readUInt32BE(at) === first && bytes.readUInt32BE(at + 4) === second;
  sum(0, FRAME_HEADER);
  if (pageSize < 512 || !isSum(FRAME_HEADER)) return 'torn';
  const salts = bytes.subarray(16, 24);
  let at = HEADER;
  while (at + FRAME_HEADER <= bytes.length) {
    // Frames of an earlier round lie behind those of this one; they are meant to be left out.
    if (!bytes.subarray(at + 8, at + 16).equals(salts)) return 'whole';
    if (at + FRAME_HEADER + pageSize > bytes.length) return 'torn';
    sum(at, 8);
    sum(at + FRAME_HEADER, pageSize);
    if (!isSum(at + 16)) return 'torn';
    at += FRAME_HEADER + pageSize;
  }
  return at === bytes.length ? 'whole' : 'torn';
}

import { crc32 } from 'node:zlib';
import { z } from 'zod';

/** A series of the outbox, as the mirror knows it. */
export const MirrorSeries = z.object({
  firstPos: z.int(),
  id: z.string(),
  nextReceipt: z.int(),
  startedAt: z.string(),
});
export type MirrorSeries = z.infer<typeof MirrorSeries>;

/** Everything that is needed to put an entry of the outbox back as it was. */
export const MirrorEntry = z.object({
  what: z.literal('entry'),
  pos: z.int(),
  series: z.string(),
  seq: z.int(),
  lamport: z.int(),
  deviceId: z.string(),
  id: z.string(),
  endpoint: z.string(),
  method: z.string(),
  idempotencyKey: z.string(),
  createdAt: z.string(),
  touches: z.string().nullable(),
  body: z.string(),
});
export type MirrorEntry = z.infer<typeof MirrorEntry>;

/** What survives the database: who this terminal is, its series, and where the mirror stood when this was written. */
export const MirrorHead = z.object({
  what: z.literal('head'),
  version: z.literal(1),
  enrolment: z.string().nullable(),
  series: z.array(MirrorSeries),
  last: z.object({ pos: z.int(), id: z.string() }).nullable(),
});
export type MirrorHead = z.infer<typeof MirrorHead>;

/**
 * Where the terminal stood. `open`: it began to work, so that more may have been done than is written here. `closed`: it
 * ended in order, and everything it did is written here.
 */
export const MirrorMark = z.object({
  what: z.literal('mark'),
  state: z.enum(['open', 'running', 'closed']),
  pos: z.int(),
  series: z.string().nullable(),
  nextReceipt: z.int(),
});
export type MirrorMark = z.infer<typeof MirrorMark>;

const MirrorRecord = z.discriminatedUnion('what', [MirrorEntry, MirrorHead, MirrorMark]);
export type MirrorRecord = z.infer<typeof MirrorRecord>;

/**
 * A record as a line: checksum (CRC-32 of the text, hexadecimal), length of the text in bytes, text. The line begins with
 * its end of line too, so that what a torn write has left before it stays a line of its own.
 */
export function formatRecord(record: MirrorRecord): string {
  const text = JSON.stringify(record);
  return `\n${sumOf(text)} ${Buffer.byteLength(text)} ${text}\n`;
}

/** Reads a line; `undefined` when it is torn, damaged, or of a version that is not known here. */
export function parseRecord(line: string): MirrorRecord | undefined {
  const match = /^([0-9a-f]{8}) (\d{1,9}) /.exec(line);
  if (match === null) return undefined;
  const text = line.slice(match[0].length);
  if (Buffer.byteLength(text) !== Number(match[2]) || sumOf(text) !== match[1]) return undefined;
  const parsed = MirrorRecord.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : undefined;
}

function sumOf(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { AppError } from '#shared/kernel/errors.ts';

/** One record of a CSV file. `line` is where it begins, 1 for the heading; `raw` its text as it stands there. */
export interface CsvRecord {
  line: number;
  raw: string;
  /** Why the record cannot be read; its fields are empty then. */
  problem: string | undefined;
  /** The trimmed text of a column; empty when the column or the field is missing. */
  field: (column: string) => string;
  /** Whether the file has this column. */
  has: (column: string) => boolean;
}

export interface CsvShape {
  required: readonly string[];
  optional?: readonly string[];
}

/** A quoted field may hold line breaks, but not the rest of the file: beyond this the quote was never closed. */
const MAX_RECORD_LINES = 20;
const MAX_LINE_CHARS = 65_536;

/**
 * Reads a CSV file record by record, whatever its size: UTF-8 with or without byte-order mark, LF or CRLF, fields in
 * double quotes, columns found by their heading in any order and case. Blank lines are passed over. A record that cannot
 * be read comes with its `problem`, and reading goes on behind it.
 * Throws `file/missing`, and `file/malformed` naming file, line and column, when the file as a whole is not one of this shape.
 */
export async function* readCsv(path: string, shape: CsvShape): AsyncGenerator<CsvRecord> {
  const name = basename(path);
  let columns: Map<string, number> | undefined;
  let width = 0;
  for await (const batch of recordBatches(path)) {
    for (const record of batch) {
      if (columns === undefined) {
        if (record.fields === undefined)
          throw malformed(name, record.line, `${record.problem}, so there is no heading`);
        columns = headingOf(record.fields, shape, name, record.line);
        width = record.fields.length;
        continue;
      }
      yield recordOf(record, columns, width);
    }
  }
  if (columns === undefined)
    throw new AppError('file/malformed', `${name}: the file is empty; its first line must be a heading.`);
}

function recordOf(record: RawRecord, columns: ReadonlyMap<string, number>, width: number): CsvRecord {
  const { line, raw, fields } = record;
  const surplus =
    fields !== undefined && fields.length > width && fields.slice(width).some((text) => text.trim() !== '');
  const problem = surplus ? `has ${fields.length} fields, the heading has ${width}` : record.problem;
  return {
    line,
    raw,
    problem,
    has: (column) => columns.has(column),
    field: (column) => (problem === undefined ? (fields?.[columns.get(column) ?? -1] ?? '').trim() : ''),
  };
}

function malformed(name: string, line: number, what: string, column?: string): AppError {
  return new AppError(
    'file/malformed',
    `${name}, line ${line}: ${what}.`,
    column === undefined ? {} : { path: column },
  );
}

function headingOf(fields: readonly string[], shape: CsvShape, name: string, line: number): Map<string, number> {
  const found = fields.map((text) => text.trim().toLowerCase());
  const columns = new Map<string, number>();
  for (const column of [...shape.required, ...(shape.optional ?? [])]) {
    const at = found.indexOf(column);
    if (at === -1) {
      if (shape.required.includes(column))
        throw malformed(name, line, `no column "${column}". ${whatIsThere(fields)}`, column);
      continue;
    }
    if (found.indexOf(column, at + 1) !== -1)
      throw malformed(name, line, `the column "${column}" stands there twice`, column);
    columns.set(column, at);
  }
  return columns;
}

function whatIsThere(fields: readonly string[]): string {
  const only = fields.length === 1 ? (fields[0] ?? '') : '';
  if (/[;\t|]/.test(only)) return 'The fields must be separated by commas';
  const shown = fields.map((text) => text.trim().slice(0, 40)).join(', ');
  return `The heading has: ${shown.slice(0, 300)}`;
}

interface RawRecord {
  line: number;
  raw: string;
  fields: string[] | undefined;
  problem: string | undefined;
}

interface Line {
  line: number;
  text: string;
}

/** The records of a file, as many at a time as came with one chunk of it. */
async function* recordBatches(path: string): AsyncGenerator<RawRecord[]> {
  let lines: Line[] = [];
  for await (const more of lineBatches(path)) {
    lines = lines.length === 0 ? more : [...lines, ...more];
    const { records, used } = takeRecords(lines, false);
    yield records;
    lines = lines.slice(used);
  }
  yield takeRecords(lines, true).records;
}

/** Puts lines together to records; a quote that never closes costs its own line only. */
function takeRecords(lines: readonly Line[], isEnd: boolean): { records: RawRecord[]; used: number } {
  const records: RawRecord[] = [];
  let at = 0;
  for (;;) {
    const first = lines[at];
    if (first === undefined) return { records, used: at };
    let raw = first.text;
    let used = 1;
    let fields = splitRecord(raw);
    while (fields === 'open' && used < MAX_RECORD_LINES) {
      const next = lines[at + used];
      if (next === undefined) {
        if (!isEnd) return { records, used: at };
        break;
      }
      raw += `\n${next.text}`;
      used += 1;
      fields = splitRecord(raw);
    }
    if (typeof fields === 'string') {
      const problem = fields === 'open' ? 'a quote is opened and not closed' : 'text stands behind a closing quote';
      records.push({ line: first.line, raw: first.text, fields: undefined, problem });
      at += 1;
    } else {
      if (raw.trim() !== '') records.push({ line: first.line, raw, fields, problem: undefined });
      at += used;
    }
  }
}

/** The fields of one record; `open` when a quote is still open at its end, `stray` when text follows a closing quote. */
function splitRecord(text: string): string[] | 'open' | 'stray' {
  if (!text.includes('"')) return text.split(',');
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const start = at + (/^[ \t]*/.exec(text.slice(at, at + 64))?.[0].length ?? 0);
    if (text[start] === '"') {
      let value = '';
      let from = start + 1;
      for (;;) {
        const quote = text.indexOf('"', from);
        if (quote === -1) return 'open';
        value += text.slice(from, quote);
        from = quote + 1;
        if (text[from] !== '"') break;
        value += '"';
        from += 1;
      }
      fields.push(value);
      const comma = text.indexOf(',', from);
      const end = comma === -1 ? text.length : comma;
      if (text.slice(from, end).trim() !== '') return 'stray';
      at = end;
    } else {
      const comma = text.indexOf(',', at);
      const end = comma === -1 ? text.length : comma;
      fields.push(text.slice(at, end));
      at = end;
    }
    if (at >= text.length) return fields;
    at += 1;
  }
}

/** The lines of a text file without their ends. */
async function* lineBatches(path: string): AsyncGenerator<Line[]> {
  const name = basename(path);
  let line = 1;
  let rest = '';
  for await (const text of texts(path, () => line)) {
    const pieces = (rest + text).split('\n');
    rest = pieces.pop() ?? '';
    const lines = pieces.map((piece, n) => ({
      line: line + n,
      text: piece.endsWith('\r') ? piece.slice(0, -1) : piece,
    }));
    line += lines.length;
    const long =
      lines.find((each) => each.text.length > MAX_LINE_CHARS)?.line ??
      (rest.length > MAX_LINE_CHARS ? line : undefined);
    if (long !== undefined) {
      throw malformed(
        name,
        long,
        `the line is longer than ${MAX_LINE_CHARS} characters; this is not a CSV file of records`,
      );
    }
    yield lines;
  }
  if (rest !== '') yield [{ line, text: rest.endsWith('\r') ? rest.slice(0, -1) : rest }];
}

/** The decoded text of a file, chunk by chunk, without the byte-order mark. `lineNow` names the line a chunk begins in. */
async function* texts(path: string, lineNow: () => number): AsyncGenerator<string> {
  const name = basename(path);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const place = (before: string): number => lineNow() + before.split('\n').length - 1;
  let isFirst = true;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      if (isFirst) refuseForeignFormats(chunk, name);
      isFirst = false;
      const nul = chunk.indexOf(0);
      if (nul !== -1) {
        throw malformed(
          name,
          place(chunk.toString('latin1', 0, nul)),
          'this is not a text file (it has a byte 0); save it as CSV in UTF-8',
        );
      }
      yield decode(decoder, chunk, name, place);
    }
    yield decode(decoder, undefined, name, place);
  } catch (error) {
    throw fileError(error, path);
  }
}

function decode(
  decoder: TextDecoder,
  chunk: Buffer | undefined,
  name: string,
  place: (before: string) => number,
): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch {
    const text = chunk?.toString('utf8') ?? '';
    throw malformed(
      name,
      place(text.slice(0, Math.max(text.indexOf('�'), 0))),
      'this is not UTF-8 text; save it as CSV in UTF-8',
    );
  }
}

function refuseForeignFormats(chunk: Buffer, name: string): void {
  const [a, b] = chunk;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) {
    throw malformed(name, 1, 'this is UTF-16 text; save it as CSV in UTF-8');
  }
  if (a === 0x50 && b === 0x4b && chunk[2] === 3) {
    throw malformed(name, 1, 'this is a workbook or an archive, not a CSV file; save the sheet as CSV in UTF-8');
  }
}

function fileError(error: unknown, path: string): unknown {
  if (error instanceof AppError || !(error instanceof Error) || !('code' in error)) return error;
  const why: Record<string, string> = {
    ENOENT: 'there is no such file',
    ENOTDIR: 'there is no such file',
    EISDIR: 'this is a folder, not a file',
    EACCES: 'this user may not read it',
    EPERM: 'this user may not read it',
  };
  return new AppError('file/missing', `${path}: ${why[String(error.code)] ?? error.message}.`);
}

import { renameSync, rmSync, writeFileSync } from 'node:fs';

/** A line of a file that cannot be used, and why. */
export interface Reject {
  file: string;
  line: number;
  reason: string;
  raw: string;
}

/** The list of rejects as CSV: `file,line,reason,raw`. */
export function rejectsCsv(rejects: readonly Reject[]): string {
  const rows = rejects.map(({ file, line, reason, raw }) => [file, String(line), reason, raw].map(quoted).join(','));
  return ['file,line,reason,raw', ...rows, ''].join('\n');
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Writes a file whole or not at all. */
export function writeWhole(path: string, text: string): void {
  const draft = `${path}.${process.pid}.part`;
  try {
    writeFileSync(draft, text);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

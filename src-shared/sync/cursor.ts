import { z } from 'zod';

/** One counter's position and the token that its transaction left there. */
export interface Position {
  seq: number;
  token: string;
}
/** How far a reader is: the pair (organisation, branch). */
export interface Cursor {
  org: Position;
  branch: Position;
}

const FORM = /^(\d{1,15})\.([A-Za-z0-9_-]{0,24})\.(\d{1,15})\.([A-Za-z0-9_-]{0,24})$/;

/** A cursor as it travels: opaque to whoever holds it. Its text form is also a stream's event id. */
export const CursorText = z.string().regex(FORM, 'not a cursor');

export const START: Cursor = { org: { seq: 0, token: '' }, branch: { seq: 0, token: '' } };

export function formatCursor(cursor: Cursor): string {
  return `${cursor.org.seq}.${cursor.org.token}.${cursor.branch.seq}.${cursor.branch.token}`;
}

/** Reads a cursor's text; `undefined` when it is none. */
export function parseCursor(text: string): Cursor | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  return {
    org: { seq: Number(match[1]), token: match[2] ?? '' },
    branch: { seq: Number(match[3]), token: match[4] ?? '' },
  };
}

/** The place at which a command's rows are visible: both counters after its transaction. */
export const Visible = z.object({ org: z.int().nonnegative(), branch: z.int().nonnegative() });
export type Visible = z.infer<typeof Visible>;

/** Whether rows that became visible at `visible` have arrived with `cursor`. */
export function hasArrived(visible: Visible, cursor: Cursor): boolean {
  return cursor.org.seq >= visible.org && cursor.branch.seq >= visible.branch;
}

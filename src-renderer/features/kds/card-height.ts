import type { Ticket } from '#shared/domain/ticket.ts';

/** Letters of the width of 1 em of bold Inter, about. */
const EM_PER_LETTER = 0.56;

const rowsOf = (letters: number, width: number, fontSize: number) =>
  Math.max(1, Math.ceil((letters * fontSize * EM_PER_LETTER) / Math.max(width, 1)));

/**
 * About how high a card gets, in px, so that 500 tickets find their column without being drawn. What is drawn is
 * measured. `width` of a column, px; `scale` of the text.
 */
export function estimateCardHeight(ticket: Ticket, width: number, scale: number): number {
  const textWidth = width - 96;
  let height = 92 * scale;
  for (const line of ticket.lines) {
    height += 21 + rowsOf(line.name.length, textWidth, 32 * scale) * 37 * scale;
    if (line.note !== '') height += rowsOf(line.note.length, textWidth, 24 * scale) * 31 * scale;
    if (line.cancelledAt !== undefined) height += 62 * scale;
  }
  return Math.round(height);
}

/** Where a card stands. `page` and `column` count from 0; `top` in px. */
export interface Place {
  page: number;
  column: number;
  /** Columns it is wide: a ticket longer than a column goes on beside itself. */
  span: number;
  top: number;
}

export interface BoardSize {
  columns: number;
  /** Height of a column in px. */
  height: number;
  gap: number;
}

/**
 * Fills columns from the top, left to right, in the order given: the oldest stands top left and nothing overtakes.
 * `heights`: of each card in one column, px. A card that is too long for a column takes as many as it needs, at most all.
 */
export function packBoard(heights: readonly number[], { columns, height, gap }: BoardSize): Place[] {
  let page = 0;
  let column = 0;
  let top = 0;
  const nextColumn = (by: number) => {
    column += by;
    top = 0;
    if (column < columns) return;
    page += 1;
    column = 0;
  };
  return heights.map((cardHeight) => {
    const span = Math.min(columns, Math.max(1, Math.ceil(cardHeight / height)));
    if (top > 0 && (span > 1 || top + cardHeight > height)) nextColumn(1);
    if (column + span > columns) nextColumn(columns - column);
    const place = { page, column, span, top };
    if (span > 1) nextColumn(span);
    else top += cardHeight + gap;
    return place;
  });
}

import { type RefObject, useCallback, useMemo, useState } from 'react';
import type { Ticket } from '#shared/domain/ticket.ts';
import { useSize } from '../../ui/use-size.ts';
import { estimateCardHeight } from './card-height.ts';
import { packBoard, type Place } from './pack-board.ts';

export const GAP = 16;
const COLUMN_AT_LEAST = 336;
const MEASURED_AT_MOST = 600;

export interface Laid {
  ticket: Ticket;
  place: Place;
}

export interface BoardPages {
  /** The tickets of the page that is seen, in their order. */
  shown: readonly Laid[];
  columnWidth: number;
  /** Of a column, px. */
  height: number;
  page: number;
  pages: number;
  /** Tickets on the pages after this one. */
  later: number;
  turn: (by: number) => void;
  /** Tells how high a card turned out to be in one column. */
  onHeight: (ticketId: string, height: number) => void;
}

/** Lays tickets out in the columns of `box`, page by page. Cards that were drawn count with their true height. */
export function useBoardPages(
  tickets: readonly Ticket[],
  scale: number,
  box: RefObject<HTMLElement | null>,
): BoardPages {
  const { width, height } = useSize(box);
  const [wantedPage, setPage] = useState(0);
  const columns = Math.max(1, Math.floor((width + GAP) / (COLUMN_AT_LEAST * scale + GAP)));
  const columnWidth = (width - GAP * (columns - 1)) / columns;
  // Measured heights hold for one width and one size of text.
  const fit = `${Math.round(columnWidth)}/${scale}`;
  const [measured, setMeasured] = useState<{ fit: string; heights: ReadonlyMap<string, number> }>({
    fit,
    heights: new Map(),
  });
  const onHeight = useCallback(
    (ticketId: string, cardHeight: number) =>
      setMeasured((before) => {
        if (before.fit === fit && before.heights.get(ticketId) === cardHeight) return before;
        const isKept = before.fit === fit && before.heights.size < MEASURED_AT_MOST;
        return { fit, heights: new Map(isKept ? before.heights : []).set(ticketId, cardHeight) };
      }),
    [fit],
  );
  const laid = useMemo<Laid[]>(() => {
    if (width === 0 || height === 0) return [];
    const known = measured.fit === fit ? measured.heights : new Map<string, number>();
    const heights = tickets.map((ticket) => known.get(ticket.id) ?? estimateCardHeight(ticket, columnWidth, scale));
    const places = packBoard(heights, { columns, height, gap: GAP });
    return tickets.map((ticket, index) => ({ ticket, place: places[index] as Place }));
  }, [tickets, width, height, columns, columnWidth, scale, measured, fit]);
  const pages = (laid.at(-1)?.place.page ?? 0) + 1;
  const page = Math.min(wantedPage, pages - 1);
  const shown = useMemo(() => laid.filter(({ place }) => place.page === page), [laid, page]);
  const turn = useCallback(
    (by: number) => setPage((before) => Math.max(0, Math.min(pages - 1, Math.min(before, pages - 1) + by))),
    [pages],
  );
  const later = laid.reduce((count, { place }) => count + (place.page > page ? 1 : 0), 0);
  return { shown, columnWidth, height, page, pages, later, turn, onHeight };
}

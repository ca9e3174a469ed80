import { ChevronLeft, ChevronRight } from 'lucide-react';
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Ticket } from '#shared/domain/ticket.ts';
import { useSize } from '../../ui/use-size.ts';
import { IconButton } from '../../ui/IconButton.tsx';
import { bump } from './kds-actions.ts';
import { estimateCardHeight } from './card-height.ts';
import { packBoard, type Place } from './pack-board.ts';
import { TicketCard } from './TicketCard.tsx';

const GAP = 16;
const COLUMN_AT_LEAST = 336;
const NUMBERED = 9;

export interface BoardProps {
  tickets: readonly Ticket[];
  scale: number;
  /** Names of stations, when tickets of several stand here. */
  stationNames: ReadonlyMap<string, string> | undefined;
}

interface Laid {
  ticket: Ticket;
  place: Place;
}

/** Heights of cards as they were drawn, forgotten when the columns or the text change. */
function useHeights(): {
  heights: RefObject<Map<string, number>>;
  onHeight: (ticketId: string, height: number) => void;
  round: number;
} {
  const heights = useRef(new Map<string, number>());
  const [round, setRound] = useState(0);
  const onHeight = useCallback((ticketId: string, height: number) => {
    if (heights.current.get(ticketId) === height) return;
    heights.current.set(ticketId, height);
    setRound((before) => before + 1);
  }, []);
  return { heights, onHeight, round };
}

/** The keys 1 to 9 bump, page keys and arrows turn the page. */
function useBoardKeys(numbered: readonly Ticket[], turn: (by: number) => void): void {
  const { t } = useTranslation('kds');
  const { t: tCommon } = useTranslation();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof HTMLInputElement || document.querySelector('[role="dialog"]') !== null) return;
      if (event.key === 'PageDown' || event.key === 'ArrowRight') turn(1);
      else if (event.key === 'PageUp' || event.key === 'ArrowLeft') turn(-1);
      else if (/^[1-9]$/.test(event.key)) {
        const ticket = numbered[Number(event.key) - 1];
        if (ticket === undefined) return;
        void bump(ticket.id, { done: t('bumped', { label: ticket.label }), undo: tCommon('undo') });
      } else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [numbered, turn, t, tCommon]);
}

/** The tickets in columns, oldest top left; what does not fit stands on further pages. Only the page seen is drawn. */
export function Board({ tickets, scale, stationNames }: BoardProps) {
  const { t } = useTranslation('kds');
  const box = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(box);
  const { heights, onHeight, round } = useHeights();
  const [wantedPage, setPage] = useState(0);
  const columns = Math.max(1, Math.floor((width + GAP) / (COLUMN_AT_LEAST * scale + GAP)));
  const columnWidth = (width - GAP * (columns - 1)) / columns;
  const fit = `${Math.round(columnWidth)}/${scale}`;
  const lastFit = useRef(fit);
  if (lastFit.current !== fit) {
    lastFit.current = fit;
    heights.current.clear();
  }
  const laid = useMemo<Laid[]>(() => {
    if (width === 0 || height === 0) return [];
    const sizes = tickets.map(
      (ticket) => heights.current.get(ticket.id) ?? estimateCardHeight(ticket, columnWidth, scale),
    );
    const places = packBoard(sizes, { columns, height, gap: GAP });
    return tickets.map((ticket, index) => ({ ticket, place: places[index] as Place }));
    // `round` stands for the measured heights, which are not state.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [tickets, width, height, columns, columnWidth, scale, round, heights]);
  const pages = (laid.at(-1)?.place.page ?? 0) + 1;
  const page = Math.min(wantedPage, pages - 1);
  const shown = useMemo(() => laid.filter(({ place }) => place.page === page), [laid, page]);
  const numbered = useMemo(() => shown.slice(0, NUMBERED).map(({ ticket }) => ticket), [shown]);
  const turn = useCallback(
    (by: number) => setPage((before) => Math.max(0, Math.min(pages - 1, Math.min(before, pages - 1) + by))),
    [pages],
  );
  useBoardKeys(numbered, turn);
  const later = laid.reduce((count, { place }) => count + (place.page > page ? 1 : 0), 0);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="relative min-h-0 flex-1 overflow-hidden px-5 py-4">
        <div ref={box} role="feed" aria-label={t('board')} aria-busy="false" className="relative h-full">
          {shown.map(({ ticket, place }, index) => (
            <div
              key={ticket.id}
              className="no-bar absolute left-0 top-0 overflow-y-auto rounded-lg"
              style={{
                width: columnWidth * place.span + GAP * (place.span - 1),
                maxHeight: height - place.top,
                transform: `translate(${place.column * (columnWidth + GAP)}px, ${place.top}px)`,
              }}
            >
              <TicketCard
                ticket={ticket}
                badge={index < NUMBERED ? index + 1 : undefined}
                stationName={stationNames?.get(ticket.stationId)}
                span={place.span}
                onHeight={onHeight}
              />
            </div>
          ))}
        </div>
      </div>
      {pages > 1 && (
        <nav
          aria-label={t('page', { page: page + 1, pages })}
          className="flex h-14 shrink-0 items-center justify-center gap-4 border-t border-line bg-surface-2 text-lg font-bold"
        >
          <IconButton
            label={t('previousPage')}
            icon={<ChevronLeft size={30} />}
            isDisabled={page === 0}
            onPress={() => turn(-1)}
          />
          <span className="num">{t('page', { page: page + 1, pages })}</span>
          {later > 0 && <span className="num text-warn">{t('more', { count: later })}</span>}
          <IconButton
            label={t('nextPage')}
            icon={<ChevronRight size={30} />}
            isDisabled={page === pages - 1}
            onPress={() => turn(1)}
          />
        </nav>
      )}
    </div>
  );
}

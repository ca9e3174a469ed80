import { useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Ticket } from '#shared/domain/ticket.ts';
import { bump } from './kds-actions.ts';
import { shortLabel } from './short-label.ts';
import { TicketCard } from './TicketCard.tsx';
import { type BoardPages, GAP } from './use-board-pages.ts';

const NUMBERED = 9;

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
        void bump(ticket.id, { done: t('bumped', { label: shortLabel(ticket, t).text }), undo: tCommon('undo') });
      } else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [numbered, turn, t, tCommon]);
}

export interface BoardProps {
  pages: BoardPages;
  /** Names of stations, when tickets of several stand here. */
  stationNames: ReadonlyMap<string, string> | undefined;
}

/** The tickets of one page in columns, the oldest top left. */
export function Board({ pages, stationNames }: BoardProps) {
  const { t } = useTranslation('kds');
  const { shown, columnWidth, height, turn, onHeight } = pages;
  const numbered = useMemo(() => shown.slice(0, NUMBERED).map(({ ticket }) => ticket), [shown]);
  useBoardKeys(numbered, turn);
  return (
    <div role="feed" aria-label={t('board')} aria-busy="false" className="relative h-full">
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
  );
}

import { ChefHat } from 'lucide-react';
import { type CSSProperties, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useRows, useTerminal } from '../../state/selectors.ts';
import { useLive } from '../../state/store.ts';
import { Button } from '../../ui/Button.tsx';
import { Chip, ChipRow } from '../../ui/Chip.tsx';
import { cn } from '../../ui/class-names.ts';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { Tabs } from '../../ui/Tabs.tsx';
import { Board } from './Board.tsx';
import { boardTickets, bumpedTickets, stationCounts, toCook } from './board.ts';
import { Footer } from './Footer.tsx';
import { useLeaving } from './kds-actions.ts';
import { SCALE, setSize, setStation, SIZES, useKdsSettings } from './kds-settings.ts';
import { Pager } from './Pager.tsx';
import { SourceBanner } from './SourceBanner.tsx';
import { useBell } from './use-bell.ts';
import { useBoardPages } from './use-board-pages.ts';

const RECALLABLE = 20;

function Empty({ station, hasOthers }: { station: string | undefined; hasOthers: boolean }) {
  const { t } = useTranslation('kds');
  const isFiltered = station !== undefined && hasOthers;
  return (
    <EmptyState
      size="l"
      icon={<ChefHat size={80} strokeWidth={1.5} />}
      title={isFiltered ? t('emptyStation', { station }) : t('empty')}
      text={isFiltered ? t('emptyStationHelp') : t('emptyHelp')}
      action={isFiltered && <Button onPress={() => setStation(undefined)}>{t('showAll')}</Button>}
    />
  );
}

/** What the kitchen has to make, and since when. */
export function KitchenScreen() {
  const { t } = useTranslation('kds');
  const { branch } = useTerminal();
  const tickets = useRows('ticket');
  const leaving = useLeaving((state) => state.ids);
  const { size, stationId: storedStation } = useKdsSettings();
  const isLost = useLive((live) => live.link.state === 'down');
  const all = useMemo(() => boardTickets(tickets, undefined), [tickets]);
  const stations = useMemo(() => stationCounts(all, branch.stations), [all, branch.stations]);
  // A station that is gone does not leave a board that is empty for ever.
  const station = stations.find(({ id }) => id === storedStation);
  const stationId = station?.id;
  const onBoard = useMemo(
    () => (stationId === undefined ? all : all.filter((ticket) => ticket.stationId === stationId)),
    [all, stationId],
  );
  const board = useMemo(() => onBoard.filter((ticket) => !leaving.has(ticket.id)), [onBoard, leaving]);
  const counts = useMemo(() => toCook(board), [board]);
  const done = useMemo(() => bumpedTickets(tickets, stationId, RECALLABLE), [tickets, stationId]);
  const stationNames = useMemo(
    () =>
      stationId === undefined && stations.length > 1 ? new Map(stations.map(({ id, name }) => [id, name])) : undefined,
    [stationId, stations],
  );
  useBell(onBoard, stationId);
  const box = useRef<HTMLDivElement>(null);
  const pages = useBoardPages(board, SCALE[size], box);
  return (
    <div data-size={size} className="flex h-full flex-col bg-bg" style={{ '--kds': SCALE[size] } as CSSProperties}>
      <header className="flex h-[72px] [@media(max-height:860px)]:h-[60px] shrink-0 items-center gap-4 border-b border-line bg-surface px-5">
        <h1 className="text-[26px] font-bold tracking-tight">{t('title')}</h1>
        <div className="min-w-0 flex-1">
          <ChipRow label={t('stations')}>
            <Chip
              isSelected={station === undefined}
              onPress={() => setStation(undefined)}
              className="num px-5! text-lg!"
            >
              {t('allStations')} {all.length}
            </Chip>
            {stations.map(({ id, name, count }) => (
              <Chip
                key={id}
                isSelected={station?.id === id}
                onPress={() => setStation(id)}
                className="num px-5! text-lg!"
              >
                {name} {count}
              </Chip>
            ))}
          </ChipRow>
        </div>
        <Pager page={pages.page} pages={pages.pages} later={pages.later} onTurn={pages.turn} />
        <Tabs
          label={t('size')}
          tabs={SIZES.map((key) => ({ key, label: t(`sizes.${key}`) }))}
          selected={size}
          onSelect={setSize}
        />
      </header>
      <SourceBanner />
      <div
        className={cn(
          'min-h-0 flex-1 px-5 py-4 [@media(max-height:860px)]:px-4 [@media(max-height:860px)]:py-3',
          isLost && 'opacity-60 grayscale',
        )}
      >
        <div ref={box} className="h-full overflow-hidden">
          {board.length === 0 ? (
            <Empty station={station?.name} hasOthers={all.length > 0} />
          ) : (
            <Board pages={pages} stationNames={stationNames} />
          )}
        </div>
      </div>
      <Footer counts={counts} done={done} />
    </div>
  );
}

import { CircleAlert, Clock, Flame, TriangleAlert } from 'lucide-react';
import { memo, useLayoutEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Ticket } from '#shared/domain/ticket.ts';
import { isTicketComplete } from '#shared/domain/ticket.ts';
import { useLive } from '../../state/store.ts';
import { useFormats } from '../../state/use-formats.ts';
import { cn } from '../../ui/class-names.ts';
import { type AgeBand, ageBand, isAddition, seenKey, unseenCancels } from './board.ts';
import { bump } from './kds-actions.ts';
import { markSeen, useKdsSettings } from './kds-settings.ts';
import { shortLabel } from './short-label.ts';
import { TicketLine } from './TicketLine.tsx';
import { useMinutes } from './use-minutes.ts';

const same = (minutes: number) => minutes;
const HEAD: Record<AgeBand, string> = {
  fresh: 'bg-age-fresh text-age-fresh-ink',
  late: 'bg-age-late text-age-late-ink',
  'very-late': 'bg-age-very-late text-age-very-late-ink',
};
const BORDER: Record<AgeBand, string> = {
  fresh: 'border-line',
  late: 'border-age-late',
  'very-late': 'border-age-very-late',
};

function Age({ sentAt, band }: { sentAt: string; band: AgeBand }) {
  const { t } = useTranslation('kds');
  const minutes = useMinutes(sentAt, same);
  const Icon = band === 'fresh' ? Clock : band === 'late' ? TriangleAlert : CircleAlert;
  const isLong = minutes > 99;
  const unit = t(isLong ? 'hours' : 'minutes');
  return (
    <span className="num flex shrink-0 flex-col items-end">
      <span className="flex items-center gap-[0.2em] text-[length:calc(36px*var(--kds))] font-extrabold leading-none">
        <Icon className="size-[0.72em]" strokeWidth={2.6} aria-hidden />
        {isLong ? Math.floor(minutes / 60) : minutes}
      </span>
      <span className="mt-1 whitespace-nowrap text-[length:calc(18px*var(--kds))] font-bold leading-tight">
        {band === 'fresh' ? unit : `${isLong ? `${unit} · ` : ''}${t(band === 'late' ? 'late' : 'veryLate')}`}
      </span>
    </span>
  );
}

/** Who wants it, and how: "Anna · 4 guests". */
function SubLine({ ticket, stationName }: { ticket: Ticket; stationName: string | undefined }) {
  const { t } = useTranslation('kds');
  const { time } = useFormats();
  const server = useLive((live) => live.rows.staff.get(ticket.sentBy)?.name);
  const guests = useLive((live) => {
    const sessionId = live.rows.order.get(ticket.orderId)?.sessionId;
    return sessionId === undefined ? undefined : live.rows.session.get(sessionId)?.guests;
  });
  const parts = [
    shortLabel(ticket, t).number,
    stationName,
    ticket.type === 'dine-in' && guests !== undefined ? undefined : t(`types.${ticket.type}`),
    server?.split(' ')[0],
    guests === undefined ? undefined : t('guests', { count: guests }),
    ticket.recalledAt === undefined ? undefined : t('recalled', { time: time(ticket.recalledAt) }),
  ];
  return (
    <span className="block text-[length:calc(18px*var(--kds))] font-semibold leading-tight">
      {parts.filter((part) => part !== undefined && part !== '').join(' · ')}
    </span>
  );
}

function Head(props: { ticket: Ticket; badge: number | undefined; band: AgeBand; stationName: string | undefined }) {
  const { ticket, badge, band, stationName } = props;
  const { t } = useTranslation('kds');
  const { t: tCommon } = useTranslation();
  const { label } = ticket;
  const { text } = shortLabel(ticket, t);
  const onBump = () =>
    void bump(ticket.id, { done: t('bumped', { label: shortLabel(ticket, t).text }), undo: tCommon('undo') });
  return (
    <header
      data-age={band}
      className={cn(
        'relative flex min-h-[calc(88px*var(--kds))] w-full flex-col justify-center gap-1 px-4 py-3 has-[button:active]:brightness-110',
        HEAD[band],
      )}
    >
      <span className="flex w-full items-start gap-3">
        {badge !== undefined && (
          <span
            aria-hidden
            className="num grid size-[calc(44px*var(--kds))] shrink-0 place-items-center rounded-m bg-[rgb(0_0_0/0.22)] text-[length:calc(24px*var(--kds))] font-extrabold"
          >
            {badge}
          </span>
        )}
        <strong className="line-clamp-2 min-w-0 flex-1 break-words text-[length:calc(44px*var(--kds))] font-extrabold leading-none tracking-tight">
          {text}
        </strong>
        <Age sentAt={ticket.sentAt} band={band} />
      </span>
      <span className="flex w-full items-center gap-2">
        {ticket.status === 'started' && (
          <Flame
            className="size-[calc(20px*var(--kds))] shrink-0"
            strokeWidth={2.6}
            role="img"
            aria-label={t('started')}
          />
        )}
        <SubLine ticket={ticket} stationName={stationName} />
      </span>
      <button
        type="button"
        aria-label={t('bump', { label })}
        // The second tap of a double tap hits the card that has moved up; it is not meant for it.
        onClick={(event) => event.detail <= 1 && onBump()}
        className="absolute inset-0 w-full focus-visible:outline-offset-[-5px] focus-visible:outline-current"
      />
    </header>
  );
}

/** Says that cancelled lines were seen; a ticket of which nothing is left goes. */
function Acknowledge({ ticket, lines }: { ticket: Ticket; lines: Ticket['lines'] }) {
  const { t } = useTranslation('kds');
  const { t: tCommon } = useTranslation();
  const isAll = ticket.lines.every((line) => line.cancelledAt !== undefined);
  const onSeen = () => {
    markSeen(lines.map((line) => seenKey(ticket.id, line.lineId)));
    if (isAll)
      void bump(ticket.id, { done: t('bumped', { label: shortLabel(ticket, t).text }), undo: tCommon('undo') });
  };
  return (
    <button
      type="button"
      onClick={onSeen}
      className="mx-4 mb-3.5 mt-2.5 block min-h-[60px] w-[calc(100%-2rem)] break-words rounded-m bg-danger px-3 py-2 text-center text-[length:calc(22px*var(--kds))] font-bold leading-tight text-danger-ink active:brightness-90"
    >
      {isAll
        ? t('seenAll', { label: shortLabel(ticket, t).text })
        : t('seen', { name: lines.map((line) => line.name).join(', ') })}
    </button>
  );
}

export interface TicketCardProps {
  ticket: Ticket;
  /** The key that bumps it, 1 to 9. */
  badge: number | undefined;
  /** Shown when tickets of several stations stand on the board. */
  stationName: string | undefined;
  /** Columns it is wide. */
  span: number;
  /** Its natural height in one column, px; only while it is one column wide. */
  onHeight: (ticketId: string, height: number) => void;
}

/** One ticket: its head bumps it, a line is done by a tap. */
export const TicketCard = memo(function TicketCard(props: TicketCardProps) {
  const { ticket, badge, stationName, span, onHeight } = props;
  const { t } = useTranslation('kds');
  const { t: tCommon } = useTranslation();
  const card = useRef<HTMLElement>(null);
  const band = useMinutes(ticket.sentAt, ageBand);
  const isAdded = useLive((live) => isAddition(ticket, live.rows.order.get(ticket.orderId)));
  const seen = useKdsSettings((settings) => settings.seen);
  const unseen = unseenCancels(ticket, new Set(seen));
  const { label } = ticket;
  const isComplete = isTicketComplete(ticket) && unseen.length === 0;
  useLayoutEffect(() => {
    if (span === 1 && card.current !== null) onHeight(ticket.id, card.current.offsetHeight);
  });
  return (
    <article
      ref={card}
      aria-label={t('ticket', { label })}
      data-ticket={ticket.id}
      className={cn(
        'overflow-hidden rounded-lg border-2 bg-surface',
        unseen.length > 0 ? 'border-danger' : BORDER[band],
      )}
    >
      <Head ticket={ticket} badge={badge} band={band} stationName={stationName} />
      <div className={span > 1 ? 'gap-0' : undefined} style={span > 1 ? { columnCount: span } : undefined}>
        {ticket.lines.map((line) => (
          <TicketLine
            key={line.lineId}
            ticket={ticket}
            line={line}
            isAdded={isAdded}
            isUnseen={unseen.some((each) => each.lineId === line.lineId)}
          />
        ))}
      </div>
      {unseen.length > 0 && <Acknowledge ticket={ticket} lines={unseen} />}
      {isComplete && (
        <button
          type="button"
          onClick={() =>
            void bump(ticket.id, { done: t('bumped', { label: shortLabel(ticket, t).text }), undo: tCommon('undo') })
          }
          className="block min-h-[60px] w-full border-t border-line bg-ok-soft text-center text-[length:calc(22px*var(--kds))] font-bold text-ok active:brightness-110"
        >
          {t('allDone')}
        </button>
      )}
    </article>
  );
});

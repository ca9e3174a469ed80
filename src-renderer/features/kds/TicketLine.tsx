import { Check } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Ticket } from '#shared/domain/ticket.ts';
import { shortName } from '../../i18n/format.ts';
import { useLive } from '../../state/store.ts';
import { useFormats } from '../../state/use-formats.ts';
import { cn } from '../../ui/class-names.ts';
import { toggleLine } from './kds-actions.ts';

export interface TicketLineProps {
  ticket: Ticket;
  line: Ticket['lines'][number];
  /** The station had something of this order before. */
  isAdded: boolean;
  /** Cancelled, and nobody here has seen it. */
  isUnseen: boolean;
}

const ROW =
  'grid w-full break-inside-avoid grid-cols-[calc(52px*var(--kds))_minmax(0,1fr)] gap-x-2 border-t border-line px-4 py-2.5 text-left text-[length:calc(32px*var(--kds))] font-bold leading-[1.15] min-h-[60px]';
const NOTE = 'mt-0.5 block break-words text-[length:calc(24px*var(--kds))] font-semibold leading-tight';

function Cancelled({ line, isUnseen }: Pick<TicketLineProps, 'line' | 'isUnseen'>) {
  const { t } = useTranslation('kds');
  const { time } = useFormats();
  const by = useLive((live) =>
    line.cancelledBy === undefined ? undefined : live.rows.staff.get(line.cancelledBy)?.name,
  );
  const at = time(line.cancelledAt ?? 0);
  return (
    <div className={cn(ROW, isUnseen ? 'bg-danger-soft text-danger' : 'text-ink-3')}>
      <span className="num font-extrabold line-through">{line.quantity}</span>
      <span className="min-w-0 break-words">
        <span className="line-through">{line.name}</span>
        <small className={NOTE}>
          {by === undefined ? t('cancelledUnknown', { time: at }) : t('cancelled', { name: shortName(by), time: at })}
        </small>
      </span>
    </div>
  );
}

/** One line: a tap says that it is done, another that it is not. A cancelled one stands out. */
export function TicketLine({ ticket, line, isAdded, isUnseen }: TicketLineProps) {
  const { t } = useTranslation('kds');
  const { time } = useFormats();
  if (line.cancelledAt !== undefined) return <Cancelled line={line} isUnseen={isUnseen} />;
  const isDone = line.doneAt !== undefined;
  return (
    <button
      type="button"
      aria-pressed={isDone}
      onClick={() => void toggleLine(ticket.id, line.lineId)}
      className={cn(
        ROW,
        'active:bg-surface-2 focus-visible:outline-offset-[-4px]',
        isDone ? 'text-ink-3' : isAdded && 'bg-info-soft',
      )}
    >
      <span className="num font-extrabold">
        {isDone ? (
          <Check className="size-[1.1em]" strokeWidth={3} aria-hidden />
        ) : (
          <>
            {line.quantity}
            <span className="sr-only"> {t('times')} </span>
          </>
        )}
      </span>
      <span className="min-w-0 break-words">
        <span className={isDone ? 'line-through' : undefined}>
          {isDone ? t('line', { quantity: line.quantity, name: line.name }) : line.name}
        </span>
        {line.note !== '' && <small className={cn(NOTE, isDone ? 'line-through' : 'text-warn')}>{line.note}</small>}
        {isAdded && !isDone && (
          <small className={cn(NOTE, 'text-info')}>{t('added', { time: time(ticket.sentAt) })}</small>
        )}
      </span>
    </button>
  );
}

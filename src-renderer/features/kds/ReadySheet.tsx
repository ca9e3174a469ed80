import { ChefHat, RotateCcw, UtensilsCrossed } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Ticket } from '#shared/domain/ticket.ts';
import { useFormats } from '../../state/use-formats.ts';
import { Badge } from '../../ui/Badge.tsx';
import { Button } from '../../ui/Button.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { recall, serve } from './kds-actions.ts';
import { shortLabel } from './short-label.ts';

function linesText(ticket: Ticket): string {
  return ticket.lines
    .filter((line) => line.cancelledAt === undefined)
    .map((line) => `${line.quantity} ${line.name}`)
    .join(', ');
}

function Row({ ticket }: { ticket: Ticket }) {
  const { t } = useTranslation('kds');
  const { time } = useFormats();
  const label = shortLabel(ticket, t).text;
  const isServed = ticket.status === 'served';
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t border-line py-3 first:border-t-0">
      <div className="min-w-48 flex-1">
        <p className="flex flex-wrap items-center gap-2">
          <b className="text-2xl font-extrabold tracking-tight">{label}</b>
          <Badge tone={isServed ? 'plain' : 'ok'} className="h-7 text-sm">
            {isServed
              ? t('servedAt', { time: time(ticket.servedAt ?? '') })
              : t('bumpedAt', { time: time(ticket.bumpedAt ?? '') })}
          </Badge>
        </p>
        <p className="mt-1 line-clamp-2 break-words text-lg text-ink-2">{linesText(ticket)}</p>
      </div>
      <div className="flex gap-2">
        <Button
          aria-label={t('recall', { label })}
          icon={<RotateCcw size={20} aria-hidden />}
          onPress={() => void recall(ticket.id)}
        >
          {t('recallShort')}
        </Button>
        {!isServed && (
          <Button
            variant="primary"
            aria-label={t('serveLabel', { label })}
            icon={<UtensilsCrossed size={20} aria-hidden />}
            onPress={() => void serve(ticket.id)}
          >
            {t('serve')}
          </Button>
        )}
      </div>
    </li>
  );
}

/** What was bumped last: to call back, or to mark as served. */
export function ReadySheet({ tickets, onClose }: { tickets: readonly Ticket[]; onClose: () => void }) {
  const { t } = useTranslation('kds');
  return (
    <Sheet title={t('readyTitle')} onClose={onClose} className="max-w-[720px]">
      {tickets.length === 0 ? (
        <EmptyState icon={<ChefHat size={40} />} title={t('readyEmpty')} text={t('readyEmptyHelp')} />
      ) : (
        <ul aria-label={t('readyTitle')} className="px-6 py-3">
          {tickets.map((ticket) => (
            <Row key={ticket.id} ticket={ticket} />
          ))}
        </ul>
      )}
    </Sheet>
  );
}

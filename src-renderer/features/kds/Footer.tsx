import { BellRing, RotateCcw } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Ticket } from '#shared/domain/ticket.ts';
import { Sheet } from '../../ui/Sheet.tsx';
import type { ToCook } from './board.ts';
import { recall } from './kds-actions.ts';
import { shortLabel } from './short-label.ts';
import { ReadySheet } from './ReadySheet.tsx';

const BUTTON =
  'flex h-16 [@media(max-height:860px)]:h-14 shrink-0 items-center gap-2.5 whitespace-nowrap rounded-m border-2 border-line-strong px-5 text-[22px] font-bold active:bg-surface-2 disabled:opacity-45';

function Count({ name, quantity }: ToCook) {
  return (
    <span className="whitespace-nowrap rounded-m border border-line bg-surface-2 px-4 py-3 text-[22px] font-semibold leading-tight">
      <b className="num mr-2 font-extrabold">{quantity}</b>
      {name}
    </span>
  );
}

/** All-day counts, what is ready, and the last one back. */
export function Footer({ counts, done }: { counts: readonly ToCook[]; done: readonly Ticket[] }) {
  const { t } = useTranslation('kds');
  const [open, setOpen] = useState<'counts' | 'ready' | undefined>();
  const last = done[0];
  const ready = done.filter((ticket) => ticket.status === 'bumped').length;
  return (
    <footer className="flex h-24 shrink-0 items-center gap-3.5 border-t border-line bg-surface px-5 [@media(max-height:860px)]:h-[72px]">
      <button
        type="button"
        disabled={counts.length === 0}
        onClick={() => setOpen('counts')}
        className="flex min-h-14 min-w-0 flex-1 items-center gap-3.5 overflow-hidden rounded-m text-left"
      >
        <span className="shrink-0 text-lg font-bold uppercase tracking-wide text-ink-3">{t('toCook')}</span>
        <span className="flex h-[54px] min-w-0 flex-1 flex-wrap content-start gap-x-2.5 gap-y-4 overflow-hidden">
          {counts.slice(0, 12).map((count) => (
            <Count key={count.name} {...count} />
          ))}
        </span>
      </button>
      <button type="button" className={BUTTON} onClick={() => setOpen('ready')}>
        <BellRing size={24} aria-hidden />
        {ready === 0 ? t('ready') : t('readyCount', { count: ready })}
      </button>
      <button
        type="button"
        className={BUTTON}
        disabled={last === undefined}
        onClick={() => last !== undefined && void recall(last.id)}
      >
        <RotateCcw size={24} aria-hidden />
        <span className="max-w-48 truncate">
          {last === undefined ? t('recallNothing') : t('recall', { label: shortLabel(last, t).text })}
        </span>
      </button>
      {open === 'ready' && <ReadySheet tickets={done} onClose={() => setOpen(undefined)} />}
      {open === 'counts' && (
        <Sheet title={t('toCookTitle')} onClose={() => setOpen(undefined)} className="max-w-[960px]">
          <ul
            aria-label={t('toCookTitle')}
            className="grid grid-cols-[repeat(auto-fill,minmax(260px,1fr))] gap-x-6 p-6"
          >
            {counts.map(({ name, quantity }) => (
              <li key={name} className="flex gap-3 border-b border-line py-2.5 text-2xl font-semibold">
                <b className="num w-14 shrink-0 text-right font-extrabold">{quantity}</b>
                <span className="min-w-0 break-words">{name}</span>
              </li>
            ))}
          </ul>
        </Sheet>
      )}
    </footer>
  );
}

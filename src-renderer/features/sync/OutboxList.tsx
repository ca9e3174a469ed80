import { CircleCheckBig, Inbox, Send } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import i18next from 'i18next';
import type { OutboxItem } from '#shared/contract/bridge.ts';
import { useLive } from '../../state/store.ts';
import { useFormats } from '../../state/use-formats.ts';
import { useNow } from '../../state/use-now.ts';
import { Badge } from '../../ui/Badge.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { ErrorState } from '../../ui/ErrorState.tsx';
import { Skeleton } from '../../ui/Skeleton.tsx';
import { VirtualList } from '../../ui/VirtualList.tsx';
import { subjectOf } from './outbox-text.ts';
import { useAgo } from './use-ago.ts';
import { type OutboxFilter, useOutbox } from './use-outbox.ts';

const TONE = { PENDING: 'warn', REPLAYING: 'info', SUCCESS: 'ok', FAILED: 'danger' } as const;
const EMPTY_ICON = { waiting: CircleCheckBig, refused: Inbox, recent: Send } as const;

/** "Payment · order T1-0042", in plain words; the command's own name when it is newer than these words. */
function useTitle(item: OutboxItem): string {
  const { t } = useTranslation('sync');
  const rows = useLive((live) => live.rows);
  // One known key stands for all: a test holds the words of every command complete.
  const key = `commands:${item.name}` as 'commands:payment.take';
  const isKnown: boolean = i18next.exists(key);
  const word = isKnown ? i18next.t(key) : item.name;
  const subject = subjectOf(item, rows);
  if (subject === undefined) return word;
  if (subject.kind === 'order') return `${word} · ${t('on', { number: subject.number })}`;
  if (subject.kind === 'ticket') return `${word} · ${t('onTicket', { label: subject.label })}`;
  return `${word} · ${subject.name}`;
}

function Entry({ item, now }: { item: OutboxItem; now: number }) {
  const { t } = useTranslation('sync');
  const { dayTime } = useFormats();
  const ago = useAgo();
  const title = useTitle(item);
  const isWaiting = item.status === 'PENDING' || item.status === 'REPLAYING';
  const facts = [
    isWaiting ? ago(item.createdAt, now) : dayTime(item.createdAt),
    isWaiting && item.attempts > 0 ? t('attempts', { count: item.attempts }) : undefined,
  ];
  const { lastError } = item;
  return (
    <div className="flex min-h-16 items-center gap-4 border-t border-line px-6 py-2.5">
      <div className="min-w-0 flex-1">
        <p className="break-words font-semibold">{title}</p>
        <p className="num truncate text-[13px] text-ink-3">{facts.filter((fact) => fact !== undefined).join(' · ')}</p>
        {lastError !== null && (
          <p
            className={
              item.status === 'FAILED'
                ? 'mt-0.5 break-words text-sm font-semibold text-danger'
                : 'mt-0.5 break-words text-sm text-warn'
            }
          >
            {item.status === 'FAILED' ? lastError.message : t('lastError', { text: lastError.message })}
          </p>
        )}
      </div>
      <Badge tone={item.flags.length > 0 ? 'warn' : TONE[item.status]} className="shrink-0">
        {item.flags.length > 0 && item.status === 'SUCCESS' ? t('flagged') : t(`status.${item.status}`)}
      </Badge>
    </div>
  );
}

/** One of the three lists of the outbox. */
export function OutboxList({ filter }: { filter: OutboxFilter }) {
  const { t } = useTranslation('sync');
  const { list, error, reload } = useOutbox(filter);
  const now = useNow(10_000);
  if (error !== undefined) return <ErrorState text={error} onRetry={reload} />;
  if (list === undefined) {
    return (
      <div className="flex flex-col gap-3 p-6">
        {Array.from({ length: 5 }, (_, index) => (
          <Skeleton key={index} className="h-12" />
        ))}
      </div>
    );
  }
  if (list.items.length === 0) {
    const Icon = EMPTY_ICON[filter];
    return <EmptyState icon={<Icon size={44} />} title={t(`${filter}Empty`)} text={t(`${filter}EmptyHelp`)} />;
  }
  return (
    <>
      <VirtualList
        isReadOnly
        label={t(`tabs.${filter}`)}
        items={list.items}
        keyOf={(item) => item.id}
        rowHeight={65}
        renderRow={(item) => <Entry item={item} now={now} />}
      />
      {list.total > list.items.length && (
        <p className="num border-t border-line px-6 py-3 text-sm text-ink-3">
          {t('shown', { shown: list.items.length, total: list.total })}
        </p>
      )}
    </>
  );
}

import { CircleCheckBig, Send } from 'lucide-react';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { OutboxItem } from '#shared/contract/bridge.ts';
import { shortName } from '../../i18n/format.ts';
import { callTerminal } from '../../state/live.ts';
import { useRows } from '../../state/selectors.ts';
import { useLive } from '../../state/store.ts';
import { useFormats } from '../../state/use-formats.ts';
import { useNow } from '../../state/use-now.ts';
import { Badge } from '../../ui/Badge.tsx';
import { VirtualList } from '../../ui/VirtualList.tsx';
import { commandWord } from './command-word.ts';
import { ListState } from './ListState.tsx';
import { subjectOf } from './outbox-text.ts';
import { useAgo } from './use-ago.ts';
import { useAsked } from './use-asked.ts';

export type OutboxFilter = 'waiting' | 'recent';

const LIMIT = 200;
const TONE = { PENDING: 'warn', REPLAYING: 'info', SUCCESS: 'ok', FAILED: 'danger' } as const;

/** "Payment · order T1-0042", in plain words. */
function useTitle(item: OutboxItem): string {
  const { t } = useTranslation('sync');
  const rows = useLive((live) => live.rows);
  const word = commandWord(item.name);
  if (item.orderNumber !== undefined) return `${word} · ${t('on', { number: item.orderNumber })}`;
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
  const actor = useRows('staff').get(item.actorId ?? '')?.name;
  const isWaiting = item.status === 'PENDING' || item.status === 'REPLAYING';
  const facts = [
    isWaiting ? ago(item.createdAt, now) : dayTime(item.createdAt),
    actor === undefined ? undefined : shortName(actor),
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

/** What waits, the oldest first, or what was done last. */
export function OutboxList({ filter }: { filter: OutboxFilter }) {
  const { t } = useTranslation('sync');
  const now = useNow(10_000);
  const ask = useCallback(() => callTerminal('outbox:list', { filter, limit: LIMIT }), [filter]);
  const asked = useAsked(ask);
  const Icon = filter === 'waiting' ? CircleCheckBig : Send;
  const empty = { icon: <Icon size={44} />, title: t(`${filter}Empty`), text: t(`${filter}EmptyHelp`) };
  return (
    <ListState asked={asked} isEmpty={(list) => list.items.length === 0} empty={empty}>
      {(list) => (
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
      )}
    </ListState>
  );
}

import { CloudCheck, CloudOff, RefreshCw, Unplug } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callTerminal } from '../../state/live.ts';
import { useLive } from '../../state/store.ts';
import { showError, showToast } from '../../state/toasts.ts';
import { useFormats } from '../../state/use-formats.ts';
import { useNow } from '../../state/use-now.ts';
import { Badge } from '../../ui/Badge.tsx';
import { Button } from '../../ui/Button.tsx';
import { cn } from '../../ui/class-names.ts';
import { Figure } from '../../ui/Figure.tsx';
import { Tabs } from '../../ui/Tabs.tsx';
import { OutboxList } from './OutboxList.tsx';
import { useAgo } from './use-ago.ts';
import type { OutboxFilter } from './use-outbox.ts';

/** Whether the cloud answers, and what that means for what was done here. */
function LinkState() {
  const { t } = useTranslation('sync');
  const { time } = useFormats();
  const status = useLive((live) => live.status);
  const link = useLive((live) => live.link);
  const isLost = link.state === 'down';
  const isOnline = !isLost && status?.link === 'online';
  const Icon = isLost ? Unplug : isOnline ? CloudCheck : CloudOff;
  const side = isOnline ? 'online' : 'offline';
  const title = isLost ? t('lost') : status === null ? t('unknown') : t(side);
  const text = isLost
    ? t('lostHelp', { time: time(link.sinceMs) })
    : status === null
      ? undefined
      : status.waiting === 0
        ? t(`${side}Saved`)
        : t(`${side}Waiting`, { count: status.waiting });
  return (
    <div className="flex min-w-0 flex-1 items-center gap-4" role="status">
      <span
        className={cn(
          'grid size-14 shrink-0 place-items-center rounded-lg',
          isLost ? 'bg-danger-soft text-danger' : isOnline ? 'bg-ok-soft text-ok' : 'bg-warn-soft text-warn',
        )}
      >
        <Icon size={28} aria-hidden />
      </span>
      <div className="min-w-0">
        <p className="text-lg font-bold tracking-tight">
          {title}
          {!isLost && status?.link === 'offline' && status.offlineSinceAt !== null && (
            <span className="num font-medium text-ink-3"> · {t('since', { time: time(status.offlineSinceAt) })}</span>
          )}
        </p>
        {text !== undefined && <p className="text-ink-2">{text}</p>}
        {!isLost && status !== null && status.trouble !== null && (
          <p className="font-semibold text-warn">{t('trouble', { text: status.trouble })}</p>
        )}
      </div>
    </div>
  );
}

function SendNow() {
  const { t } = useTranslation('sync');
  const [isBusy, setBusy] = useState(false);
  const send = () => {
    setBusy(true);
    callTerminal('sync:now', {})
      .then(() => showToast({ tone: 'info', text: t('sent') }))
      .catch(showError)
      .finally(() => setBusy(false));
  };
  return (
    <Button variant="primary" icon={<RefreshCw size={20} aria-hidden />} isDisabled={isBusy} onPress={send}>
      {isBusy ? t('sending') : t('sendNow')}
    </Button>
  );
}

/** What waits, what was refused and why, and when the cloud was heard last. */
export function SyncScreen() {
  const { t } = useTranslation('sync');
  const { dayTime } = useFormats();
  const status = useLive((live) => live.status);
  const now = useNow(10_000);
  const ago = useAgo();
  const [filter, setFilter] = useState<OutboxFilter>('waiting');
  const refused = status?.refused ?? 0;
  const oldestAt = status?.oldestWaitingAt ?? null;
  const oldest = oldestAt !== null ? ago(oldestAt, now) : status?.waiting === 0 ? t('nothingWaits') : '–';
  return (
    <div className="flex h-full flex-col gap-3 px-6 py-5">
      <h1 className="text-2xl font-bold tracking-tight">{t('title')}</h1>
      <section className="flex flex-wrap items-center gap-4 rounded-lg border border-line bg-surface p-4">
        <LinkState />
        <SendNow />
      </section>
      <div className="grid grid-cols-4 gap-3">
        <Figure
          size="m"
          label={t('lastContact')}
          value={status === null || status.lastContactAt === null ? t('never') : ago(status.lastContactAt, now)}
          {...(status === null || status.lastContactAt === null ? {} : { note: dayTime(status.lastContactAt) })}
        />
        <Figure size="m" label={t('waiting')} value={status?.waiting ?? '–'} />
        <Figure size="m" label={t('oldest')} value={oldest} />
        <Figure size="m" label={t('refused')} value={status?.refused ?? '–'} tone={refused > 0 ? 'danger' : 'plain'} />
      </div>
      <section className="flex min-h-0 flex-1 flex-col overflow-hidden rounded-lg border border-line bg-surface">
        <header className="px-4 py-3">
          <Tabs
            label={t('lists')}
            tabs={(['waiting', 'refused', 'recent'] as const).map((key) => ({
              key,
              label:
                key === 'refused' && refused > 0 ? (
                  <span className="inline-flex items-center gap-2">
                    {t('tabs.refused')} <Badge tone="danger">{refused}</Badge>
                  </span>
                ) : (
                  t(`tabs.${key}`)
                ),
            }))}
            selected={filter}
            onSelect={setFilter}
          />
        </header>
        <OutboxList key={filter} filter={filter} />
      </section>
    </div>
  );
}

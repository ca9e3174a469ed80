import { CloudAlert, CloudCheck, CloudOff, HardDrive, Unplug } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SyncStatus } from '#shared/contract/bridge.ts';
import { useLive } from '../../state/store.ts';
import { useFormats } from '../../state/use-formats.ts';
import { cn } from '../../ui/class-names.ts';

/** The most that waited since nothing did: how far the queue has drained. */
function useMost(waiting: number): number {
  const [most, setMost] = useState(waiting);
  const now = waiting === 0 ? 0 : Math.max(most, waiting);
  if (now !== most) setMost(now);
  return now;
}

/** A bar for a queue that was long enough to be watched. */
function Drain({ status }: { status: SyncStatus }) {
  const { t } = useTranslation('sync');
  const most = useMost(status.waiting);
  if (status.link !== 'online' || most < 20 || status.waiting === 0) return null;
  const done = most - status.waiting;
  return (
    <div className="mt-2 flex items-center gap-3">
      <div
        role="progressbar"
        aria-label={t('draining')}
        aria-valuemin={0}
        aria-valuemax={most}
        aria-valuenow={done}
        className="h-2.5 flex-1 overflow-hidden rounded-full bg-line"
      >
        <div className="h-full rounded-full bg-accent" style={{ width: `${(done * 100) / most}%` }} />
      </div>
      <span className="num shrink-0 text-sm text-ink-2">{t('drained', { done, most })}</span>
    </div>
  );
}

/** Whether the cloud answers, and what that means for what was done here. */
export function LinkState() {
  const { t } = useTranslation('sync');
  const { time } = useFormats();
  const status = useLive((live) => live.status);
  const link = useLive((live) => live.link);
  const isLost = link.state === 'down';
  const isOnline = !isLost && status?.link === 'online';
  const hold = isLost ? undefined : status?.hold;
  const isDisk = hold?.cause === 'disk';
  const side = isOnline ? 'online' : 'offline';
  const Icon = isLost
    ? Unplug
    : isDisk
      ? HardDrive
      : hold !== undefined
        ? CloudAlert
        : isOnline
          ? CloudCheck
          : CloudOff;
  const title = isLost
    ? t('lost')
    : status === null
      ? t('unknown')
      : hold !== undefined
        ? t(`hold.${hold.cause}`)
        : t(side);
  const text = isLost
    ? t('lostHelp', { time: time(link.sinceMs) })
    : status === null
      ? undefined
      : status.waiting === 0
        ? t(`${side}Saved`)
        : t(hold === undefined ? `${side}Waiting` : 'heldWaiting', { count: status.waiting });
  const sinceAt = hold?.sinceAt ?? (status?.link === 'offline' ? status.offlineSinceAt : null);
  return (
    <div className="flex min-w-0 flex-1 basis-[420px] items-center gap-4" role="status">
      <span
        className={cn(
          'grid size-14 shrink-0 place-items-center rounded-lg',
          isLost || isDisk
            ? 'bg-danger-soft text-danger'
            : isOnline && hold === undefined
              ? 'bg-ok-soft text-ok'
              : 'bg-warn-soft text-warn',
        )}
      >
        <Icon size={28} aria-hidden />
      </span>
      <div className="min-w-0 flex-1">
        <p className="text-lg font-bold tracking-tight">
          {title}
          {!isLost && sinceAt !== null && (
            <span className="num font-medium text-ink-3"> · {t('since', { time: time(sinceAt) })}</span>
          )}
        </p>
        {text !== undefined && <p className="text-ink-2">{text}</p>}
        {!isLost && status !== null && status.trouble !== null && (
          <p className={cn('font-semibold', isDisk ? 'text-danger' : 'text-warn')}>
            {t('trouble', { text: status.trouble })}
          </p>
        )}
        {!isLost && status !== null && <Drain status={status} />}
      </div>
    </div>
  );
}

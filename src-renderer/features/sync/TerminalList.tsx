import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { TerminalSeen } from '#shared/contract/cloud-wire.ts';
import { mayUse, useSession, useTerminal } from '../../state/selectors.ts';
import { askTerminals, useTerminals } from '../../state/terminals.ts';
import { useNow } from '../../state/use-now.ts';
import { useFormats } from '../../state/use-formats.ts';
import { Badge, type Tone } from '../../ui/Badge.tsx';
import { Skeleton } from '../../ui/Skeleton.tsx';
import { VirtualList } from '../../ui/VirtualList.tsx';
import { clockText } from './clock-text.ts';
import { HeldTerminals } from './HeldTerminals.tsx';
import { useAgo } from './use-ago.ts';

const ASK_EVERY_MS = 5_000;

function stateOf(
  terminal: TerminalSeen,
  isOwn: boolean,
  isLive: boolean,
): { key: 'online' | 'silent' | 'unheard'; tone: Tone } {
  if (!isOwn && !isLive) return { key: 'unheard', tone: 'plain' };
  return terminal.isOnline ? { key: 'online', tone: 'ok' } : { key: 'silent', tone: 'warn' };
}

function Terminal({
  terminal,
  isOwn,
  isLive,
  now,
}: {
  terminal: TerminalSeen;
  isOwn: boolean;
  isLive: boolean;
  now: number;
}) {
  const { t } = useTranslation('sync');
  const ago = useAgo();
  const state = stateOf(terminal, isOwn, isLive);
  // A terminal that was never heard has told no time either.
  const clock = terminal.lastHeardAt === null ? undefined : clockText(terminal.clockOffsetMs, t);
  const { lastHeardAt, pendingCount, oldestPendingAt } = terminal;
  const waits =
    pendingCount === 0
      ? t('terminal.nothing')
      : [
          t('terminal.waits', { count: pendingCount }),
          oldestPendingAt === null ? undefined : t('terminal.oldest', { ago: ago(oldestPendingAt, now) }),
        ]
          .filter((part) => part !== undefined)
          .join(' · ');
  return (
    <div className="flex min-h-16 flex-wrap items-center gap-x-4 gap-y-1 border-t border-line px-6 py-2.5">
      <div className="min-w-0 flex-1 basis-[260px]">
        <p className="truncate font-semibold">
          {terminal.name}
          {isOwn && <span className="font-medium text-ink-3"> · {t('thisTerminal')}</span>}
        </p>
        <p className="num text-[13px] text-ink-3">
          {lastHeardAt === null ? t('terminal.never') : t('terminal.heard', { ago: ago(lastHeardAt, now) })}
        </p>
      </div>
      <p className={pendingCount > 0 ? 'num text-sm font-semibold text-warn' : 'num text-sm text-ink-3'}>{waits}</p>
      {clock !== undefined && (
        <p className={clock.isOff ? 'num text-sm font-semibold text-danger' : 'num text-sm text-ink-3'}>{clock.text}</p>
      )}
      <Badge tone={state.tone} className="shrink-0">
        {t(`terminal.${state.key}`)}
      </Badge>
    </div>
  );
}

/** Every terminal of the branch: when it was heard last, and what still waits on it. */
export function TerminalList() {
  const { t } = useTranslation('sync');
  const { dayTime } = useFormats();
  const { deviceId } = useTerminal();
  const session = useSession();
  const view = useTerminals((state) => state.view);
  const now = useNow(5_000);
  useEffect(() => {
    const ask = () => void askTerminals().catch(() => undefined);
    ask();
    const timer = setInterval(ask, ASK_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  if (view === undefined) return <Skeleton className="m-6 h-12" />;
  return (
    <>
      {!view.isLive && (
        <p role="status" className="num border-t border-line bg-warn-soft px-6 py-3 font-semibold text-warn">
          {view.asOf === null ? t('terminal.asOfNever') : t('terminal.asOf', { time: dayTime(view.asOf) })}
        </p>
      )}
      {mayUse(session, 'L4') && <HeldTerminals />}
      <VirtualList
        isReadOnly
        label={t('tabs.terminals')}
        items={view.terminals}
        keyOf={(terminal) => terminal.deviceId}
        rowHeight={65}
        renderRow={(terminal) => (
          <Terminal terminal={terminal} isOwn={terminal.deviceId === deviceId} isLive={view.isLive} now={now} />
        )}
      />
    </>
  );
}

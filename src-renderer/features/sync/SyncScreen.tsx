import { RefreshCw, Route } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callTerminal } from '../../state/live.ts';
import { mayUse, useRows, useSession } from '../../state/selectors.ts';
import { useLive } from '../../state/store.ts';
import { showError, showToast } from '../../state/toasts.ts';
import { useFormats } from '../../state/use-formats.ts';
import { useNow } from '../../state/use-now.ts';
import { Badge } from '../../ui/Badge.tsx';
import { Button } from '../../ui/Button.tsx';
import { Figure } from '../../ui/Figure.tsx';
import { OrderSheet } from '../../ui/OrderSheet.tsx';
import { Tabs } from '../../ui/Tabs.tsx';
import { DataWarnings } from './DataWarnings.tsx';
import { LinkState } from './LinkState.tsx';
import { OutboxList } from './OutboxList.tsx';
import { PathTestSheet } from './PathTestSheet.tsx';
import { RefusedList } from './RefusedList.tsx';
import { TaskList } from './TaskList.tsx';
import { TerminalList } from './TerminalList.tsx';
import { useAgo } from './use-ago.ts';

const VIEWS = ['waiting', 'refused', 'tasks', 'terminals', 'recent'] as const;
type View = (typeof VIEWS)[number];

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

/** The figures that somebody looks for first. */
function Figures({ taskCount }: { taskCount: number | undefined }) {
  const { t } = useTranslation('sync');
  const { dayTime } = useFormats();
  const status = useLive((live) => live.status);
  const now = useNow(10_000);
  const ago = useAgo();
  const oldestAt = status?.oldestWaitingAt ?? null;
  const refused = status?.refusedInBranch ?? status?.refused;
  return (
    <div className="grid grid-cols-[repeat(auto-fit,minmax(160px,1fr))] gap-3">
      <Figure
        size="m"
        label={t('lastContact')}
        value={status === null || status.lastContactAt === null ? t('never') : ago(status.lastContactAt, now)}
        {...(status === null || status.lastContactAt === null ? {} : { note: dayTime(status.lastContactAt) })}
      />
      <Figure size="m" label={t('waiting')} value={status?.waiting ?? '–'} />
      <Figure
        size="m"
        label={t('oldest')}
        value={oldestAt === null ? '–' : ago(oldestAt, now)}
        note={oldestAt !== null ? dayTime(oldestAt) : status?.waiting === 0 ? t('nothingWaits') : undefined}
      />
      <Figure size="m" label={t('refused')} value={refused ?? '–'} tone={(refused ?? 0) > 0 ? 'danger' : 'plain'} />
      {taskCount !== undefined && (
        <Figure size="m" label={t('tasks')} value={taskCount} tone={taskCount > 0 ? 'warn' : 'plain'} />
      )}
    </div>
  );
}

/** What waits, what was refused and why, what needs a look, and when each terminal was heard last. */
export function SyncScreen() {
  const { t } = useTranslation('sync');
  const session = useSession();
  const status = useLive((live) => live.status);
  const orders = useRows('order');
  const [view, setView] = useState<View>('waiting');
  const [isTesting, setTesting] = useState(false);
  const [orderId, setOrderId] = useState<string>();
  const order = orderId === undefined ? undefined : orders.get(orderId);
  const seesTasks = mayUse(session, 'L3');
  const counts: Partial<Record<View, number>> = { refused: status?.refusedInBranch ?? 0, tasks: status?.tasks ?? 0 };
  const views = VIEWS.filter((key) => key !== 'tasks' || seesTasks);
  return (
    <div className="flex h-full min-h-0 flex-col gap-3 overflow-y-auto px-6 py-5">
      <h1 className="text-2xl font-bold tracking-tight">{t('title')}</h1>
      <section className="flex flex-wrap items-center gap-4 rounded-lg border border-line bg-surface p-4">
        <LinkState />
        <div className="flex flex-wrap gap-3">
          <Button icon={<Route size={20} aria-hidden />} onPress={() => setTesting(true)}>
            {t('path.button')}
          </Button>
          <SendNow />
        </div>
      </section>
      <DataWarnings />
      <Figures taskCount={seesTasks ? status?.tasks : undefined} />
      <section className="flex min-h-[320px] flex-1 flex-col overflow-hidden rounded-lg border border-line bg-surface">
        <header className="no-bar shrink-0 overflow-x-auto px-4 py-3">
          <Tabs
            label={t('lists')}
            tabs={views.map((key) => ({
              key,
              label:
                (counts[key] ?? 0) > 0 ? (
                  <span className="inline-flex items-center gap-2">
                    {t(`tabs.${key}`)} <Badge tone={key === 'refused' ? 'danger' : 'warn'}>{counts[key]}</Badge>
                  </span>
                ) : (
                  t(`tabs.${key}`)
                ),
            }))}
            selected={view}
            onSelect={setView}
          />
        </header>
        {(view === 'waiting' || view === 'recent') && <OutboxList key={view} filter={view} />}
        {view === 'refused' && <RefusedList onOrder={setOrderId} />}
        {view === 'tasks' && <TaskList onOrder={setOrderId} />}
        {view === 'terminals' && <TerminalList />}
      </section>
      {isTesting && <PathTestSheet onClose={() => setTesting(false)} />}
      {order !== undefined && <OrderSheet order={order} onClose={() => setOrderId(undefined)} />}
    </div>
  );
}

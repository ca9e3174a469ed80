import { CircleCheckBig, ClipboardList } from 'lucide-react';
import { useCallback, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Anomaly, isTask } from '#shared/domain/anomaly.ts';
import { shortName } from '../../i18n/format.ts';
import { callTerminal } from '../../state/live.ts';
import { tryRun } from '../../state/run.ts';
import { useRows } from '../../state/selectors.ts';
import { useNamesOf, useTerminalName } from '../../state/terminals.ts';
import { showToast } from '../../state/toasts.ts';
import { useFormats } from '../../state/use-formats.ts';
import { Badge } from '../../ui/Badge.tsx';
import { Button } from '../../ui/Button.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { flagDetail, flagTitle } from '../../ui/flag-text.ts';
import { ReasonPicker } from '../../ui/ReasonPicker.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { Tabs } from '../../ui/Tabs.tsx';
import { VirtualList } from '../../ui/VirtualList.tsx';
import { commandWord } from './command-word.ts';
import { ListState } from './ListState.tsx';
import { useAsked } from './use-asked.ts';

const LIMIT = 200;

interface TaskProps {
  task: Anomaly;
  onOrder: (orderId: string) => void;
  /** Of an open task. */
  onResolve?: () => void;
}

/** Who did what where, and what was done about it. */
function Task({ task, onOrder, onResolve }: TaskProps) {
  const { t } = useTranslation('sync');
  const { t: tOrders } = useTranslation('orders');
  const { dayTime, money } = useFormats();
  const staff = useRows('staff');
  const orders = useRows('order');
  const terminalName = useTerminalName();
  const nameOf = (id: string) => shortName(staff.get(id)?.name ?? tOrders('unknownPerson'));
  const { orderId, amountMinor, refused, resolved } = task;
  const order = orderId === undefined ? undefined : orders.get(orderId);
  const title = refused === undefined ? flagTitle(task, tOrders) : t('wasRefused', { what: commandWord(refused.name) });
  const facts = [
    amountMinor === undefined ? undefined : money(amountMinor),
    order === undefined || order.number === '' ? undefined : tOrders('onOrder', { number: order.number }),
    nameOf(task.actorId),
    terminalName(task.deviceId),
    dayTime(task.at),
    refused === undefined ? flagDetail(task) : refused.message,
  ];
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t border-line px-6 py-3">
      <div className="min-w-0 flex-1 basis-[340px]">
        <p className="break-words font-semibold">{title}</p>
        <p className="num break-words text-[13px] text-ink-3">
          {facts.filter((fact) => fact !== undefined && fact !== '').join(' · ')}
        </p>
        {resolved !== undefined && (
          <p className="num mt-0.5 break-words text-sm text-ink-2">
            <Badge tone="ok" className="mr-2">
              {resolved.decision === undefined ? t('taskDone') : t(`decision.${resolved.decision}`)}
            </Badge>
            {[
              nameOf(resolved.by),
              resolved.approvedBy === undefined
                ? undefined
                : tOrders('approvedBy', { name: nameOf(resolved.approvedBy) }),
              dayTime(resolved.at),
              resolved.note === '' ? undefined : `“${resolved.note}”`,
            ]
              .filter((fact) => fact !== undefined)
              .join(' · ')}
          </p>
        )}
      </div>
      <div className="flex flex-wrap justify-end gap-2">
        {order !== undefined && (
          <Button size="s" variant="link" onPress={() => onOrder(order.id)}>
            {t('showOrder')}
          </Button>
        )}
        {onResolve !== undefined && (
          <Button size="s" aria-label={`${t('resolve')}: ${title}`} onPress={onResolve}>
            {t('resolve')}
          </Button>
        )}
      </div>
    </div>
  );
}

/** Somebody has seen to it, and says how. */
function ResolveSheet({ task, onClose }: { task: Anomaly; onClose: () => void }) {
  const { t } = useTranslation('sync');
  const { t: tOrders } = useTranslation('orders');
  const resolve = async (note: string) => {
    if (!(await tryRun([{ name: 'anomaly.resolve', input: { anomalyId: task.id, note } }]))) return;
    onClose();
    showToast({ tone: 'ok', text: t('resolved') });
  };
  const suggested =
    task.code === 'overpayment' || task.code === 'payment-after-void'
      ? [t('notes.givenBack'), t('notes.tip'), t('notes.guestKnown')]
      : [t('notes.checked'), t('notes.corrected'), t('notes.asked')];
  return (
    <Sheet title={t('resolveTitle')} onClose={onClose}>
      <div className="flex flex-col gap-4 p-6">
        <p className="font-semibold">{flagTitle(task, tOrders)}</p>
        <ReasonPicker
          label={t('resolveHow')}
          reasons={suggested}
          ownLabel={t('resolveOwn')}
          submitLabel={t('resolveGo')}
          onReason={(note) => void resolve(note)}
        />
      </div>
    </Sheet>
  );
}

/** What is open, the latest first; refusals have a list of their own. */
function useOpenTasks(): Anomaly[] {
  const anomalies = useRows('anomaly');
  return useMemo(
    () =>
      [...anomalies.values()]
        .filter(({ code, resolved }) => isTask(code) && code !== 'command-refused' && resolved === undefined)
        .sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : a.id < b.id ? 1 : -1)),
    [anomalies],
  );
}

function OpenTasks({ onOrder }: { onOrder: (orderId: string) => void }) {
  const { t } = useTranslation('sync');
  const tasks = useOpenTasks();
  const [task, setTask] = useState<Anomaly>();
  useNamesOf(tasks.map(({ deviceId }) => deviceId));
  if (tasks.length === 0)
    return <EmptyState icon={<CircleCheckBig size={44} />} title={t('tasksEmpty')} text={t('tasksEmptyHelp')} />;
  return (
    <>
      <VirtualList
        label={t('tabs.tasks')}
        items={tasks}
        keyOf={(each) => each.id}
        rowHeight={68}
        renderRow={(each) => <Task task={each} onOrder={onOrder} onResolve={() => setTask(each)} />}
      />
      {task !== undefined && <ResolveSheet task={task} onClose={() => setTask(undefined)} />}
    </>
  );
}

function DoneTasks({ onOrder }: { onOrder: (orderId: string) => void }) {
  const { t } = useTranslation('sync');
  const ask = useCallback(() => callTerminal('tasks:history', { limit: LIMIT }), []);
  const asked = useAsked(ask);
  useNamesOf((asked.answer?.tasks ?? []).map(({ deviceId }) => deviceId));
  const empty = { icon: <ClipboardList size={44} />, title: t('doneEmpty'), text: t('doneEmptyHelp') };
  return (
    <ListState asked={asked} isEmpty={({ tasks }) => tasks.length === 0} empty={empty}>
      {({ tasks }) => (
        <VirtualList
          label={t('show.done')}
          items={tasks}
          isReadOnly
          keyOf={(task) => task.id}
          rowHeight={92}
          renderRow={(task) => <Task task={task} onOrder={onOrder} />}
        />
      )}
    </ListState>
  );
}

/** What somebody has to look at, and what somebody has seen to. */
export function TaskList({ onOrder }: { onOrder: (orderId: string) => void }) {
  const { t } = useTranslation('sync');
  const [shown, setShown] = useState<'open' | 'done'>('open');
  return (
    <>
      <div className="shrink-0 px-6 pb-3">
        <Tabs
          label={t('show.label')}
          tabs={(['open', 'done'] as const).map((key) => ({ key, label: t(`show.${key}`) }))}
          selected={shown}
          onSelect={setShown}
        />
      </div>
      {shown === 'open' ? <OpenTasks onOrder={onOrder} /> : <DoneTasks onOrder={onOrder} />}
    </>
  );
}

import { BarChart3, TriangleAlert } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { KpiView } from '#shared/contract/bridge.ts';
import { branchDay } from '#shared/domain/branch.ts';
import { localTime } from '#shared/kernel/business-day.ts';
import { openOrders, standingTables, useRows, useTerminal } from '../../state/selectors.ts';
import { useLive } from '../../state/store.ts';
import { useFormats } from '../../state/use-formats.ts';
import { useNow } from '../../state/use-now.ts';
import { Badge } from '../../ui/Badge.tsx';
import { Banner } from '../../ui/Banner.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { dayFlags, daySums, paymentMix, salesByHour, shownHours, topItems } from './day-figures.ts';
import { type KpiNotes, KpiTiles } from './KpiTiles.tsx';
import { LookList } from './LookList.tsx';
import { OpenOrdersList } from './OpenOrdersList.tsx';
import { OrderSheet } from '../../ui/OrderSheet.tsx';
import { Panel } from './Panel.tsx';
import { SalesByHourChart } from './SalesByHourChart.tsx';
import { sourceText } from './source-text.ts';
import { PaymentMix, TopItems } from './Takings.tsx';
import { useAgeText } from './use-age-text.ts';

const TOP = 8;
/** It takes the focus itself: on a quiet day nothing in it does, and keys must scroll it. */
const SCROLLED_BY_KEYS = { tabIndex: 0 };

/** Figures from the rows of this branch, for the business day that runs. */
function useDayRows(now: number) {
  const { branch } = useTerminal();
  const orders = useRows('order');
  const anomalies = useRows('anomaly');
  const day = branchDay(branch, now);
  const nowHour = localTime(now, branch.zone).hour;
  const sums = useMemo(() => daySums(orders.values(), day), [orders, day]);
  const allHours = useMemo(
    () => salesByHour(orders.values(), day, branch.zone, branch.dayStartHour),
    [orders, day, branch],
  );
  const hours = useMemo(() => shownHours(allHours, nowHour), [allHours, nowHour]);
  const top = useMemo(() => topItems(orders.values(), day, TOP), [orders, day]);
  const open = useMemo(() => openOrders(orders), [orders]);
  const flags = useMemo(() => dayFlags(anomalies.values(), day), [anomalies, day]);
  return { sums, hours, nowHour, top, open, flags };
}

/** Adds up hour by hour until now; `undefined` when there is nothing to draw. */
function curve(hours: readonly { hour: number; salesMinor: number }[], nowHour: number): number[] | undefined {
  const end = hours.findIndex(({ hour }) => hour === nowHour);
  let sum = 0;
  const sums = (end === -1 ? hours : hours.slice(0, end + 1)).map(({ salesMinor }) => (sum += salesMinor));
  return sums.length === 0 ? undefined : [0, ...sums];
}

function SourceLine({ view }: { view: KpiView }) {
  const { t } = useTranslation('manager');
  const { time } = useFormats();
  const status = useLive((live) => live.status);
  const { tone, text } = sourceText(view, status, t, time);
  const asOf = t('source.asOf', { time: time(view.asOf) });
  if (tone === 'ok') {
    return (
      <p className="flex items-center gap-2" role="status">
        <Badge tone="ok" className="h-[34px] gap-2 px-3.5 text-sm">
          <i aria-hidden className="size-2 rounded-full bg-current" />
          {text}
        </Badge>
        <span className="num text-sm text-ink-3">{asOf}</span>
      </p>
    );
  }
  return (
    <Banner
      tone="warn"
      icon={<TriangleAlert size={20} className="shrink-0" aria-hidden />}
      className="w-full rounded-m"
    >
      {text} <span className="num font-medium">({asOf})</span>
    </Banner>
  );
}

/** How the day goes: nine live figures, and what is behind them. */
export function ManagerScreen() {
  const { t } = useTranslation('manager');
  const { time, dayTime } = useFormats();
  const view = useLive((live) => live.kpis);
  const status = useLive((live) => live.status);
  const tables = useRows('table');
  const sessions = useRows('session');
  const orders = useRows('order');
  const now = useNow(10_000);
  const age = useAgeText();
  const { sums, hours, nowHour, top, open, flags } = useDayRows(now);
  const shares = useMemo(() => paymentMix(sums), [sums]);
  const [orderId, setOrderId] = useState<string | undefined>();
  const shownOrder = orderId === undefined ? undefined : orders.get(orderId);
  const source = view === null ? undefined : sourceText(view, status, t, time);

  // The rows are what this terminal knows, the figures may know more: a note stands only where both agree.
  const notes: KpiNotes = {};
  const kpis = view?.kpis;
  if (kpis !== undefined) {
    notes.salesMTD = t('note.noComparison');
    if (kpis.salesToday === sums.salesMinor && sums.orders > 0)
      notes.salesToday = t('note.orders', { count: sums.orders });
    const share = (method: 'cash' | 'momo') => shares.find((each) => each.method === method)?.percent;
    const [cash, momo] = [share('cash'), share('momo')];
    const areSharesTrue = kpis.paymentsCash === sums.cashMinor && kpis.paymentsMomo === sums.momoMinor;
    if (areSharesTrue && momo !== undefined) notes.paymentsMomo = t('note.share', { percent: momo });
    if (areSharesTrue && cash !== undefined) notes.paymentsCash = t('note.share', { percent: cash });
    const oldest = open[0];
    if (kpis.openOrders === open.length)
      notes.openOrders =
        oldest === undefined ? t('note.noneOpen') : t('note.oldest', { age: age(oldest.openedAt, now) });
    const tableCount = standingTables(tables).length;
    const seated = [...sessions.values()].filter((session) => session.status === 'seated').length;
    if (kpis.tablesOccupied === seated && tableCount > 0)
      notes.tablesOccupied = t('note.ofTables', { count: tableCount });
  }
  const salesCurve = kpis?.salesToday === sums.salesMinor ? curve(hours, nowHour) : undefined;

  return (
    <div role="region" aria-label={t('title')} {...SCROLLED_BY_KEYS} className="h-full overflow-y-auto">
      <div className="flex min-h-full flex-col gap-3 px-6 py-5">
        <header className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <h1 className="text-2xl font-bold tracking-tight">{t('title')}</h1>
          <span className="num text-ink-3">{dayTime(now).split(',')[0]}</span>
          {view === null ? (
            <Banner tone="warn" icon={<TriangleAlert size={20} aria-hidden />} className="w-full rounded-m">
              {t('source.none')}: <span className="font-medium">{t('source.noneHelp')}</span>
            </Banner>
          ) : (
            <SourceLine view={view} />
          )}
        </header>
        <KpiTiles view={view} mark={source?.mark} notes={notes} salesCurve={salesCurve} />
        <div className="grid flex-1 grid-cols-[1.5fr_1fr_1fr] gap-3 max-[1180px]:grid-cols-2">
          <Panel title={t('byHour')} note={t('rowsNote')} className="min-h-[320px] max-[1180px]:col-span-2">
            {hours.length === 0 ? (
              <EmptyState icon={<BarChart3 size={36} />} title={t('byHourEmpty')} text={t('byHourEmptyHelp')} />
            ) : (
              <SalesByHourChart hours={hours} nowHour={nowHour} />
            )}
          </Panel>
          <Panel
            title={t('look')}
            note={t('lookCount', { count: flags.length })}
            className="h-[360px] min-h-full max-[1180px]:min-h-0"
          >
            <LookList flags={flags} onOpen={setOrderId} />
          </Panel>
          <Panel
            title={t('openOrders')}
            note={open.length > 0 && open.length}
            className="h-[360px] min-h-full max-[1180px]:min-h-0"
          >
            <OpenOrdersList orders={open} now={now} onOpen={setOrderId} />
          </Panel>
        </div>
        <div className="grid grid-cols-2 items-start gap-3">
          <Panel title={t('top')} note={t('rowsNote')}>
            <TopItems items={top} />
          </Panel>
          <Panel title={t('mix')} note={t('rowsNote')}>
            <PaymentMix shares={shares} />
          </Panel>
        </div>
      </div>
      {shownOrder !== undefined && <OrderSheet order={shownOrder} onClose={() => setOrderId(undefined)} />}
    </div>
  );
}

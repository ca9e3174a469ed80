import type { KpiView } from '#shared/contract/bridge.ts';
import type { KpiEvent } from '#shared/contract/cloud-wire.ts';
import type { Kpis } from '#shared/domain/kpi.ts';
import { type Clock, isoAt } from '#shared/kernel/clock.ts';
import type { Store } from '../store/store.ts';

/** The cloud sends its figures at least every 15 s; older ones are not shown as its word any more. */
export const FRESH_MS = 20_000;

/** The branch's figures: the cloud's while they are fresh, else those of this terminal's own store. */
export interface KpiBoard {
  /** The cloud's word. */
  take(event: KpiEvent): void;
  /** The cloud does not answer any more: what it said last is not shown as live, however fresh, until it speaks again. */
  silence(): void;
  view(): KpiView;
  /** Whether the cloud's word is fresh. */
  isLive(): boolean;
}

export function createKpiBoard(store: Store, clock: Clock, deviceId: string, today: () => string): KpiBoard {
  let last: { event: KpiEvent; heardMs: number } | undefined;
  const isLive = (): boolean => last !== undefined && clock.now() - last.heardMs < FRESH_MS;

  const own = (): KpiView => ({
    source: 'terminal',
    asOf: isoAt(clock.now()),
    kpis: ownKpis(store, today()),
    isComplete: false,
    missing: (last?.event.status.terminals ?? [])
      .filter((terminal) => terminal.deviceId !== deviceId)
      .map(({ name, lastHeardAt }) => ({ name, lastHeardAt })),
    oldestUnsyncedAt: store.outbox.counts().oldestWaitingAt,
  });

  return {
    take: (event) => {
      last = { event, heardMs: clock.now() };
    },
    silence: () => {
      if (last !== undefined) last.heardMs = Number.NEGATIVE_INFINITY;
    },
    isLive,
    view: () => {
      if (last === undefined || !isLive()) return own();
      const { kpis, status } = last.event;
      return {
        source: 'cloud',
        asOf: status.asOf,
        kpis,
        isComplete: status.isComplete,
        missing: status.terminals
          .filter((terminal) => !terminal.isOnline || terminal.pendingCount > 0)
          .map(({ name, lastHeardAt }) => ({ name, lastHeardAt })),
        oldestUnsyncedAt: status.oldestUnsyncedAt,
      };
    },
  };
}

/** The nine KPIs as this terminal's view has them: the day's rows are added, live rows are counted by index. */
export function ownKpis(store: Store, today: string): Kpis {
  const { entities, orderDays } = store;
  let salesMTD = 0;
  const sums = { salesMinor: 0, cashMinor: 0, momoMinor: 0 };
  for (const day of orderDays.listSums(`${today.slice(0, 8)}01`, today)) {
    salesMTD += day.salesMinor;
    if (day.day !== today) continue;
    sums.salesMinor = day.salesMinor;
    sums.cashMinor = day.cashMinor;
    sums.momoMinor = day.momoMinor;
  }
  return {
    salesToday: sums.salesMinor,
    salesMTD,
    paymentsMomo: sums.momoMinor,
    paymentsCash: sums.cashMinor,
    openOrders: entities.countByState('order', 'open'),
    tablesOccupied: entities.countByState('session', 'seated'),
    onShiftNow: entities.countByState('shift', 'open'),
    stockAtRisk: entities.countByState('stockItem', 'at-risk'),
    anomaliesToday: entities.countByDay('anomaly', today),
  };
}

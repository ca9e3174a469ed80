import type { DayKpis, Kpis } from '#shared/domain/kpi.ts';

export const NO_KPIS: Kpis = {
  salesToday: 0,
  salesMTD: 0,
  paymentsMomo: 0,
  paymentsCash: 0,
  openOrders: 0,
  tablesOccupied: 0,
  onShiftNow: 0,
  stockAtRisk: 0,
  anomaliesToday: 0,
};
const FIELDS = Object.keys(NO_KPIS) as (keyof Kpis)[];

/** The sum over branches, field by field; nothing but the nine fields. */
export function sumKpis(all: readonly Kpis[]): Kpis {
  const sum = { ...NO_KPIS };
  for (const kpis of all) for (const field of FIELDS) sum[field] += kpis[field];
  return sum;
}

/** The sum of a past day: a count is `null` when one branch has no sample, since a part is not the whole. */
export function sumDayKpis(all: readonly DayKpis[]): DayKpis {
  const sum: DayKpis = { ...NO_KPIS };
  for (const kpis of all) {
    sum.salesToday += kpis.salesToday;
    sum.salesMTD += kpis.salesMTD;
    sum.paymentsMomo += kpis.paymentsMomo;
    sum.paymentsCash += kpis.paymentsCash;
    sum.openOrders = plus(sum.openOrders, kpis.openOrders);
    sum.tablesOccupied = plus(sum.tablesOccupied, kpis.tablesOccupied);
    sum.onShiftNow = plus(sum.onShiftNow, kpis.onShiftNow);
    sum.stockAtRisk = plus(sum.stockAtRisk, kpis.stockAtRisk);
    sum.anomaliesToday = plus(sum.anomaliesToday, kpis.anomaliesToday);
  }
  return sum;
}

function plus(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}

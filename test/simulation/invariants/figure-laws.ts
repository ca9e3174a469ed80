import type { EntityOf } from '#shared/domain/entity.ts';
import type { CloudState, DayRow } from './cloud-state.ts';
import { type Broken, defineLaw } from './law.ts';

type Order = EntityOf<'order'>;

/** Half away from zero, in exact integers: amounts are positive. */
function portion(amount: number, rate: number, of: number): number {
  return Number((2n * BigInt(amount) * BigInt(rate) + BigInt(of)) / (2n * BigInt(of)));
}

/** What a guest owes for an order: the lines that count, with the tax that is not in the price. */
function totalOf(order: Order): number {
  let total = 0;
  for (const line of order.lines) {
    if (line.void !== undefined) continue;
    const amount = line.quantity * line.unitPriceMinor;
    total += amount + (line.tax.mode === 'exclusive' ? portion(amount, line.tax.ratePpm, 1_000_000) : 0);
  }
  return total;
}

type Figures = Omit<DayRow, 'day' | 'orderId'>;
const nothing = (): Figures => ({ salesMinor: 0, cashMinor: 0, momoMinor: 0, cardMinor: 0, orders: 0 });
const FIELDS = Object.keys(nothing()) as (keyof Figures)[];

/** What orders bring each day, counted afresh from their rows. */
export function figuresByDay(orders: Iterable<Order>): Map<string, Figures> {
  const days = new Map<string, Figures>();
  const on = (day: string): Figures => {
    const found = days.get(day) ?? nothing();
    days.set(day, found);
    return found;
  };
  for (const order of orders) {
    if (order.status === 'closed' && order.closedDay !== undefined) {
      on(order.closedDay).salesMinor += totalOf(order);
      on(order.closedDay).orders += 1;
    }
    for (const { method, amountMinor, day, reversal, refunds } of order.payments) {
      const field = ({ cash: 'cashMinor', momo: 'momoMinor', card: 'cardMinor' } as const)[method];
      on(day)[field] += amountMinor;
      if (reversal !== undefined) on(reversal.day)[field] -= amountMinor;
      for (const refund of refunds) {
        on(refund.day)[field] -= refund.amountMinor;
        on(refund.day).salesMinor -= refund.amountMinor;
      }
    }
  }
  return days;
}

/** Names the first figure that differs. Days of which everything is zero need not be there. */
export function figureDifference(
  expected: ReadonlyMap<string, Figures>,
  found: ReadonlyMap<string, Figures>,
): string | undefined {
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    const [wanted, seen] = [expected.get(key) ?? nothing(), found.get(key) ?? nothing()];
    for (const field of FIELDS)
      if (wanted[field] !== seen[field]) return `${field} of ${key}: ${wanted[field]} counted, ${seen[field]} stored`;
  }
  return undefined;
}

/** The cloud's day rows are what its orders say, order by order; rollups are the sums of the day rows. */
export const dayRowsTrue = defineLaw('day-rows-true', ({ cloud }, broken: Broken) => {
  const expected = new Map<string, Figures>();
  for (const order of cloud.list('order'))
    for (const [day, figures] of figuresByDay([order])) expected.set(`${order.id} on ${day}`, figures);
  const found = new Map(cloud.days.map((row) => [`${row.orderId} on ${row.day}`, row]));
  const difference = figureDifference(expected, found);
  if (difference !== undefined) broken(difference);
  const sums = figuresByDay(cloud.list('order'));
  for (const rollup of cloud.rollups) {
    const wanted = new Map([[rollup.day, sums.get(rollup.day) ?? nothing()]]);
    const wrong = figureDifference(wanted, new Map([[rollup.day, rollup]]));
    if (wrong !== undefined) broken(`rollup: ${wrong}`);
  }
});

/** What a terminal adds up for each day is what its own orders say. */
export const terminalDaysTrue = defineLaw('terminal-days-true', ({ world }, broken: Broken) => {
  for (const { name, terminal } of world.terminals) {
    if (terminal === undefined) continue;
    const found = new Map(terminal.dayTotals().map((row) => [row.day, row]));
    const difference = figureDifference(figuresByDay(terminal.list('order')), found);
    if (difference !== undefined) broken(`${name}: ${difference}`);
  }
});

/** The nine figures of a day, counted afresh from the cloud's rows. */
export function countKpis(cloud: CloudState, today: string): Record<string, number> {
  const days = figuresByDay(cloud.list('order'));
  const month = today.slice(0, 7);
  let salesMTD = 0;
  for (const [day, { salesMinor }] of days) if (day.startsWith(month) && day <= today) salesMTD += salesMinor;
  const { salesMinor, momoMinor, cashMinor } = days.get(today) ?? nothing();
  const ANOMALIES = new Set([
    'void-after-send',
    'overpayment',
    'price-not-on-menu',
    'no-sale',
    'cash-short',
    'clock-off',
  ]);
  return {
    salesToday: salesMinor,
    salesMTD,
    paymentsMomo: momoMinor,
    paymentsCash: cashMinor,
    openOrders: cloud.list('order').filter(({ status }) => status === 'open').length,
    tablesOccupied: cloud.list('session').filter(({ status }) => status === 'seated').length,
    onShiftNow: cloud.list('shift').filter(({ status }) => status === 'open').length,
    stockAtRisk: cloud.list('stockItem').filter((item) => !item.isRemoved && item.onHandMilli < item.reorderLevelMilli)
      .length,
    anomaliesToday: cloud.list('anomaly').filter(({ code, day }) => day === today && ANOMALIES.has(code)).length,
  };
}

/** What screens show as figures is what the cloud's rows say, whether the cloud counted them or the terminal. */
export const kpisTrue = defineLaw('kpis-true', ({ world, cloud }, broken: Broken) => {
  for (const sim of world.terminals) {
    const { name, terminal } = sim;
    if (terminal === undefined) continue;
    const today = dayOf(terminal, sim.nowMs());
    const view = terminal.kpis();
    // The cloud counts the day that its own clock says.
    const wanted = countKpis(cloud, view.source === 'cloud' ? dayOf(terminal, world.nowMs()) : today);
    for (const [field, value] of Object.entries(view.kpis))
      if (value !== wanted[field])
        broken(`${name} shows ${field} ${value} (${view.source}'s), the rows say ${wanted[field]}`);
  }
});

/** The business day of the terminal's branch, by its zone and the hour its day begins. */
function dayOf(terminal: { info(): { branch: { zone: string; dayStartHour: number } } }, ms: number): string {
  const { zone, dayStartHour } = terminal.info().branch;
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: zone, hourCycle: 'h23', dateStyle: 'short' });
  return parts.format(new Date(ms - dayStartHour * 3_600_000));
}

/** A terminal that has everything shows what the cloud has: same rows, nothing more, nothing less. */
export const replicaEqual = defineLaw('replica-equal', ({ world, cloud, ledger }, broken: Broken) => {
  const kinds = [...new Set(cloud.rows.map(({ kind }) => kind))];
  for (const sim of world.terminals) {
    const { name, terminal } = sim;
    if (terminal === undefined) continue;
    for (const kind of kinds) {
      // As they are stored: fields of a newer cloud, which this version does not show, are kept too.
      const stored = sim.query<{ id: string; body: string }>(
        // What a cloud that was put back has lost is kept (base_seq 0), and shown: it is more than the cloud has.
        `SELECT id, body FROM entity WHERE kind = ? AND body IS NOT NULL ${ledger.wasCloudRestored ? 'AND base_seq > 0' : ''}`,
        [kind],
      );
      const here = new Map(stored.map(({ id, body }) => [id, JSON.parse(body) as unknown]));
      for (const row of cloud.rows) {
        if (row.kind !== kind) continue;
        const found = here.get(row.id);
        here.delete(row.id);
        const difference = firstDifference(found, row.body);
        if (difference !== undefined) broken(`${name} has ${kind} ${row.id}${difference} (here; in the cloud)`);
      }
      const [more] = here.keys();
      if (more !== undefined) broken(`${name} has ${kind} ${more}, the cloud does not`);
    }
  }
});

/** Where two values part, and how; `undefined` when they are the same but for the order of their fields. */
function firstDifference(here: unknown, there: unknown): string | undefined {
  if (here === there) return undefined;
  const [a, b] = [here, there].map((value) =>
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined,
  );
  if (a === undefined || b === undefined) return `: ${JSON.stringify(here)}; ${JSON.stringify(there)}`;
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const difference = firstDifference(a[key], b[key]);
    if (difference !== undefined) return `.${key}${difference}`;
  }
  return undefined;
}

import type { DayTotals } from '../../src-main/core/terminal.ts';
import type { DayFigures, Expected } from './expected.ts';
import type { FaultCounts } from './faults.ts';

/** The sums of the cloud's KPIs, day by day. */
export interface CloudFigures {
  orders: number;
  revenueMinor: number;
  days: Record<string, DayFigures>;
}

/** What a replay writes: exactly these fields, in this order. */
export interface ReplayResult extends Expected {
  orders: number;
  lines: number;
  skippedLines: number;
  revenueMinor: number;
  commands: number;
  days: Record<string, DayFigures>;
  outbox: { pending: number; rejected: number };
  terminal: { orders: number; revenueMinor: number };
  cloud: CloudFigures;
  equal: boolean;
  faults: FaultCounts;
  elapsedMs: number;
  ordersPerSecond: number;
}

export interface Findings {
  expected: Expected;
  skippedLines: number;
  commands: number;
  outbox: { pending: number; rejected: number };
  terminalDays: readonly DayTotals[];
  cloudDays: Record<string, DayFigures>;
  /** Sales of each month that the cloud names itself, by `YYYY-MM`. */
  cloudMonths: Record<string, number>;
  faults: FaultCounts;
  elapsedMs: number;
}

export function resultOf(findings: Findings): ReplayResult {
  const { expected, outbox, faults, elapsedMs } = findings;
  const terminalDays = Object.fromEntries(findings.terminalDays.map((total) => [total.day, figuresOf(total)]));
  const cloud = { ...sumOf(findings.cloudDays), days: findings.cloudDays };
  return {
    orders: expected.orders,
    lines: expected.lines,
    skippedLines: findings.skippedLines,
    revenueMinor: expected.revenueMinor,
    commands: findings.commands,
    days: expected.days,
    outbox,
    terminal: sumOf(terminalDays),
    cloud,
    equal: differencesIn(findings).length === 0,
    faults,
    elapsedMs: Math.round(elapsedMs),
    ordersPerSecond: Math.round((expected.orders / Math.max(elapsedMs, 1)) * 10_000) / 10,
  };
}

/** Whether a run ends well: the three sums agree, and nothing waits or was refused. */
export function isGood(result: ReplayResult): boolean {
  return result.equal && result.outbox.pending === 0 && result.outbox.rejected === 0;
}

/** Every place where terminal or cloud say something else than the files, in words. */
export function differencesIn({ expected, terminalDays, cloudDays, cloudMonths }: Findings): string[] {
  const found: string[] = [];
  const terminal = Object.fromEntries(terminalDays.map((total) => [total.day, figuresOf(total)]));
  const days = new Set([...Object.keys(expected.days), ...Object.keys(terminal), ...Object.keys(cloudDays)]);
  const nothing: DayFigures = { orders: 0, revenueMinor: 0, cashMinor: 0, momoMinor: 0 };
  for (const day of [...days].sort()) {
    const files = expected.days[day] ?? nothing;
    for (const [where, figures] of [
      ['terminal', terminal[day]],
      ['cloud', cloudDays[day]],
    ] as const) {
      for (const field of ['orders', 'revenueMinor', 'cashMinor', 'momoMinor'] as const) {
        const value = (figures ?? nothing)[field];
        if (value !== files[field])
          found.push(`${day} ${field}: the files say ${files[field]}, the ${where} says ${value}`);
      }
    }
  }
  // A sale that the cloud put on a day nobody asked for would show in its month.
  const months = new Map<string, number>();
  for (const [day, { revenueMinor }] of Object.entries(expected.days)) {
    months.set(day.slice(0, 7), (months.get(day.slice(0, 7)) ?? 0) + revenueMinor);
  }
  for (const [month, revenueMinor] of months) {
    const said = cloudMonths[month];
    if (said !== revenueMinor) found.push(`${month} sales: the files say ${revenueMinor}, the cloud says ${said}`);
  }
  return found;
}

function figuresOf({ orders, salesMinor, cashMinor, momoMinor }: DayTotals): DayFigures {
  return { orders, revenueMinor: salesMinor, cashMinor, momoMinor };
}

function sumOf(days: Record<string, DayFigures>): { orders: number; revenueMinor: number } {
  let orders = 0;
  let revenueMinor = 0;
  for (const day of Object.values(days)) {
    orders += day.orders;
    revenueMinor += day.revenueMinor;
  }
  return { orders, revenueMinor };
}

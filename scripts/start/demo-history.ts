// A week of plausible sales, run as real commands on the demo's own terminal: what the counter would have done.
import { setImmediate } from 'node:timers/promises';
import { ulid } from 'ulid';
import { addDays, businessDayOf } from '#shared/kernel/business-day.ts';
import type { CommandCall } from '#shared/contract/bridge.ts';
import type { Terminal } from '../../src-main/core/terminal.ts';
import { seededRandom } from '../replay/random.ts';
import { DEMO_BRANCH, DEMO_MENU, DEMO_TABLES, VAT, type DemoItem } from './demo-data.ts';

const DAYS = 7;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Kampala keeps UTC+3 all year. */
const ZONE_MS = 3 * HOUR_MS;
const SEED = 20_260_301;
const FLOAT_MINOR = 100_000;
/** Orders an hour on a weekday, from 11:00 to 22:00: lunch and dinner are the peaks. */
const PER_HOUR = [2, 6, 9, 5, 2, 2, 3, 6, 9, 8, 4, 2];
const OPENS_AT = 11;
const WEEKEND_FACTOR = 1.3;
const COOK = 'staff-okello';
const WAITERS = ['staff-amina', 'staff-joseph'];
const CASHIER = 'staff-amina';
const SUPERVISOR = 'staff-brian';

interface PlannedOrder {
  atMs: number;
  paidAtMs: number;
}

/** What a planned day holds; times in ms, in order. */
interface PlannedDay {
  opensAtMs: number;
  orders: PlannedOrder[];
}

function planDay(day: string, random: () => number, nowMs: number): PlannedDay {
  const midnightMs = Date.parse(`${day}T00:00:00Z`) - ZONE_MS;
  const weekday = new Date(`${day}T12:00:00Z`).getUTCDay();
  const factor = weekday === 0 || weekday >= 5 ? WEEKEND_FACTOR : 1;
  const orders: PlannedOrder[] = [];
  PER_HOUR.forEach((perHour, index) => {
    const count = Math.round(perHour * factor * (0.75 + random() * 0.5));
    for (let n = 0; n < count; n += 1) {
      const atMs = Math.round(midnightMs + (OPENS_AT + index + random()) * HOUR_MS);
      orders.push({ atMs, paidAtMs: atMs + Math.round((25 + random() * 35) * MINUTE_MS) });
    }
  });
  // Of today, what is over: nothing is left open.
  const done = orders.filter((order) => order.paidAtMs < nowMs - 10 * MINUTE_MS);
  return { opensAtMs: midnightMs + (OPENS_AT - 0.5) * HOUR_MS, orders: done.sort((a, b) => a.atMs - b.atMs) };
}

const ITEMS: readonly DemoItem[] = DEMO_MENU.flatMap((category) => category.items);
const TOTAL_WEIGHT = ITEMS.reduce((sum, item) => sum + item.weight, 0);

function pickItem(random: () => number): DemoItem {
  let rest = random() * TOTAL_WEIGHT;
  for (const item of ITEMS) {
    rest -= item.weight;
    if (rest <= 0) return item;
  }
  return ITEMS[0] as DemoItem;
}

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)] as T;
}

/** Rounds up to what a guest would hand over. */
function tendered(amountMinor: number, random: () => number): number {
  const note = pick([5_000, 10_000, 20_000, 50_000], random);
  return Math.ceil(amountMinor / note) * note;
}

/** Runs one order from opening to clearing the table; gives the cash that went into the drawer. */
function runOrder(
  terminal: Terminal,
  plan: PlannedOrder,
  shiftId: string,
  random: () => number,
  special: 'void' | 'refund' | 'none',
): number {
  const { atMs, paidAtMs } = plan;
  const orderId = ulid(atMs);
  const waiter = pick(WAITERS, random);
  const isDineIn = random() < 0.72;
  const table = pick(DEMO_TABLES, random);
  const sessionId = ulid(atMs);
  const seating = {
    tableId: table.tableId,
    tableName: table.name,
    seating: { sessionId, guests: 1 + Math.floor(random() * 5) },
  };
  const type = isDineIn ? 'dine-in' : random() < 0.8 ? 'takeaway' : 'delivery';

  const lines = Array.from({ length: 1 + Math.floor(random() * 5) }, () => {
    const item = pickItem(random);
    const quantity = random() < 0.8 ? 1 : 2;
    return { item, quantity, lineId: ulid(atMs), amountMinor: item.priceMinor * quantity };
  });
  const opening: CommandCall[] = [
    { name: 'order.open', input: { orderId, type, ...(isDineIn ? seating : {}) } },
    ...lines.map(({ item, quantity, lineId }) => ({
      name: 'order.addLine',
      input: {
        orderId,
        lineId,
        itemId: item.itemId,
        name: item.name,
        quantity,
        unitPriceMinor: item.priceMinor,
        tax: VAT,
        stationId: item.stationId,
      },
    })),
    { name: 'order.send', input: { orderId, lineIds: lines.map(({ lineId }) => lineId) } },
  ];
  const opened = terminal.execute({ actorId: waiter, atMs, calls: opening });
  const ticketIds = opened.rows.filter((row) => row.kind === 'ticket').map((row) => row.id);

  let dueMinor = lines.reduce((sum, line) => sum + line.amountMinor, 0);
  const [first] = lines;
  if (special === 'void' && first !== undefined && lines.length > 1) {
    const input = { orderId, lineId: first.lineId, reason: 'Guest changed their mind' };
    terminal.execute({ actorId: SUPERVISOR, atMs: atMs + 3 * MINUTE_MS, calls: [{ name: 'order.voidLine', input }] });
    dueMinor -= first.amountMinor;
  }
  const cookedAtMs = atMs + Math.round((8 + random() * 10) * MINUTE_MS);
  const each = (name: string): CommandCall[] => ticketIds.map((ticketId) => ({ name, input: { ticketId } }));
  terminal.execute({ actorId: COOK, atMs: cookedAtMs, calls: [...each('ticket.bump'), ...each('ticket.serve')] });

  const paymentId = ulid(paidAtMs);
  const share = random();
  const method = special === 'refund' || share < 0.45 ? 'cash' : share < 0.85 ? 'momo' : 'card';
  const tenderedMinor = tendered(dueMinor, random);
  const how = {
    cash: { tenderedMinor, changeMinor: tenderedMinor - dueMinor },
    momo: { reference: `MP${Math.floor(random() * 1e9)}` },
    card: { reference: `SLIP ${Math.floor(random() * 1e6)}` },
  }[method];
  const closing: CommandCall[] = [
    { name: 'payment.take', input: { orderId, paymentId, method, amountMinor: dueMinor, shiftId, ...how } },
    { name: 'order.close', input: { orderId } },
    ...(isDineIn ? [{ name: 'session.clear', input: { sessionId } }] : []),
  ];
  terminal.execute({ actorId: waiter, atMs: paidAtMs, calls: closing });
  if (special !== 'refund' || first === undefined) return method === 'cash' ? dueMinor : 0;

  const refund = {
    orderId,
    paymentId,
    refundId: ulid(paidAtMs),
    amountMinor: first.amountMinor,
    reason: 'Served cold',
    shiftId,
  };
  terminal.execute({
    actorId: SUPERVISOR,
    atMs: paidAtMs + 5 * MINUTE_MS,
    calls: [{ name: 'payment.refund', input: refund }],
  });
  return dueMinor - first.amountMinor;
}

function runDay(terminal: Terminal, plan: PlannedDay, daysAgo: number, random: () => number): void {
  const last = plan.orders.at(-1);
  if (last === undefined) return;
  const shiftId = ulid(plan.opensAtMs);
  const act = (actorId: string, atMs: number, name: string, input: Record<string, unknown>): void =>
    void terminal.execute({ actorId, atMs, calls: [{ name, input }] });
  act(CASHIER, plan.opensAtMs, 'shift.open', { shiftId, floatMinor: FLOAT_MINOR });

  let drawerMinor = FLOAT_MINOR;
  plan.orders.forEach((order, index) => {
    const isVoid = index % 29 === 11;
    const isRefund = daysAgo === 3 && index === 20;
    drawerMinor += runOrder(terminal, order, shiftId, random, isVoid ? 'void' : isRefund ? 'refund' : 'none');
  });
  const closesAtMs = Math.max(...plan.orders.map((order) => order.paidAtMs)) + 8 * MINUTE_MS;
  if (daysAgo === 5) act(SUPERVISOR, closesAtMs - MINUTE_MS, 'shift.noSale', { shiftId, reason: 'Change for a guest' });
  const countedMinor = drawerMinor - (daysAgo === 2 ? 2_000 : 0);
  act(CASHIER, closesAtMs, 'shift.close', { shiftId, countedMinor, expectedMinor: drawerMinor });
}

/** The last seven business days and today so far. Everything is closed at the end. Returns how many orders there were. */
export async function runDemoHistory(
  terminal: Terminal,
  nowMs: number,
  onDay: (done: number, days: number) => void,
): Promise<number> {
  const random = seededRandom(SEED);
  const today = businessDayOf(nowMs, DEMO_BRANCH.zone, DEMO_BRANCH.dayStartHour);
  let orders = 0;
  for (let daysAgo = DAYS; daysAgo >= 0; daysAgo -= 1) {
    const plan = planDay(addDays(today, -daysAgo), random, nowMs);
    orders += plan.orders.length;
    runDay(terminal, plan, daysAgo, random);
    onDay(DAYS - daysAgo + 1, DAYS + 1);
    // Executing is synchronous: give the replicator its turn.
    await setImmediate();
  }
  return orders;
}

import { branchDay, type Branch } from '#shared/domain/branch.ts';
import type { EntityOf, Kind, Put } from '#shared/domain/entity.ts';
import { dayFacts } from '#shared/domain/kpi.ts';
import { countsAsAnomaly } from '#shared/domain/anomaly.ts';
import { isAtRisk } from '#shared/domain/stock.ts';
import { ulid } from 'ulid';

/** `SCENE`: `busy` (an evening), `huge` (500 of everything, long names), `incomplete`, `terminal`. */
const scene = process.env['SCENE'] ?? '';
const TICKETS = scene === 'huge' ? 500 : 14;

type Call = { name: string; input: Record<string, unknown> };
interface Tools {
  execute: (calls: Call[], actorId: string, approvedBy?: string, atMs?: number) => unknown;
  seed: (kind: Kind, body: Record<string, unknown> & { id: string }) => unknown;
  line: (orderId: string, item: number, quantity?: number, note?: string) => Call;
  rows: Map<string, Put>;
}

const MINUTE = 60_000;
const ago = (minutes: number) => Date.now() - minutes * MINUTE;
const of = <K extends Kind>(rows: Map<string, Put>, kind: K) =>
  [...rows.values()].filter((row) => row.kind === kind).map((row) => row.body as EntityOf<K>);

export function playScene({ execute, seed, line, rows }: Tools): void {
  if (scene === 'none') return;
  const stock: [string, string, number, number][] = [
    ['Flour', 'kg', 12_500, 20_000],
    ['Cooking oil', 'l', 0, 10_000],
    ['Chicken, whole', 'piece', 42_000, 30_000],
    ['Nile perch fillet', 'kg', 7_250, 5_000],
    ['Soda, 30 cl', 'crate', -1_000, 4_000],
    ['Tomatoes', 'kg', 18_000, 10_000],
    ['Charcoal', 'bag', 3_000, 0],
    ['Long-grain rice from the cooperative in Doho, second quality, for staff meals', 'kg', 1_234_567, 100_000],
  ];
  stock.forEach(([name, unit, onHandMilli, reorderLevelMilli], index) =>
    seed('stockItem', {
      id: `st${index}`,
      branchId: 'b1',
      name,
      unit,
      onHandMilli,
      reorderLevelMilli,
      isRemoved: false,
    }),
  );
  if (scene === 'huge')
    for (let index = 0; index < 492; index += 1)
      seed('stockItem', {
        id: `sx${index}`,
        branchId: 'b1',
        name: `Ingredient ${index}`,
        unit: 'kg',
        onHandMilli: (index * 377) % 40_000,
        reorderLevelMilli: 9_000,
        isRemoved: false,
      });
  // Closed orders over the day.
  for (let index = 0; index < 60; index += 1) {
    const at = ago(9 * 60 - index * 8.5);
    const orderId = `c${index}`;
    const first = line(orderId, index % 24, (index % 3) + 1);
    const second = line(orderId, (index * 7 + 3) % 24, 1);
    const price = (call: Call) => Number(call.input['unitPriceMinor']) * Number(call.input['quantity']);
    const same = first.input['lineId'] === second.input['lineId'];
    const amountMinor = price(first) + (same ? 0 : price(second));
    const method = index % 5 === 0 ? 'card' : index % 2 === 0 ? 'cash' : 'momo';
    execute(
      [
        { name: 'order.open', input: { orderId, type: index % 3 === 0 ? 'takeaway' : 'dine-in' } },
        first,
        ...(same ? [] : [second]),
        {
          name: 'payment.take',
          input: {
            orderId,
            paymentId: `p${index}`,
            method,
            amountMinor,
            ...(method === 'momo' ? { reference: `MP${index}` } : {}),
          },
        },
        { name: 'order.close', input: { orderId } },
      ],
      index % 2 === 0 ? 'anna' : 'moses',
      undefined,
      at,
    );
  }
  // The kitchen's evening.
  for (let index = 0; index < TICKETS; index += 1) {
    const orderId = `k${index}`;
    const isTable = index % 3 !== 1;
    const age = scene === 'huge' ? (500 - index) / 8 : ([26, 24, 17, 13, 11, 9, 8, 7, 6, 5, 4, 3, 2, 0.5][index] ?? 1);
    const lines = [line(orderId, (index * 3 + 3) % 10, (index % 3) + 1, index % 4 === 0 ? 'Extra kachumbari' : '')];
    if (index % 2 === 0)
      lines.push(line(orderId, (index * 3 + 4) % 10, 2, index === 2 ? '1 without groundnut: ALLERGY' : ''));
    if (index % 5 === 0) lines.push(line(orderId, 24, 1, 'Well done · no chilli'));
    if (index === 6) for (let more = 10; more < 24; more += 1) lines.push(line(orderId, more, 1));
    if (index % 4 === 3) lines.push(line(orderId, 12, 2));
    const lineIds = lines.map((each) => each.input['lineId']);
    const seating = { sessionId: `ks${index}`, guests: (index % 5) + 1 };
    const name = index === 9 ? 'Terrace by the big mango tree' : `T ${index + 1}`;
    const open = isTable
      ? { type: 'dine-in', tableId: `t${(index % 14) + 1}`, tableName: name, seating }
      : { type: index % 2 === 0 ? 'takeaway' : 'delivery' };
    execute(
      [
        { name: 'order.open', input: { orderId, ...open } },
        ...lines,
        { name: 'order.send', input: { orderId, lineIds } },
      ],
      index % 2 === 0 ? 'anna' : 'ruth',
      undefined,
      ago(age),
    );
    if (index === 1)
      execute(
        [
          {
            name: 'ticket.bumpLine',
            input: {
              ticketId: of(rows, 'ticket').findLast((ticket) => ticket.orderId === orderId)?.id,
              lineId: lineIds[0],
            },
          },
        ],
        'sam',
        undefined,
        ago(age - 1),
      );
    if (index === 3)
      execute(
        [{ name: 'order.voidLine', input: { orderId, lineId: lineIds[0], reason: 'Guest left' } }],
        'moses',
        'ruth',
        ago(2),
      );
    if (index === 5) {
      const more = line(orderId, 9, 1);
      execute(
        [more, { name: 'order.send', input: { orderId, lineIds: [more.input['lineId']] } }],
        'anna',
        undefined,
        ago(1),
      );
    }
    if (index === 7)
      execute([{ name: 'order.void', input: { orderId, reason: 'Wrong table' } }], 'moses', 'ruth', ago(1));
    if (index === 4 || index === 8)
      for (const ticket of of(rows, 'ticket'))
        if (ticket.orderId === orderId)
          execute([{ name: 'ticket.bump', input: { ticketId: ticket.id } }], 'sam', undefined, ago(1));
  }
  execute(
    [{ name: 'shift.noSale', input: { shiftId: 's1', reason: 'Change for the guard' } }],
    'ruth',
    undefined,
    ago(75),
  );
  if (scene === 'huge')
    for (let index = 0; index < 300; index += 1)
      seed('anomaly', {
        id: `a${index}`,
        branchId: 'b1',
        code: index % 2 === 0 ? 'cash-short' : 'payment-unmatched',
        day: branchDay({ zone: 'Africa/Kampala', dayStartHour: 4 } as Branch, Date.now()),
        at: new Date(ago(index)).toISOString(),
        deviceId: 'dev1',
        actorId: 'sam',
        commandId: ulid(),
        amountMinor: 1_234_567_000 + index,
      });
}

export function sceneKpis(rows: Map<string, Put>, branch: unknown): unknown {
  const day = branchDay(branch as Branch, Date.now());
  const kpis = {
    salesToday: 0,
    salesMTD: scene === 'huge' ? 987_654_321_000 : 71_940_500,
    paymentsMomo: 0,
    paymentsCash: 0,
    openOrders: 0,
    tablesOccupied: 0,
    onShiftNow: 0,
    stockAtRisk: 0,
    anomaliesToday: 0,
  };
  for (const order of of(rows, 'order')) {
    if (order.status === 'open') kpis.openOrders += 1;
    for (const fact of dayFacts(order)) {
      if (fact.day !== day) continue;
      kpis.salesToday += fact.salesMinor;
      kpis.salesMTD += fact.salesMinor;
      kpis.paymentsMomo += fact.momoMinor;
      kpis.paymentsCash += fact.cashMinor;
    }
  }
  kpis.tablesOccupied = of(rows, 'session').filter((session) => session.status === 'seated').length;
  kpis.onShiftNow = of(rows, 'shift').filter((shift) => shift.status === 'open').length;
  kpis.stockAtRisk = of(rows, 'stockItem').filter(isAtRisk).length;
  kpis.anomaliesToday = of(rows, 'anomaly').filter(
    (anomaly) => anomaly.day === day && countsAsAnomaly(anomaly.code),
  ).length;
  const missing = scene === 'incomplete' ? [{ name: 'Bar 2', lastHeardAt: new Date(ago(340)).toISOString() }] : [];
  return {
    source: scene === 'terminal' ? 'terminal' : 'cloud',
    asOf: new Date().toISOString(),
    kpis,
    isComplete: missing.length === 0,
    missing,
    oldestUnsyncedAt: null,
  };
}

export function sceneOutbox(filter: string): unknown {
  if (scene === 'none') return { items: [], total: 0 };
  const item = (seq: number, more: Record<string, unknown>) => ({
    id: ulid(),
    seq,
    endpoint: 'POST /pos/orders/k3/payments',
    name: 'payment.take',
    status: 'PENDING',
    attempts: 0,
    createdAt: new Date(ago(90 - seq / 3)).toISOString(),
    lastError: null,
    flags: [],
    ...more,
  });
  if (filter === 'refused')
    return {
      items: [
        item(1, {
          status: 'FAILED',
          attempts: 2,
          name: 'order.voidLine',
          endpoint: 'POST /pos/orders/k5/lines/k5l3/void',
          lastError: { code: 'auth/forbidden', message: 'This needs a higher level. Ask a supervisor or a manager.' },
        }),
      ],
      total: 1,
    };
  const count = scene === 'huge' ? 200 : 6;
  const names = ['order.open', 'order.addLine', 'order.send', 'payment.take', 'order.close', 'stock.adjust'];
  const endpoints = [
    'POST /pos/orders',
    'POST /pos/orders/k3/lines',
    'POST /pos/orders/k3/send-to-kitchen',
    'POST /pos/orders/k3/payments',
    'POST /pos/orders/k3/close',
    'POST /stock/items/st0/adjustments',
  ];
  const items = Array.from({ length: count }, (_, index) =>
    item(index, {
      name: names[index % 6],
      endpoint: endpoints[index % 6],
      status: filter === 'recent' ? 'SUCCESS' : index === 0 ? 'REPLAYING' : 'PENDING',
      attempts: index === 0 ? 3 : 0,
      lastError:
        filter === 'waiting' && index === 0 ? { code: 'server/busy', message: 'The cloud did not answer.' } : null,
      flags: filter === 'recent' && index === 3 ? ['overpayment'] : [],
    }),
  );
  return { items, total: scene === 'huge' ? 4_210 : count };
}

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines } from '../../helpers/engines.ts';
import { Ledger } from '../ledger/ledger.ts';
import { Finding, type SimTerminal, type SimWorld } from '../sim-types.ts';
import { type CloudCommand, type CloudRow, type CloudTables, readCloudState, stateOf } from './cloud-state.ts';
import * as commandLaws from './command-laws.ts';
import * as figureLaws from './figure-laws.ts';
import type { Law } from './law.ts';
import * as moneyLaws from './money-laws.ts';
import * as orderLaws from './order-laws.ts';
import { SmallWorld } from './small-world.ts';
import { SoleActorLaws } from './sole-actor-laws.ts';
import { ViewLaws } from './view-laws.ts';

let world: SmallWorld;
let tables: CloudTables;

/** A run as everything began to be tried on: true, and open to being falsified. */
interface Falsified {
  tables: CloudTables;
  confirmed: SmallWorld['confirmed'];
  world: SimWorld & { terminals: SimTerminal[] };
}

/** The world with other terminals. */
const worldWith = (terminals: SimTerminal[]): Falsified['world'] => ({
  seed: world.seed,
  branch: world.branch,
  cloud: world.cloud,
  nowMs: () => world.nowMs(),
  terminals,
});

function ledgerOf(confirmed: SmallWorld['confirmed']): Ledger {
  const ledger = new Ledger();
  for (const command of confirmed) ledger.confirmed(command);
  return ledger;
}

function copy(): Falsified {
  const { commands, rows, days, rollups, watermarks, counters } = structuredClone({
    ...tables,
    command: undefined,
    row: undefined,
    list: undefined,
    find: undefined,
  });
  return {
    tables: { commands, rows, days, rollups, watermarks, counters },
    confirmed: structuredClone(world.confirmed),
    world: worldWith([...world.terminals]),
  };
}

/** A terminal that tells its outbox otherwise. */
function withOutbox(sim: SimTerminal, change: (row: Record<string, unknown>) => void): SimTerminal {
  return {
    ...sim,
    query: <T>(text: string, parameters?: readonly unknown[]) => {
      const rows = sim.query<T>(text, parameters);
      for (const row of rows) change(row as Record<string, unknown>);
      return rows;
    },
  };
}

/** A terminal that shows rows otherwise. */
function withView(sim: SimTerminal, change: (kind: string, body: Record<string, unknown>) => void): SimTerminal {
  const { terminal } = sim;
  if (terminal === undefined) throw new Error('it is down');
  const falsified = <T>(kind: string, body: T): T => {
    const other = structuredClone(body);
    if (other !== undefined) change(kind, other as Record<string, unknown>);
    return other;
  };
  return {
    ...sim,
    terminal: {
      ...terminal,
      find: (kind, id) => falsified(kind, terminal.find(kind, id)),
      list: (kind) => terminal.list(kind).map((body) => falsified(kind, body)),
    },
  };
}

const command = ({ tables: { commands } }: Falsified, name: string): CloudCommand =>
  only(commands.find((each) => each.name === name && each.status === 'applied'));
const row = ({ tables: { rows } }: Falsified, kind: string, fits: (body: never) => boolean = () => true): CloudRow =>
  only(rows.find((each) => each.kind === kind && fits(each.body as never)));
const paidOrder = (state: Falsified): { payments: Record<string, unknown>[] } =>
  row(state, 'order', (order: { payments: unknown[] }) => order.payments.length > 0).body as never;

function only<T>(found: T | undefined): T {
  if (found === undefined) throw new Error('the run has none of that');
  return found;
}

beforeAll(async () => {
  const [engine] = engines;
  world = await SmallWorld.open(await only(engine).open(), 11, 3);
  await world.work(260, [
    'payment.reverse',
    'payment.refund',
    'order.close',
    'shift.noSale',
    'order.voidLine',
    'ticket.bump',
  ]);
  await world.heal();
  tables = await readCloudState(world);
});

afterAll(async () => {
  await world.close();
});

/** How each law is broken. A law without a way to be broken would be one that cannot fail. */
const breaks: Record<string, [law: Law, how: (state: Falsified) => void][]> = {
  'nothing-lost': [
    [
      commandLaws.nothingLost,
      (state) => {
        state.tables.commands.pop();
        state.world.terminals = state.world.terminals.map((sim) => ({ ...sim, query: () => [] }));
      },
    ],
  ],
  'same-text': [[commandLaws.sameText, (state) => (command(state, 'payment.take').input['amountMinor'] = 7)]],
  'device-order': [[commandLaws.deviceOrder, (state) => void state.tables.commands.reverse()]],
  'gap-free-series': [
    [commandLaws.gapFreeSeries, (state) => (only(state.tables.watermarks[0]).seq += 1)],
    [commandLaws.gapFreeSeries, (state) => (only(state.tables.commands.at(-1)).seq = 9_999)],
  ],
  'gap-free-outbox': [
    [
      commandLaws.gapFreeOutbox,
      (state) => {
        state.world.terminals = state.world.terminals.map((sim) =>
          withOutbox(sim, (each) => (each['seq'] = Number(each['seq']) * 2)),
        );
      },
    ],
    [
      commandLaws.gapFreeOutbox,
      (state) => {
        state.world.terminals = state.world.terminals.map((sim) => withOutbox(sim, (each) => (each['id'] = 'same')));
      },
    ],
  ],
  'counters-lead': [
    [commandLaws.countersLead, (state) => state.tables.counters.clear()],
    [commandLaws.countersLead, (state) => (only(state.tables.rows.at(-1)).seq = only(state.tables.rows.at(-2)).seq)],
  ],
  'physical-never-refused': [
    [commandLaws.physicalNeverRefused, (state) => (command(state, 'payment.take').status = 'rejected')],
  ],
  'nothing-fails-inside': [
    [commandLaws.nothingFailsInside, (state) => (command(state, 'payment.take').flags = ['failed-inside'])],
  ],
  'refusal-said': [[commandLaws.refusalSaid, (state) => (command(state, 'order.addLine').status = 'rejected')]],
  'answered-is-stored': [[commandLaws.answeredIsStored, (state) => void state.tables.commands.pop()]],
  'all-answered': [
    [
      commandLaws.allAnswered,
      (state) => {
        state.world.terminals = state.world.terminals.map((sim) =>
          withOutbox(sim, (each) => (each['status'] = 'PENDING')),
        );
      },
    ],
    [commandLaws.allAnswered, (state) => (command(state, 'order.addLine').status = 'rejected')],
    [commandLaws.allAnswered, (state) => void state.tables.commands.pop()],
  ],
  receipts: [
    [
      commandLaws.receiptsUnique,
      (state) => {
        const [first, second] = state.tables.commands.filter(({ name }) => name === 'order.open');
        only(first).input['number'] = only(second).input['number'];
      },
    ],
    [commandLaws.receiptsUnique, (state) => (command(state, 'order.open').input['number'] = 'T9-0002')],
  ],
  'payments-once': [
    [moneyLaws.paymentsOnce, (state) => void paidOrder(state).payments.pop()],
    [moneyLaws.paymentsOnce, (state) => (only(paidOrder(state).payments[0])['amountMinor'] = 3)],
    [moneyLaws.paymentsOnce, (state) => (only(paidOrder(state).payments[0])['id'] = 'foreign')],
    [
      moneyLaws.paymentsOnce,
      (state) => {
        const payment = only(paidOrder(state).payments[0]);
        (
          row(state, 'order', (order: { payments: unknown[] }) => order.payments.length === 0).body as never as {
            payments: unknown[];
          }
        ).payments.push(payment);
      },
    ],
  ],
  'given-back-once': [
    [moneyLaws.givenBackOnce, (state) => forPayments(state, (payment) => (payment['refunds'] = []))],
    [moneyLaws.givenBackOnce, (state) => forPayments(state, (payment) => delete payment['reversal'])],
    [
      moneyLaws.givenBackOnce,
      (state) =>
        forPayments(state, (payment) => {
          const refunds = payment['refunds'] as unknown[];
          payment['refunds'] = [...refunds, ...refunds];
        }),
    ],
  ],
  'books-balance': [
    [moneyLaws.booksBalance, (state) => forPayments(state, (payment) => (payment['method'] = 'card'))],
    [moneyLaws.booksBalance, (state) => forPayments(state, (payment) => delete payment['shiftId'])],
  ],
  'shifts-stand': [
    [moneyLaws.shiftsStand, (state) => forRows(state, 'shift', (shift) => (shift['floatMinor'] = 1))],
    [
      moneyLaws.shiftsStand,
      (state) => forRows(state, 'shift', (shift) => (shift['status'] = shift['status'] === 'open' ? 'closed' : 'open')),
    ],
    [moneyLaws.shiftsStand, (state) => forRows(state, 'shift', (shift) => (shift['noSales'] = [1, 2, 3, 4, 5, 6, 7]))],
  ],
  'lines-once': [
    [orderLaws.linesOnce, (state) => forRows(state, 'order', (order) => (order['lines'] = []))],
    [orderLaws.linesOnce, (state) => forLines(state, (line) => (line['quantity'] = 99))],
    [orderLaws.linesOnce, (state) => forLines(state, (line) => (line['unitPriceMinor'] = 1))],
  ],
  'sent-once': [
    [orderLaws.sentOnce, (state) => forRows(state, 'ticket', (ticket) => (ticket['lines'] = []))],
    [orderLaws.sentOnce, (state) => state.tables.rows.push({ ...row(state, 'ticket'), id: 'again' })],
  ],
  'closed-stays': [
    [
      orderLaws.closedStays,
      (state) => (row(state, 'order', ({ status }: { status: string }) => status === 'closed').body['status'] = 'open'),
    ],
    [
      orderLaws.closedStays,
      (state) => (row(state, 'order', ({ status }: { status: string }) => status === 'open').body['status'] = 'voided'),
    ],
  ],
  'closed-is-final': [
    [
      orderLaws.closedIsFinal,
      (state) => {
        const { commands } = state.tables;
        const [closing] = commands.splice(commands.indexOf(command(state, 'order.close')), 1);
        commands.unshift(only(closing));
      },
    ],
  ],
  'orders-opened': [
    [orderLaws.ordersOpened, (state) => forRows(state, 'order', (order) => (order['number'] = 'T0-0000'))],
  ],
  'stock-adds-up': [
    [orderLaws.stockAddsUp, (state) => forRows(state, 'stockItem', (item) => (item['onHandMilli'] = 1))],
    [orderLaws.stockAddsUp, (state) => (row(state, 'stockMovement').body['deltaMilli'] = 1)],
  ],
  'day-rows-true': [
    [figureLaws.dayRowsTrue, (state) => (only(state.tables.days[0]).salesMinor += 1)],
    [figureLaws.dayRowsTrue, (state) => void state.tables.days.splice(0)],
  ],
  'terminal-days-true': [
    [
      figureLaws.terminalDaysTrue,
      (state) => {
        state.world.terminals = state.world.terminals.map((sim) =>
          withView(sim, (kind, body) => {
            if (kind === 'order') body['payments'] = [];
          }),
        );
      },
    ],
  ],
  'replica-equal': [
    [figureLaws.replicaEqual, (state) => (row(state, 'order').body['number'] = 'another')],
    [
      figureLaws.replicaEqual,
      (state) => void state.tables.rows.splice(state.tables.rows.indexOf(row(state, 'order')), 1),
    ],
  ],
  'kpis-true': [
    [figureLaws.kpisTrue, (state) => forRows(state, 'order', (order) => (order['status'] = 'closed'))],
    [figureLaws.kpisTrue, (state) => forPayments(state, (payment) => (payment['day'] = '2020-01-01'))],
  ],
};

function forRows(state: Falsified, kind: string, change: (body: Record<string, unknown>) => void): void {
  for (const each of state.tables.rows) if (each.kind === kind) change(each.body);
}
function forLines(state: Falsified, change: (line: Record<string, unknown>) => void): void {
  forRows(state, 'order', ({ lines }) => (lines as Record<string, unknown>[]).forEach((each) => change(each)));
}
function forPayments(state: Falsified, change: (payment: Record<string, unknown>) => void): void {
  forRows(state, 'order', ({ payments }) => (payments as Record<string, unknown>[]).forEach((each) => change(each)));
}

function findingOf(check: () => void): string {
  try {
    check();
  } catch (error) {
    if (error instanceof Finding) return error.invariant;
    throw error;
  }
  return 'green';
}

describe('laws of a run', () => {
  test('a run without faults breaks none', async () => {
    await expect(world.checks.atEnd()).resolves.toBeUndefined();
  });

  test('every law has a way to be broken', () => {
    const laws = [commandLaws, moneyLaws, orderLaws, figureLaws].flatMap((file) =>
      Object.values(file).filter((each): each is Law => typeof each === 'object' && 'holds' in each),
    );
    expect(laws.map(({ name }) => name).toSorted()).toEqual(Object.keys(breaks).toSorted());
  });

  test.each(Object.entries(breaks))('%s goes red', (name, ways) => {
    for (const [law, how] of ways) {
      const state = copy();
      how(state);
      const facts = { world: state.world, ledger: ledgerOf(state.confirmed), cloud: stateOf(state.tables) };
      expect({ found: findingOf(() => law.holds(facts)), how: how.toString() }).toMatchObject({ found: name });
    }
  });
});

describe('what screens show', () => {
  const shown = (change: (kind: string, body: Record<string, unknown>) => void): SimWorld =>
    worldWith(world.terminals.map((sim) => withView(sim, change)));
  const own = (change: (kind: string, body: Record<string, unknown>) => void): string =>
    findingOf(() => new ViewLaws(shown(change), ledgerOf(world.confirmed)).check(true));

  test('own commands are shown', () => {
    expect(own(() => undefined)).toBe('green');
    const without = (field: string) => (_kind: string, body: Record<string, unknown>) => void (body[field] &&= []);
    expect(own(without('payments'))).toBe('own-state-kept');
    expect(own(without('lines'))).toBe('own-state-kept');
    expect(own((kind, body) => void (kind === 'order' && (body['status'] = 'open')))).toBe('own-state-kept');
    expect(own((kind, body) => void (kind === 'order' && (body['number'] = '')))).toBe('own-state-kept');
    expect(own((kind, body) => void (kind === 'shift' && (body['floatMinor'] = 1)))).toBe('own-state-kept');
    const unsent = (_kind: string, body: Record<string, unknown>): void => {
      for (const line of (body['lines'] ?? []) as Record<string, unknown>[]) delete line['sentAt'];
    };
    expect(own(unsent)).toBe('own-state-kept');
    const unrefunded = (_kind: string, body: Record<string, unknown>): void => {
      for (const payment of (body['payments'] ?? []) as Record<string, unknown>[]) payment['refunds'] = [];
    };
    expect(own(unrefunded)).toBe('own-state-kept');
  });

  test("another's payment that was shown stays, and what was closed stays closed", () => {
    for (const [field, value, name] of [
      ['payments', [], 'paid-stays-paid'],
      ['status', 'open', 'closed-stays-closed'],
    ] as const) {
      let isFalse = false;
      const laws = new ViewLaws(
        shown((kind, body) => void (isFalse && kind === 'order' && (body[field] = value))),
        // Nobody here did it: only what was seen counts.
        onlyOpenings(),
      );
      laws.check(true);
      isFalse = true;
      expect(findingOf(() => laws.check(true))).toBe(name);
    }
  });

  test('what one terminal alone has touched is shown as it left it', () => {
    const ledger = ledgerOf(world.confirmed);
    expect(
      findingOf(() =>
        new SoleActorLaws(
          shown(() => undefined),
          ledger,
        ).check(true),
      ),
    ).toBe('green');
    const bumped = shown((kind, body) => void (kind === 'ticket' && (body['status'] = 'new')));
    expect(findingOf(() => new SoleActorLaws(bumped, ledger).check(true))).toBe('sole-actor');
    let factor = 1;
    const stocked = shown(
      (kind, body) => void (kind === 'stockItem' && (body['onHandMilli'] = Number(body['onHandMilli']) * factor)),
    );
    const laws = new SoleActorLaws(stocked, soleStock());
    laws.check(true);
    factor = 2;
    expect(findingOf(() => laws.check(true))).toBe('sole-actor');
  });

  const onlyOpenings = (): Ledger =>
    ledgerOf(
      world.confirmed.filter(({ name }) => name === 'order.open').map((each) => ({ ...each, deviceId: 'nobody' })),
    );
  const soleStock = (): Ledger => {
    const moved = world.confirmed.filter(({ name }) => name === 'stock.adjust');
    return ledgerOf(moved.map((each) => ({ ...each, deviceId: only(world.terminals[0]).deviceId })));
  };
});

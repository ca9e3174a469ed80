import type { EntityOf } from '#shared/domain/entity.ts';
import { baseOrderId, type Deed, numberOf, possibleOrders, textOf, textsOf } from '../ledger/deed.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type ConfirmedCommand, Finding, type SimTerminal, type SimWorld } from '../sim-types.ts';

type Order = EntityOf<'order'>;
type View = NonNullable<SimTerminal['terminal']>;

// How much is looked at after a step: what was confirmed last, and a piece of all the rest, turn by turn.
const NEWEST = 16;
const TURN = 12;

/** What a screen must show of one command of its own terminal; says what is missing. */
type Fact = (view: View) => string | undefined;

const ordersOf = (view: View, deed: Deed): Order[] =>
  possibleOrders(textOf(deed, 'orderId'), deed.deviceId)
    .map((id) => view.find('order', id))
    .filter((order) => order !== undefined);

function paymentOn(orders: readonly Order[], id: string): Order['payments'][number] | undefined {
  for (const order of orders) for (const payment of order.payments) if (payment.id === id) return payment;
  return undefined;
}

function factOf(deed: ConfirmedCommand, isRemoved: (lineId: string) => boolean): Fact | undefined {
  switch (deed.name) {
    case 'order.open':
      return (view) => {
        const order = view.find('order', textOf(deed, 'orderId'));
        return order?.number === textOf(deed, 'number') ? undefined : `the order ${textOf(deed, 'orderId')}`;
      };
    case 'order.addLine': {
      const lineId = textOf(deed, 'lineId');
      return (view) => {
        if (isRemoved(lineId)) return undefined;
        const isThere = ordersOf(view, deed).some((order) => order.lines.some(({ id }) => id === lineId));
        return isThere ? undefined : `line ${lineId} on ${textOf(deed, 'orderId')}`;
      };
    }
    case 'order.send':
      return (view) => {
        const lines = ordersOf(view, deed).flatMap((order) => order.lines);
        const wanted = new Set(textsOf(deed, 'lineIds'));
        const open = lines.find((line) => wanted.has(line.id) && line.sentAt === undefined && line.void === undefined);
        return open === undefined ? undefined : `line ${open.id} as sent`;
      };
    case 'order.close': {
      const orderId = textOf(deed, 'orderId');
      if (baseOrderId(orderId) !== orderId) return undefined;
      return (view) => (view.find('order', orderId)?.status === 'open' ? `order ${orderId} as closed` : undefined);
    }
    case 'payment.take': {
      const id = textOf(deed, 'paymentId');
      return (view) => {
        const payment = paymentOn(ordersOf(view, deed), id);
        return payment?.amountMinor === numberOf(deed, 'amountMinor')
          ? undefined
          : `payment ${id} on ${textOf(deed, 'orderId')}`;
      };
    }
    case 'payment.reverse':
      return (view) => {
        const payment = paymentOn(ordersOf(view, deed), textOf(deed, 'paymentId'));
        return payment !== undefined && payment.reversal === undefined
          ? `payment ${payment.id} as reversed`
          : undefined;
      };
    case 'payment.refund':
      return (view) => {
        const payment = paymentOn(ordersOf(view, deed), textOf(deed, 'paymentId'));
        if (payment === undefined || payment.refunds.some(({ id }) => id === textOf(deed, 'refundId')))
          return undefined;
        return `refund ${textOf(deed, 'refundId')} on ${payment.id}`;
      };
    case 'shift.open':
      return (view) => {
        const shift = view.find('shift', textOf(deed, 'shiftId'));
        return shift?.floatMinor === numberOf(deed, 'floatMinor') ? undefined : `shift ${textOf(deed, 'shiftId')}`;
      };
    case 'shift.close':
      return (view) =>
        view.find('shift', textOf(deed, 'shiftId'))?.status === 'closed'
          ? undefined
          : `shift ${textOf(deed, 'shiftId')} as closed`;
    default:
      return undefined;
  }
}

interface OwnFact {
  command: ConfirmedCommand;
  /** Its place among what the device has confirmed. */
  index: number;
  fact: Fact;
}

/** What one terminal has shown: no later moment may take it back. */
class TerminalMemory {
  readonly own: OwnFact[] = [];
  /** Payments of others that were seen here: by order, then by id their amount. */
  readonly seen = new Map<string, Map<string, number>>();
  readonly closed = new Set<string>();
  taken = 0;
  turn = 0;
  seenTurn = 0;
}

/** What screens show against what they have shown, and against what their own terminal has confirmed. */
export class ViewLaws {
  readonly #world: SimWorld;
  readonly #ledger: Ledger;
  readonly #memories = new Map<string, TerminalMemory>();
  readonly #removed = new Set<string>();
  /** Orders that anybody has touched, the newest last. */
  readonly #orderIds: string[] = [];
  readonly #known = new Set<string>();
  #read = 0;

  constructor(world: SimWorld, ledger: Ledger) {
    this.#world = world;
    this.#ledger = ledger;
  }

  /** The terminal's rows are an older state of themselves: what it has shown is forgotten. */
  forget(deviceId: string): void {
    const memory = this.#memories.get(deviceId);
    if (memory === undefined) return;
    memory.seen.clear();
    memory.closed.clear();
  }

  /** `isThorough`: everything, not only a piece. */
  check(isThorough: boolean): void {
    this.#takeIn();
    for (const sim of this.#world.terminals) {
      if (sim.terminal === undefined) continue;
      const memory = this.#memories.get(sim.deviceId) ?? new TerminalMemory();
      this.#memories.set(sim.deviceId, memory);
      this.#checkOwn(sim, sim.terminal, memory, isThorough);
      // A cloud that was put back lacks what others did until they have sent it again; at the end nothing is missing.
      if (!this.#ledger.wasCloudRestored) this.#checkSeen(sim, sim.terminal, memory, isThorough);
    }
  }

  /** Reads what was confirmed since the last look. */
  #takeIn(): void {
    for (const command of this.#ledger.commands.slice(this.#read)) {
      const { name, input, deviceId } = command;
      if (name === 'order.removeLine') this.#removed.add(textOf(command, 'lineId'));
      if (typeof input['orderId'] === 'string') {
        for (const id of possibleOrders(input['orderId'], deviceId)) {
          if (this.#known.has(id)) continue;
          this.#known.add(id);
          this.#orderIds.push(id);
        }
      }
      const memory = this.#memories.get(deviceId) ?? new TerminalMemory();
      this.#memories.set(deviceId, memory);
      const index = memory.taken;
      memory.taken += 1;
      const fact = factOf(command, (lineId) => this.#removed.has(lineId));
      if (fact !== undefined) memory.own.push({ command, index, fact });
    }
    this.#read = this.#ledger.commands.length;
  }

  #checkOwn(sim: SimTerminal, view: View, memory: TerminalMemory, isThorough: boolean): void {
    const { own } = memory;
    const from = isThorough ? 0 : Math.max(0, own.length - NEWEST);
    for (const fact of own.slice(from)) this.#hold(sim, view, fact);
    if (from === 0) return;
    for (let step = 0; step < Math.min(TURN, from); step += 1) {
      memory.turn = (memory.turn + 1) % from;
      const fact = own[memory.turn];
      if (fact !== undefined) this.#hold(sim, view, fact);
    }
  }

  #hold(sim: SimTerminal, view: View, { command, index, fact }: OwnFact): void {
    const missing = fact(view);
    if (missing === undefined || this.#isExcused(sim, view, command, index)) return;
    const [row] = sim.query<object>('SELECT incarnation, seq, status, settled, flags FROM outbox WHERE id = ?', [
      command.commandId,
    ]);
    throw new Finding(
      'own-state-kept',
      `${sim.name} confirmed ${command.name} ${command.commandId}, and does not show ${missing}; ${JSON.stringify(row)}`,
    );
  }

  /** Refused, kept apart for a person, or lost with a disk that was put back. */
  #isExcused(sim: SimTerminal, view: View, { commandId }: ConfirmedCommand, index: number): boolean {
    if (this.#ledger.isExcused(commandId)) return true;
    const [row] = sim.query<{ status: string; flags: string | null }>('SELECT status, flags FROM outbox WHERE id = ?', [
      commandId,
    ]);
    // Its disk was put back to before this: the rows come from the cloud again.
    if (row === undefined) return index < this.#ledger.diskLostAfter(sim.deviceId);
    if (row.status === 'FAILED') return true;
    const flags = row.flags ?? '';
    // Applied, but only as a task for people: a cloud that was put back had forgotten what it was about.
    if (this.#ledger.wasCloudRestored && /refund-without-payment|order-unknown/.test(flags)) return true;
    return flags.includes('failed-inside') || view.find('anomaly', `${commandId}.failed-inside`) !== undefined;
  }

  #checkSeen(sim: SimTerminal, view: View, memory: TerminalMemory, isThorough: boolean): void {
    const ids = this.#orderIds;
    const count = isThorough ? ids.length : Math.min(ids.length, NEWEST);
    for (const id of ids.slice(ids.length - count)) this.#look(sim, view, memory, id);
    const rest = ids.length - count;
    for (let step = 0; step < Math.min(TURN, rest); step += 1) {
      memory.seenTurn = (memory.seenTurn + 1) % rest;
      this.#look(sim, view, memory, ids[memory.seenTurn] ?? '');
    }
  }

  #look(sim: SimTerminal, view: View, memory: TerminalMemory, orderId: string): void {
    const order = view.find('order', orderId);
    if (order?.status === 'open' && memory.closed.has(orderId))
      throw new Finding(
        'closed-stays-closed',
        `${sim.name} showed order ${orderId} as closed and shows it as open again`,
      );
    // A follow-up order opens again when its terminal rings up more.
    if (order?.status === 'closed' && baseOrderId(orderId) === orderId) memory.closed.add(orderId);
    const seen = memory.seen.get(orderId);
    for (const [id, amountMinor] of seen ?? []) {
      if (order?.payments.some((payment) => payment.id === id && payment.amountMinor === amountMinor) === true)
        continue;
      throw new Finding(
        'paid-stays-paid',
        `${sim.name} showed payment ${id} on order ${orderId} and does not show it any more`,
      );
    }
    for (const { id, amountMinor, takenOn } of order?.payments ?? []) {
      if (takenOn === sim.deviceId) continue;
      const known = memory.seen.get(orderId) ?? new Map<string, number>();
      memory.seen.set(orderId, known.set(id, amountMinor));
    }
  }
}

import { AppError } from '#shared/kernel/errors.ts';
import type { EntityOf } from '#shared/domain/entity.ts';
import { Finding, type LedgerEvents, type Random, type SimBranch, type SimTerminal } from '../sim-types.ts';

export type Order = EntityOf<'order'>;
type View = NonNullable<SimTerminal['terminal']>;

interface Call {
  name: string;
  input: Record<string, unknown>;
}

/** What the people of the branch remember of a run. */
export interface Memory {
  /** Orders that anybody opened, the newest last. */
  readonly orderIds: string[];
  readonly shiftIds: string[];
  readonly sessionIds: string[];
  /** An id that no run gives twice. */
  newId(what: string): string;
}

export function createMemory(): Memory {
  const counts = new Map<string, number>();
  return {
    orderIds: [],
    shiftIds: [],
    sessionIds: [],
    newId: (what) => {
      const count = (counts.get(what) ?? 0) + 1;
      counts.set(what, count);
      return `${what}-${count}`;
    },
  };
}

const REMEMBERED = 24;

/** Somebody who stands at a terminal: sees what it shows, and taps. */
export class Counter {
  readonly sim: SimTerminal;
  readonly view: View;
  readonly branch: SimBranch;
  readonly memory: Memory;
  readonly random: Random;
  readonly #ledger: LedgerEvents;

  constructor(
    sim: SimTerminal,
    view: View,
    { branch, memory, random, ledger }: { branch: SimBranch; memory: Memory; random: Random; ledger: LedgerEvents },
  ) {
    this.sim = sim;
    this.view = view;
    this.branch = branch;
    this.memory = memory;
    this.random = random;
    this.#ledger = ledger;
  }

  /** Somebody of at least this level, as the branch began; rights may have changed since. */
  person(level: 'L1' | 'L2' | 'L3' | 'L4' | 'L5'): string {
    return this.random.pick(this.branch.staff.filter((each) => each.level >= level)).id;
  }

  /**
   * Taps once: everything in one transaction. Most know what they may do; now and then somebody tries what they may not.
   * Returns whether the terminal took it. What it confirmed goes to the ledger as its outbox has it.
   */
  tap(level: 'L1' | 'L2' | 'L3' | 'L4' | 'L5', ...calls: Call[]): boolean {
    const { random } = this;
    const isHelped = level >= 'L3' && random.chance(0.5);
    const actorId = this.person(isHelped ? 'L2' : random.chance(0.03) ? 'L1' : level);
    const request = { actorId, calls, ...(isHelped ? { approvedBy: this.person(level) } : {}) };
    try {
      this.view.execute(request);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error.code === 'internal')
        throw new Finding('till-error', `${calls.map(({ name }) => name).join(', ')}: ${error.message}`);
      return false;
    }
    this.#confirm(calls.length);
    return true;
  }

  #confirm(count: number): void {
    const rows = this.sim.query<{ incarnation: string; seq: number; deviceId: string; body: string }>(
      'SELECT incarnation, seq, device_id AS deviceId, body FROM outbox ORDER BY pos DESC LIMIT ?',
      [count],
    );
    for (const { incarnation, seq, deviceId, body } of rows.toReversed()) {
      const { id, name, version, actorId, approvedBy, at, businessDay, input } = JSON.parse(body) as Written;
      this.#ledger.confirmed({
        commandId: id,
        deviceId,
        incarnation,
        seq,
        name,
        version,
        actorId,
        ...(approvedBy === undefined ? {} : { approvedBy }),
        at,
        businessDay,
        input,
      });
    }
  }

  /** An order that this terminal shows and that `fits`; the newest more often than the older. */
  findOrder(fits: (order: Order) => boolean): Order | undefined {
    const { deviceId } = this.sim;
    const found: Order[] = [];
    for (const id of this.memory.orderIds.slice(-REMEMBERED)) {
      for (const each of [id, `${id}~${deviceId}`]) {
        const order = this.view.find('order', each);
        if (order !== undefined && fits(order)) found.push(order);
      }
    }
    if (found.length === 0) return undefined;
    const newest = found.slice(-3);
    return this.random.pick(this.random.chance(0.6) ? newest : found);
  }
}

interface Written {
  id: string;
  name: string;
  version: number;
  actorId: string;
  approvedBy?: string;
  at: string;
  businessDay: string;
  input: Record<string, unknown>;
}

/** What is still to pay on an order as the guest reads it: lines that count, less payments that stand. */
export function dueOf(order: Order): number {
  let due = 0;
  for (const line of order.lines) {
    if (line.void !== undefined) continue;
    const amount = line.quantity * line.unitPriceMinor;
    due += line.tax.mode === 'exclusive' ? amount + Math.round((amount * line.tax.ratePpm) / 1_000_000) : amount;
  }
  for (const payment of order.payments) if (payment.reversal === undefined) due -= payment.amountMinor;
  return due;
}

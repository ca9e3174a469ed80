import type { Effect, SellerMessage } from './seller-messages.ts';

/** An order as a store holds it, or as the checker's own record says it must be. */
export interface OrderFacts {
  number: string;
  isClosed: boolean;
  lines: { id: string; amountMinor: number }[];
  payments: { id: string; method: string; amountMinor: number }[];
  refunds: { id: string; paymentId: string; amountMinor: number }[];
}
export type Facts = Map<string, OrderFacts>;

interface Doubt {
  till: string;
  effects: Effect[];
}

/**
 * The checker's own record of every sale that a till has confirmed. It lives outside both stores, in the process that is
 * never killed, and shares no code with the commands: it only lists what was said and adds it up.
 */
export class SalesRecord {
  /** Sales whose closing was confirmed. */
  sales = 0;
  /** Commands confirmed. */
  readonly commandIds = new Map<string, string[]>();
  readonly #orders: Facts = new Map();
  /** What a till was about to do when it was killed: it is there as a whole, or not at all. */
  readonly #doubts = new Map<string, Doubt>();
  /** Things that were found not to have happened: they must never show up later. */
  readonly #never = new Set<string>();

  /** Takes in what a till said. */
  take(till: string, run: number, message: SellerMessage): void {
    if (message.said === 'intent') this.#doubts.set(`${till} ${run} ${message.n}`, { till, effects: message.effects });
    if (message.said !== 'confirmed') return;
    const key = `${till} ${run} ${message.n}`;
    const doubt = this.#doubts.get(key);
    if (doubt === undefined) throw new Error(`${till} confirmed what it had not announced`);
    this.#doubts.delete(key);
    for (const effect of doubt.effects) this.#apply(effect, message.number ?? '');
    const ids = this.commandIds.get(till) ?? [];
    ids.push(...message.commandIds);
    this.commandIds.set(till, ids);
    if (doubt.effects.some(({ kind }) => kind === 'close')) this.sales += 1;
  }

  get orders(): ReadonlyMap<string, OrderFacts> {
    return this.#orders;
  }

  /**
   * Decides by what a till's own file holds what became of the things that it was killed over. They count from then on.
   * Returns what is wrong: something that is there by half.
   */
  resolve(till: string, facts: Facts): string[] {
    const problems: string[] = [];
    for (const [key, doubt] of this.#doubts) {
      if (doubt.till !== till) continue;
      this.#doubts.delete(key);
      const found = doubt.effects.filter((effect) => isIn(facts, effect));
      if (found.length > 0 && found.length < doubt.effects.length)
        problems.push(
          `${till}: one transaction is there by half: ${found.length} of ${doubt.effects.length} of ${JSON.stringify(doubt.effects)}`,
        );
      for (const effect of doubt.effects) {
        if (found.length > 0) this.#apply(effect, facts.get(effect.orderId)?.number ?? '');
        else this.#never.add(nameOf(effect));
      }
    }
    return problems;
  }

  /** What a store of the branch has wrong: of all orders, or of one terminal's, by its code. Empty when everything is right. */
  compare(where: string, facts: Facts, code = ''): string[] {
    // A later series of the same terminal is called `T1.3fa2`.
    const isMine = ({ number }: OrderFacts): boolean => code === '' || /^\w+/.exec(number)?.[0] === code;
    const problems: string[] = [];
    const say = (what: string): void => void problems.push(`${where}: ${what}`);
    const ids = new Set<string>();
    const once = (id: string, what: string): void => {
      if (ids.has(id)) say(`DOUBLED ${what} ${id}`);
      ids.add(id);
      if (this.#never.has(id)) say(`${what} ${id} was undone by a crash and came back`);
    };
    for (const [orderId, order] of facts) {
      if (!isMine(order)) continue;
      const known = this.#orders.get(orderId);
      if (known === undefined) say(`order ${orderId} was rung up by nobody`);
      for (const line of order.lines) once(line.id, 'line');
      for (const payment of order.payments) once(payment.id, 'payment');
      for (const refund of order.refunds) once(refund.id, 'refund');
    }
    for (const [orderId, wanted] of this.#orders) {
      if (!isMine(wanted)) continue;
      const order = facts.get(orderId);
      if (order === undefined) say(`LOST order ${orderId} (${wanted.number})`);
      else for (const what of differences(wanted, order)) say(`order ${orderId}: ${what}`);
    }
    const mine = [...facts].filter(([, order]) => isMine(order));
    const [wanted, found] = [sumsOf([...this.#orders].filter(([, order]) => isMine(order))), sumsOf(mine)];
    for (const [name, amount] of Object.entries(wanted))
      if (found[name] !== amount) say(`${name} is ${String(found[name])}, the record says ${amount}`);
    problems.push(...seriesProblems(where, mine));
    return problems;
  }

  /** Own arithmetic over the record: sums by method, sales and closed orders. */
  sums(): Record<string, number> {
    return sumsOf([...this.#orders]);
  }

  #apply(effect: Effect, number: string): void {
    if (effect.kind === 'open') {
      this.#orders.set(effect.orderId, { number, isClosed: false, lines: [], payments: [], refunds: [] });
      return;
    }
    const order = this.#orders.get(effect.orderId);
    if (order === undefined) throw new Error(`${effect.kind} on an order that was never opened`);
    const { kind, orderId: _orderId, ...rest } = effect;
    if (kind === 'line') order.lines.push(rest as OrderFacts['lines'][number]);
    if (kind === 'payment') order.payments.push(rest as OrderFacts['payments'][number]);
    if (kind === 'refund') order.refunds.push(rest as OrderFacts['refunds'][number]);
    if (kind === 'close') order.isClosed = true;
  }
}

const nameOf = (effect: Effect): string => ('id' in effect ? effect.id : `${effect.kind} ${effect.orderId}`);

function isIn(facts: Facts, effect: Effect): boolean {
  const order = facts.get(effect.orderId);
  if (order === undefined) return false;
  if (effect.kind === 'open') return true;
  if (effect.kind === 'close') return order.isClosed;
  const list = { line: order.lines, payment: order.payments, refund: order.refunds }[effect.kind];
  return list.some(({ id }) => id === effect.id);
}

function differences(wanted: OrderFacts, order: OrderFacts): string[] {
  const problems: string[] = [];
  if (order.number !== wanted.number) problems.push(`receipt number ${order.number}, confirmed as ${wanted.number}`);
  if (order.isClosed !== wanted.isClosed) problems.push(order.isClosed ? 'is closed' : 'LOST its closing');
  for (const list of ['lines', 'payments', 'refunds'] as const) {
    const found = new Map<string, object>(order[list].map((each) => [each.id, each]));
    for (const each of wanted[list]) {
      const there = found.get(each.id);
      if (there === undefined) problems.push(`LOST of ${list}: ${JSON.stringify(each)}`);
      else if (!isSame(each, there)) problems.push(`${JSON.stringify(there)} was confirmed as ${JSON.stringify(each)}`);
      found.delete(each.id);
    }
    for (const each of found.values()) problems.push(`nobody rang up ${JSON.stringify(each)}`);
  }
  return problems;
}

function isSame(a: object, b: object): boolean {
  return Object.entries(a).every(([key, value]) => (b as Record<string, unknown>)[key] === value);
}

function sumsOf(orders: readonly (readonly [string, OrderFacts])[]): Record<string, number> {
  const sums: Record<string, number> = { sales: 0, orders: 0, cash: 0, momo: 0, card: 0 };
  const add = (name: string, amount: number): void => void (sums[name] = (sums[name] ?? 0) + amount);
  for (const [, order] of orders) {
    const methods = new Map(order.payments.map(({ id, method }) => [id, method]));
    if (order.isClosed) add('orders', 1);
    if (order.isClosed) for (const { amountMinor } of order.lines) add('sales', amountMinor);
    for (const { method, amountMinor } of order.payments) add(method, amountMinor);
    for (const { paymentId, amountMinor } of order.refunds) {
      add(methods.get(paymentId) ?? 'nowhere', -amountMinor);
      add('sales', -amountMinor);
    }
  }
  return sums;
}

/** Receipt numbers: each once, and each series counts from 1 without a gap. */
function seriesProblems(where: string, orders: readonly (readonly [string, OrderFacts])[]): string[] {
  const series = new Map<string, number[]>();
  for (const [, { number }] of orders) {
    const [, name, count] = /^(.*)-(\d+)$/.exec(number) ?? [];
    if (name === undefined) return [`${where}: "${number}" is no receipt number`];
    series.set(name, [...(series.get(name) ?? []), Number(count)]);
  }
  return [...series].flatMap(([name, numbers]) => {
    const sorted = numbers.sort((a, b) => a - b);
    const at = sorted.findIndex((number, index) => number !== index + 1);
    return at === -1
      ? []
      : [`${where}: receipts of ${name}: number ${at + 1} is ${sorted[at] === at ? 'given twice' : 'missing'}`];
  });
}

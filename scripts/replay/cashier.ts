import { monotonicFactory } from 'ulid';
import type { Terminal } from '../../src-main/core/terminal.ts';
import type { RecordedItem, RecordedMenu } from './menu-file.ts';
import type { RecordedOrder } from './orders-file.ts';
import { paysCash } from './expected.ts';

const TAX = { code: 'none', ratePpm: 0, mode: 'inclusive' } as const;
const STATION = 'kitchen';
/** As many lines as one `order.send` takes. */
const LINES_PER_SENDING = 500;
const COLOURS = 7;

/** The people and the menu of a replay's branch, and the hands at its till. Each method's commands are committed one by one. */
export class Cashier {
  /** Commands committed so far. */
  commands = 0;
  readonly #terminal: Terminal;
  readonly #managerId: string;
  readonly #branchId: string;
  readonly #newId = monotonicFactory(Math.random);
  readonly #cashierId: string;
  readonly #shiftId: string;
  readonly #itemIds = new Map<string, string>();
  #isShiftOpen = false;
  #cashMinor = 0;

  constructor(terminal: Terminal, branch: { id: string; managerId: string }) {
    this.#terminal = terminal;
    this.#branchId = branch.id;
    this.#managerId = branch.managerId;
    this.#cashierId = this.#newId();
    this.#shiftId = this.#newId();
  }

  /** As the manager: takes on a cashier, and puts the menu in. Ids belong to the branch, so that runs do not meet. */
  prepare(menu: RecordedMenu): void {
    this.#run(this.#managerId, undefined, 'staff.save', {
      staffId: this.#cashierId,
      name: 'Replay cashier',
      level: 'L2',
      branchIds: [this.#branchId],
      isActive: true,
    });
    const categoryIds = new Map<string, string>();
    for (const item of menu.items.values()) {
      let categoryId = categoryIds.get(item.category);
      if (categoryId === undefined) {
        const rank = categoryIds.size;
        categoryId = `${this.#branchId}.c${rank + 1}`;
        categoryIds.set(item.category, categoryId);
        this.#run(this.#managerId, undefined, 'menu.saveCategory', {
          categoryId,
          name: item.category,
          rank: Math.min(rank, 10_000),
          colour: (rank % COLOURS) + 1,
        });
      }
      const itemId = itemIdOf(this.#branchId, item);
      this.#itemIds.set(item.id, itemId);
      this.#run(this.#managerId, undefined, 'menu.saveItem', {
        itemId,
        name: item.name,
        categoryId,
        priceMinor: item.priceMinor,
        tax: TAX,
        stationId: STATION,
      });
    }
  }

  openShift(atMs: number): void {
    this.#run(this.#cashierId, atMs, 'shift.open', { shiftId: this.#shiftId, floatMinor: 0 });
    this.#isShiftOpen = true;
  }

  /** Counts the drawer: all the cash that was taken is there. */
  closeShift(atMs: number): void {
    if (!this.#isShiftOpen) return;
    const countedMinor = this.#cashMinor;
    this.#run(this.#cashierId, atMs, 'shift.close', {
      shiftId: this.#shiftId,
      countedMinor,
      expectedMinor: countedMinor,
    });
    this.#isShiftOpen = false;
  }

  /** Opens the order, adds its lines, sends them, takes the money and closes, each at the recorded time. */
  ringUp(order: RecordedOrder): void {
    const { atMs } = order;
    const orderId = this.#newId();
    this.#run(this.#cashierId, atMs, 'order.open', { orderId, type: 'takeaway' });
    const lineIds: string[] = [];
    let totalMinor = 0;
    for (const { item, quantity } of order.lines) {
      const lineId = `${orderId}.${lineIds.length + 1}`;
      lineIds.push(lineId);
      totalMinor += item.priceMinor * quantity;
      this.#run(this.#cashierId, atMs, 'order.addLine', {
        orderId,
        lineId,
        itemId: this.#itemIds.get(item.id),
        name: item.name,
        quantity,
        unitPriceMinor: item.priceMinor,
        tax: TAX,
        stationId: STATION,
      });
    }
    for (let from = 0; from < lineIds.length; from += LINES_PER_SENDING) {
      this.#run(this.#cashierId, atMs, 'order.send', {
        orderId,
        lineIds: lineIds.slice(from, from + LINES_PER_SENDING),
      });
    }
    // What costs nothing needs no payment.
    if (totalMinor > 0)
      this.#run(this.#cashierId, atMs, 'payment.take', this.#payment(orderId, order.number, totalMinor));
    this.#run(this.#cashierId, atMs, 'order.close', { orderId });
  }

  #payment(orderId: string, orderNumber: number, amountMinor: number): Record<string, unknown> {
    const payment = { orderId, paymentId: this.#newId(), amountMinor };
    if (!paysCash(orderNumber)) return { ...payment, method: 'momo', reference: `replay-${orderNumber}` };
    this.#cashMinor += amountMinor;
    return { ...payment, method: 'cash', tenderedMinor: amountMinor, changeMinor: 0, shiftId: this.#shiftId };
  }

  #run(actorId: string, atMs: number | undefined, name: string, input: Record<string, unknown>): void {
    this.#terminal.execute({ actorId, ...(atMs === undefined ? {} : { atMs }), calls: [{ name, input }] });
    this.commands += 1;
  }
}

/** The id of the file where it can be one of ours, else the line it stands in. */
function itemIdOf(branchId: string, item: RecordedItem): string {
  return /^[A-Za-z0-9_-]{1,40}$/.test(item.id) ? `${branchId}.${item.id}` : `${branchId}.line.${item.line}`;
}

import { ulid } from 'ulid';
import type { MenuItem } from '#shared/domain/menu.ts';
import type { Order, OrderLine, OrderType } from '#shared/domain/order.ts';
import type { PaymentMethod } from '#shared/domain/payment.ts';
import type { DiningTable } from '#shared/domain/table.ts';
import { run, type Approval, type Call } from '../../state/run.ts';
import { useLive } from '../../state/store.ts';
import { showError } from '../../state/toasts.ts';
import { unsentLines } from './order-view.ts';
import { useTill } from './till-state.ts';

function currentOrder(): Order | undefined {
  const { orderId } = useTill.getState();
  const order = orderId === undefined ? undefined : useLive.getState().rows.order.get(orderId);
  return order?.status === 'open' ? order : undefined;
}

function sameTax(a: MenuItem['tax'], b: MenuItem['tax']): boolean {
  return a.code === b.code && a.ratePpm === b.ratePpm && a.mode === b.mode;
}

/** The commands of one tap on an item: opens an order where there is none, raises an unsent line of the same item, else adds a line. */
export function tapCalls(
  order: Order | undefined,
  item: MenuItem,
  nextType: OrderType,
  newId: () => string,
): { orderId: string; calls: Call[] } {
  const orderId = order?.id ?? newId();
  const calls: Call[] = order === undefined ? [{ name: 'order.open', input: { orderId, type: nextType } }] : [];
  const same = order?.lines.findLast(
    (line) =>
      line.itemId === item.id &&
      line.sentAt === undefined &&
      line.void === undefined &&
      line.note === '' &&
      line.unitPriceMinor === item.priceMinor &&
      sameTax(line.tax, item.tax) &&
      line.quantity < 999,
  );
  if (same === undefined)
    calls.push(
      addLineCall(orderId, newId(), {
        ...item,
        itemId: item.id,
        unitPriceMinor: item.priceMinor,
        quantity: 1,
        note: '',
      }),
    );
  else calls.push({ name: 'order.changeLine', input: { orderId, lineId: same.id, quantity: same.quantity + 1 } });
  return { orderId, calls };
}

function addLineCall(
  orderId: string,
  lineId: string,
  line: Pick<OrderLine, 'itemId' | 'name' | 'quantity' | 'unitPriceMinor' | 'tax' | 'stationId' | 'note'>,
): Call {
  const { itemId, name, quantity, unitPriceMinor, tax, stationId, note } = line;
  return {
    name: 'order.addLine',
    input: { orderId, lineId, itemId, name, quantity, unitPriceMinor, tax, stationId, note },
  };
}

/** One tap on an item. Taps are run one after the other, each on what the one before left. */
export function tapItem(item: MenuItem): void {
  useTill.setState({ done: undefined });
  let openedId: string | undefined;
  run(() => {
    const order = currentOrder();
    const { orderId, calls } = tapCalls(order, item, useTill.getState().nextType, ulid);
    if (order === undefined) {
      openedId = orderId;
      useTill.setState({ orderId });
    }
    return calls;
  }).catch((error: unknown) => {
    if (openedId !== undefined && useTill.getState().orderId === openedId) useTill.setState({ orderId: undefined });
    showError(error);
  });
}

/** Opens a dine-in order at a table and seats the guests; guests that have left are cleared first. Rejects with AppError. */
export async function seatAt(table: DiningTable, guests: number, clearSessionId: string | undefined): Promise<void> {
  const orderId = ulid();
  const calls: Call[] =
    clearSessionId === undefined ? [] : [{ name: 'session.clear', input: { sessionId: clearSessionId } }];
  const seating = { sessionId: ulid(), guests };
  calls.push({
    name: 'order.open',
    input: { orderId, type: 'dine-in', tableId: table.id, tableName: table.name, seating },
  });
  await run(calls);
  useTill.setState({ orderId, done: undefined, sheet: { kind: 'none' } });
}

export async function changeLine(
  orderId: string,
  lineId: string,
  change: { quantity?: number; note?: string },
): Promise<void> {
  await run([{ name: 'order.changeLine', input: { orderId, lineId, ...change } }]);
}

export async function removeLine(orderId: string, lineId: string): Promise<void> {
  await run([{ name: 'order.removeLine', input: { orderId, lineId } }]);
}

/** Puts a removed line back, as a line of its own. */
export async function restoreLine(orderId: string, line: OrderLine): Promise<void> {
  await run([addLineCall(orderId, ulid(), line)]);
}

export async function voidLine(orderId: string, lineId: string, reason: string, approval?: Approval): Promise<void> {
  await run([{ name: 'order.voidLine', input: { orderId, lineId, reason } }], approval);
}

export async function voidOrder(orderId: string, reason: string, approval?: Approval): Promise<void> {
  await run([{ name: 'order.void', input: { orderId, reason } }], approval);
}

export async function reversePayment(
  orderId: string,
  paymentId: string,
  reason: string,
  approval?: Approval,
): Promise<void> {
  await run([{ name: 'payment.reverse', input: { orderId, paymentId, reason } }], approval);
}

export async function sendOrder(order: Order): Promise<void> {
  await run([{ name: 'order.send', input: { orderId: order.id, lineIds: unsentLines(order).map((line) => line.id) } }]);
}

export interface Taking {
  method: PaymentMethod;
  amountMinor: number;
  /** Cash: what the guest gave. */
  tenderedMinor?: number;
  reference?: string;
}

/** The commands of a payment; one that pays all also sends what the kitchen lacks and closes the order. */
export function paymentCalls(order: Order, dueMinor: number, taking: Taking, paymentId: string): Call[] {
  const { method, amountMinor, tenderedMinor, reference } = taking;
  const input: Record<string, unknown> = { orderId: order.id, paymentId, method, amountMinor };
  if (method === 'cash' && tenderedMinor !== undefined) {
    input['tenderedMinor'] = tenderedMinor;
    input['changeMinor'] = tenderedMinor - amountMinor;
  }
  if (reference !== undefined && reference.trim() !== '') input['reference'] = reference.trim();
  const calls: Call[] = [{ name: 'payment.take', input }];
  return amountMinor < dueMinor ? calls : [...calls, ...closingCalls(order)];
}

/** Sends what is left to send, and closes. */
export function closingCalls(order: Order): Call[] {
  const lineIds = unsentLines(order).map((line) => line.id);
  const send: Call[] = lineIds.length === 0 ? [] : [{ name: 'order.send', input: { orderId: order.id, lineIds } }];
  return [...send, { name: 'order.close', input: { orderId: order.id } }];
}

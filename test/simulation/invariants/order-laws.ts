import type { EntityOf } from '#shared/domain/entity.ts';
import { baseOrderId, numberOf, possibleOrders, textOf, textsOf } from '../ledger/deed.ts';
import type { CloudCommand, CloudState } from './cloud-state.ts';
import { type Broken, defineLaw } from './law.ts';

type Order = EntityOf<'order'>;
type Line = Order['lines'][number];

interface LinePlace {
  order: Order;
  line: Line;
}

function linesOf(cloud: CloudState, broken: Broken): Map<string, LinePlace> {
  const places = new Map<string, LinePlace>();
  for (const order of cloud.list('order')) {
    for (const line of order.lines) {
      const other = places.get(line.id);
      if (other !== undefined) broken(`line ${line.id} is on ${other.order.id} and on ${order.id}`);
      places.set(line.id, { order, line });
    }
  }
  return places;
}

const has = (deed: CloudCommand): boolean => deed.status === 'applied' && !deed.flags.includes('failed-inside');

/** Applied commands of one name, by the line they name, in the order in which they took effect. */
function byLine(cloud: CloudState, name: string): Map<string, CloudCommand[]> {
  const found = new Map<string, CloudCommand[]>();
  for (const deed of cloud.commands) {
    if (deed.name !== name || !has(deed)) continue;
    const lineId = textOf(deed, 'lineId');
    found.set(lineId, [...(found.get(lineId) ?? []), deed]);
  }
  return found;
}

/** Two people on one order lose no line: each that was added is there once, as added and last changed, unless it was taken off. */
export const linesOnce = defineLaw('lines-once', ({ cloud }, broken: Broken) => {
  const places = linesOf(cloud, broken);
  const added = byLine(cloud, 'order.addLine');
  const removed = byLine(cloud, 'order.removeLine');
  const changed = byLine(cloud, 'order.changeLine');
  const voided = byLine(cloud, 'order.voidLine');
  for (const [lineId, [deed]] of added) {
    if (deed === undefined) continue;
    const place = places.get(lineId);
    if (removed.has(lineId)) {
      if (place !== undefined) broken(`line ${lineId} was taken off and is on ${place.order.id}`);
      continue;
    }
    if (place === undefined) broken(`line ${lineId} of ${textOf(deed, 'orderId')}, added by ${deed.deviceId}, is gone`);
    const { order, line } = place;
    if (!possibleOrders(textOf(deed, 'orderId'), deed.deviceId).includes(order.id))
      broken(`line ${lineId} of ${textOf(deed, 'orderId')} lies on ${order.id}`);
    const last = (changed.get(lineId) ?? []).findLast(({ input }) => input['quantity'] !== undefined) ?? deed;
    if (line.quantity !== numberOf(last, 'quantity'))
      broken(`line ${lineId} has quantity ${line.quantity}, last told ${numberOf(last, 'quantity')}`);
    if (line.unitPriceMinor !== numberOf(deed, 'unitPriceMinor') || line.itemId !== textOf(deed, 'itemId'))
      broken(`line ${lineId} is priced otherwise than it was sold: ${JSON.stringify(line)}`);
    if (voided.has(lineId) && line.void === undefined) broken(`line ${lineId} was voided and counts`);
    if (line.void !== undefined && !voided.has(lineId) && order.status !== 'voided')
      broken(`line ${lineId} is void, and nobody voided it`);
  }
  for (const [lineId, { order }] of places)
    if (!added.has(lineId)) broken(`line ${lineId} is on ${order.id}, and nobody added it`);
});

/** What was sent reaches a station once. */
export const sentOnce = defineLaw('sent-once', ({ cloud }, broken: Broken) => {
  const places = linesOf(cloud, broken);
  const index = new Map(cloud.commands.map((deed, position) => [deed.commandId, position]));
  const added = byLine(cloud, 'order.addLine');
  const voided = byLine(cloud, 'order.voidLine');
  const onTicket = new Map<string, string>();
  for (const ticket of cloud.list('ticket')) {
    for (const { lineId, cancelledAt } of ticket.lines) {
      const other = onTicket.get(lineId);
      if (other !== undefined) broken(`line ${lineId} is on the tickets ${other} and ${ticket.id}`);
      onTicket.set(lineId, ticket.id);
      const isVoid = places.get(lineId)?.line.void !== undefined;
      if (isVoid !== (cancelledAt !== undefined))
        broken(`line ${lineId} is ${isVoid ? '' : 'not '}void, on ticket ${ticket.id} it is the other way round`);
    }
  }
  const sent = new Set<string>();
  for (const deed of cloud.commands) {
    if (deed.name !== 'order.send' || !has(deed)) continue;
    for (const lineId of textsOf(deed, 'lineIds')) {
      const place = places.get(lineId);
      const [add] = added.get(lineId) ?? [];
      sent.add(lineId);
      // A send of a line that was not there yet, or lies where this terminal cannot reach, is told to people.
      const position = index.get(deed.commandId) ?? 0;
      if (place === undefined || add === undefined || (index.get(add.commandId) ?? 0) > position) continue;
      if (!possibleOrders(textOf(deed, 'orderId'), deed.deviceId).includes(place.order.id)) continue;
      const isVoidBefore =
        place.line.void !== undefined &&
        (place.order.status === 'voided' ||
          (voided.get(lineId) ?? []).some((each) => (index.get(each.commandId) ?? 0) < position));
      if (isVoidBefore) continue;
      if (place.line.sentAt === undefined)
        broken(`line ${lineId} was sent by ${deed.commandId} and counts as not sent`);
      if (!onTicket.has(lineId)) broken(`line ${lineId} was sent by ${deed.commandId} and is on no ticket`);
    }
  }
  for (const [lineId, ticketId] of onTicket)
    if (!sent.has(lineId)) broken(`line ${lineId} is on ticket ${ticketId}, and nobody sent it`);
});

/** What was closed stays closed, and what is closed was closed by somebody. */
export const closedStays = defineLaw('closed-stays', ({ cloud }, broken: Broken) => {
  const closed = new Set<string>();
  const voided = new Set<string>();
  for (const deed of cloud.commands) {
    if (!has(deed)) continue;
    if (deed.name === 'order.close')
      for (const id of possibleOrders(textOf(deed, 'orderId'), deed.deviceId)) closed.add(id);
    if (deed.name === 'order.void') voided.add(textOf(deed, 'orderId'));
  }
  for (const order of cloud.list('order')) {
    // A follow-up order opens again when its terminal rings up more.
    const isBase = baseOrderId(order.id) === order.id;
    if (isBase && closed.has(order.id) && order.status === 'open') broken(`order ${order.id} was closed and is open`);
    if (isBase && voided.has(order.id) && order.status !== 'voided')
      broken(`order ${order.id} was voided and is ${order.status}`);
    if (order.status === 'closed' && !closed.has(order.id)) broken(`order ${order.id} is closed, and nobody closed it`);
    if (order.status === 'voided' && !voided.has(order.id)) broken(`order ${order.id} is void, and nobody voided it`);
  }
});

/** Once an order is closed or void, nothing more is rung up on it: that goes to the follow-up order of who had not seen it. */
export const closedIsFinal = defineLaw('closed-is-final', ({ cloud }, broken: Broken) => {
  const endedAt = new Map<string, number>();
  const rungAt = new Map<string, number>();
  for (const [position, deed] of cloud.commands.entries()) {
    if (!has(deed)) continue;
    const { name } = deed;
    if (name === 'order.close' || name === 'order.void') {
      const orderId = textOf(deed, 'orderId');
      if (!endedAt.has(orderId)) endedAt.set(orderId, position);
    }
    const id =
      name === 'order.addLine' ? textOf(deed, 'lineId') : name === 'payment.take' ? textOf(deed, 'paymentId') : '';
    if (id !== '' && !rungAt.has(id)) rungAt.set(id, position);
  }
  for (const { id: orderId, lines, payments } of cloud.list('order')) {
    const ended = endedAt.get(orderId);
    // A follow-up order opens again when its terminal rings up more.
    if (ended === undefined || baseOrderId(orderId) !== orderId) continue;
    for (const { id } of [...lines, ...payments])
      if ((rungAt.get(id) ?? 0) > ended) broken(`${id} was rung up after order ${orderId} had ended, and lies on it`);
  }
});

/** An order that was opened is there under its number; an order nobody opened holds what somebody did on it. */
export const ordersOpened = defineLaw('orders-opened', ({ cloud }, broken: Broken) => {
  const numbers = new Map<string, string>();
  for (const deed of cloud.commands) {
    if (deed.name !== 'order.open' || !has(deed)) continue;
    const order = cloud.find('order', textOf(deed, 'orderId'));
    if (order === undefined) broken(`order ${textOf(deed, 'orderId')}, opened by ${deed.commandId}, is not there`);
    if (order.number !== textOf(deed, 'number') || order.isShell)
      broken(`order ${order.id} was opened as ${textOf(deed, 'number')} and stands as "${order.number}"`);
  }
  for (const { id, number } of cloud.list('order')) {
    if (number === '') continue;
    const other = numbers.get(number);
    if (other !== undefined) broken(`orders ${other} and ${id} both have number ${number}`);
    numbers.set(number, id);
  }
});

/** Stock is what it was, and every movement since, once. `initial` is not told: the first balance says it. */
export const stockAddsUp = defineLaw('stock-adds-up', ({ cloud }, broken: Broken) => {
  const moved = new Map<string, CloudCommand[]>();
  for (const deed of cloud.commands) {
    if (deed.name !== 'stock.adjust' || !has(deed)) continue;
    const id = textOf(deed, 'stockItemId');
    moved.set(id, [...(moved.get(id) ?? []), deed]);
  }
  let count = 0;
  for (const [id, deeds] of moved) {
    const item = cloud.find('stockItem', id);
    if (item === undefined) broken(`stock item ${id} is gone`);
    let balance: number | undefined;
    for (const deed of deeds) {
      count += 1;
      const movement = cloud.find('stockMovement', deed.commandId);
      const delta = numberOf(deed, 'deltaMilli');
      if (movement === undefined) broken(`the movement ${deed.commandId} of ${id} is not there`);
      if (movement.deltaMilli !== delta) broken(`movement ${deed.commandId} is ${movement.deltaMilli}, told ${delta}`);
      if (balance !== undefined && movement.balanceMilli !== balance + delta)
        broken(`movement ${deed.commandId} of ${id} goes from ${balance} by ${delta} to ${movement.balanceMilli}`);
      balance = movement.balanceMilli;
    }
    if (balance !== undefined && item.onHandMilli !== balance)
      broken(`stock item ${id} has ${item.onHandMilli}, its movements end at ${balance}`);
  }
  const rows = cloud.list('stockMovement').length;
  if (rows !== count) broken(`${rows} movements for ${count} adjustments`);
});

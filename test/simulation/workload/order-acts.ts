import type { Counter, Order } from './counter.ts';

/** One thing that people do. Returns false when there is no occasion for it. */
export type Act = (at: Counter) => boolean;

const isOpen = (order: Order): boolean => order.status === 'open';

function lineCall(at: Counter, orderId: string): { name: string; input: Record<string, unknown> } {
  const known = at.branch.items
    .map(({ id }) => at.view.find('menuItem', id))
    .filter((item) => item !== undefined && !item.isRemoved);
  const item = at.random.pick(known);
  if (item === undefined) throw new Error('the menu is empty');
  return {
    name: 'order.addLine',
    input: {
      orderId,
      lineId: at.memory.newId('line'),
      itemId: item.id,
      name: item.name,
      quantity: at.random.int(1, 3),
      unitPriceMinor: item.priceMinor,
      tax: item.tax,
      stationId: item.stationId,
      note: at.random.chance(0.1) ? 'no onions' : '',
    },
  };
}

const lineCalls = (at: Counter, orderId: string, most: number): ReturnType<typeof lineCall>[] =>
  Array.from({ length: at.random.int(1, most) }, () => lineCall(at, orderId));

const openOrder: Act = (at) => {
  const orderId = at.memory.newId('order');
  const table = at.random.chance(0.5) ? at.random.pick(at.branch.tables) : undefined;
  const sessionId = at.memory.newId('session');
  const seated =
    table === undefined
      ? {}
      : { tableId: table.id, tableName: table.id, seating: { sessionId, guests: at.random.int(1, 6) } };
  const input = { orderId, type: table === undefined ? 'takeaway' : 'dine-in', ...seated };
  const lines = at.random.chance(0.7) ? lineCalls(at, orderId, 3) : [];
  const isTaken = at.tap('L2', { name: 'order.open', input }, ...lines);
  if (!isTaken) return true;
  at.memory.orderIds.push(orderId);
  if (table !== undefined) at.memory.sessionIds.push(sessionId);
  return true;
};

const addLine: Act = (at) => {
  const order = at.findOrder(isOpen);
  if (order === undefined) return false;
  at.tap('L2', ...lineCalls(at, order.id, 2));
  return true;
};

/** Somebody whose screen has not caught up, or who does not look. */
const addLateLine: Act = (at) => {
  const order = at.findOrder((each) => !isOpen(each));
  if (order === undefined) return false;
  at.tap('L2', lineCall(at, order.id));
  return true;
};

const changeLine: Act = (at) => {
  const order = at.findOrder((each) => isOpen(each) && each.lines.length > 0);
  if (order === undefined) return false;
  const line = at.random.pick(order.lines);
  const change = at.random.chance(0.8) ? { quantity: at.random.int(1, 5) } : { note: 'well done' };
  at.tap('L2', { name: 'order.changeLine', input: { orderId: order.id, lineId: line.id, ...change } });
  return true;
};

const removeLine: Act = (at) => {
  const order = at.findOrder((each) => isOpen(each) && each.lines.length > 0);
  if (order === undefined) return false;
  const line = at.random.pick(order.lines);
  at.tap('L2', { name: 'order.removeLine', input: { orderId: order.id, lineId: line.id } });
  return true;
};

const send: Act = (at) => {
  const order = at.findOrder((each) => isOpen(each) && each.lines.some((line) => line.sentAt === undefined));
  if (order === undefined) return false;
  const lineIds = order.lines
    .filter((line) => line.sentAt === undefined && line.void === undefined)
    .map(({ id }) => id);
  const input = { orderId: order.id, lineIds: at.random.chance(0.8) ? lineIds : lineIds.slice(0, 1) };
  at.tap('L2', { name: 'order.send', input });
  return true;
};

const voidLine: Act = (at) => {
  const isSent = (line: Order['lines'][number]): boolean => line.sentAt !== undefined && line.void === undefined;
  const order = at.findOrder((each) => isOpen(each) && each.lines.some(isSent));
  const line = order?.lines.find(isSent);
  if (order === undefined || line === undefined) return false;
  at.tap('L3', { name: 'order.voidLine', input: { orderId: order.id, lineId: line.id, reason: 'burnt' } });
  return true;
};

const voidOrder: Act = (at) => {
  const order = at.findOrder(isOpen);
  if (order === undefined) return false;
  at.tap('L3', { name: 'order.void', input: { orderId: order.id, reason: 'guests left' } });
  return true;
};

const closeOrder: Act = (at) => {
  const order = at.findOrder(isOpen);
  if (order === undefined) return false;
  at.tap('L2', { name: 'order.close', input: { orderId: order.id } });
  return true;
};

const clearTable: Act = (at) => {
  const { sessionIds } = at.memory;
  if (sessionIds.length === 0) return false;
  at.tap('L2', { name: 'session.clear', input: { sessionId: at.random.pick(sessionIds) } });
  return true;
};

/** What a guest orders, and how often beside everything else. */
export const orderActs: readonly [weight: number, act: Act][] = [
  [14, openOrder],
  [14, addLine],
  [1, addLateLine],
  [4, changeLine],
  [3, removeLine],
  [11, send],
  [3, voidLine],
  [2, voidOrder],
  [3, closeOrder],
  [2, clearTable],
];

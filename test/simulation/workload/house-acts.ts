import type { EntityOf } from '#shared/domain/entity.ts';
import type { Counter } from './counter.ts';
import type { Act } from './order-acts.ts';

type Ticket = EntityOf<'ticket'>;

function findTicket(at: Counter, fits: (ticket: Ticket) => boolean): Ticket | undefined {
  // By what they are for: an id that holds a command's own says nothing about when it was made.
  const found: Ticket[] = [];
  at.findOrder((order) => {
    for (const id of order.ticketIds) {
      const ticket = at.view.find('ticket', id);
      if (ticket !== undefined && fits(ticket)) found.push(ticket);
    }
    return false;
  });
  return found.length === 0 ? undefined : at.random.pick(found);
}

const onTicket =
  (name: string, fits: (ticket: Ticket) => boolean): Act =>
  (at) => {
    const ticket = findTicket(at, fits);
    if (ticket === undefined) return false;
    at.tap('L1', { name, input: { ticketId: ticket.id } });
    return true;
  };

const isOnBoard = ({ status }: Ticket): boolean => status === 'new' || status === 'started';
const startTicket = onTicket('ticket.start', ({ status }) => status === 'new');
const bumpTicket = onTicket('ticket.bump', isOnBoard);
const recallTicket = onTicket('ticket.recall', (ticket) => !isOnBoard(ticket));
const serveTicket = onTicket('ticket.serve', ({ status }) => status === 'bumped');

const bumpLine: Act = (at) => {
  const ticket = findTicket(at, isOnBoard);
  if (ticket === undefined) return false;
  const { lineId } = at.random.pick(ticket.lines);
  at.tap('L1', { name: 'ticket.bumpLine', input: { ticketId: ticket.id, lineId, isDone: at.random.chance(0.8) } });
  return true;
};

const moveStock: Act = (at) => {
  const { stockItems } = at.branch;
  // Most have their own corner of the store room.
  const corner = stockItems[at.sim.name.length % stockItems.length];
  const item = corner !== undefined && at.random.chance(0.5) ? corner : at.random.pick(stockItems);
  const deltaMilli = at.random.pick([-2_500, -1_000, -333, 500, 4_000]);
  const type = deltaMilli > 0 ? 'PURCHASE' : 'WASTE';
  at.tap('L3', { name: 'stock.adjust', input: { stockItemId: item.id, deltaMilli, type, reason: 'counted' } });
  return true;
};

const run86: Act = (at) => {
  const item = at.random.pick(at.branch.items);
  at.tap('L1', { name: 'menu.set86', input: { itemId: item.id, is86: at.random.chance(0.5) } });
  return true;
};

const changePrice: Act = (at) => {
  const item = at.view.find('menuItem', at.random.pick(at.branch.items).id);
  if (item === undefined) return false;
  const { id: itemId, name, categoryId, tax, stationId } = item;
  const priceMinor = at.random.int(10, 200) * 100;
  at.tap('L4', { name: 'menu.saveItem', input: { itemId, name, categoryId, priceMinor, tax, stationId } });
  return true;
};

/** An owner gives or takes a right: of everybody but the first of each level. */
const changeRights: Act = (at) => {
  const { staff } = at.branch;
  const later = staff.filter((person, index) => staff.findIndex((each) => each.level === person.level) !== index);
  if (later.length === 0) return false;
  const person = at.view.find('staff', at.random.pick(later).id);
  if (person === undefined) return false;
  const { id: staffId, name, branchIds } = person;
  const level = at.random.pick(['L1', 'L2', 'L3'] as const);
  at.tap('L5', { name: 'staff.save', input: { staffId, name, level, branchIds, isActive: at.random.chance(0.7) } });
  return true;
};

/** What happens in kitchen, store room and office, and how often beside everything else. */
export const houseActs: readonly [weight: number, act: Act][] = [
  [4, startTicket],
  [4, bumpTicket],
  [2, bumpLine],
  [1.5, recallTicket],
  [2, serveTicket],
  [4, moveStock],
  [1.5, run86],
  [0.8, changePrice],
  [0.8, changeRights],
];

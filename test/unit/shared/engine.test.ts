import { describe, expect, test } from 'vitest';
import { commands } from '#shared/commands/registry.ts';
import { put } from '#shared/domain/entity.ts';
import { hasLevel } from '#shared/domain/level.ts';
import { isPinLongEnough, mayAct } from '#shared/domain/staff.ts';
import { BRANCH, LEVELS, OTHER_BRANCH, staffOf, VAT, World, line, openWith } from '../../helpers/world.ts';

const INPUTS: Record<string, { input: Record<string, unknown>; prepare?: (world: World) => void }> = {
  'order.open': { input: { orderId: 'n1', type: 'takeaway' } },
  'order.addLine': { input: line('o1', 'l9') },
  'order.changeLine': { input: { orderId: 'o1', lineId: 'l2', quantity: 2 } },
  'order.removeLine': { input: { orderId: 'o1', lineId: 'l2' } },
  'order.send': { input: { orderId: 'o1', lineIds: ['l2'] } },
  'order.voidLine': { input: { orderId: 'o1', lineId: 'l1', reason: 'r' } },
  'order.void': { input: { orderId: 'o2', reason: 'r' } },
  'order.close': { input: { orderId: 'o2' } },
  'payment.take': { input: { orderId: 'o1', paymentId: 'p9', method: 'card', amountMinor: 1 } },
  'payment.reverse': { input: { orderId: 'o1', paymentId: 'p1', reason: 'r' } },
  'payment.refund': { input: { orderId: 'o1', paymentId: 'p1', refundId: 'r1', amountMinor: 1, reason: 'r' } },
  'ticket.start': { input: { ticketId: 'T' } },
  'ticket.bumpLine': { input: { ticketId: 'T', lineId: 'l1' } },
  'ticket.bump': { input: { ticketId: 'T' } },
  'ticket.recall': {
    input: { ticketId: 'T' },
    prepare: (world) => world.apply('ticket.bump', { ticketId: ticketOf(world) }),
  },
  'ticket.serve': {
    input: { ticketId: 'T' },
    prepare: (world) => world.apply('ticket.bump', { ticketId: ticketOf(world) }),
  },
  'shift.open': { input: { shiftId: 's9', floatMinor: 0 } },
  'shift.close': { input: { shiftId: 's1', countedMinor: 0, expectedMinor: 0 } },
  'shift.noSale': { input: { shiftId: 's1', reason: 'r' } },
  'session.seat': { input: { sessionId: 'x1', tableId: 't1', guests: 2 } },
  'session.clear': { input: { sessionId: 'x0' } },
  'table.save': { input: { tableId: 't1', name: 'T 1', seats: 4, area: '', x: 0, y: 0 } },
  'menu.saveCategory': { input: { categoryId: 'c1', name: 'Grill', rank: 1, colour: 1 } },
  'menu.saveItem': {
    input: { itemId: 'i1', name: 'Tea', categoryId: 'c1', priceMinor: 1, tax: VAT, stationId: 'bar' },
  },
  'menu.removeItem': { input: { itemId: 'burger' } },
  'menu.set86': { input: { itemId: 'burger', is86: true } },
  'stock.saveItem': { input: { stockItemId: 'k1', name: 'Flour', unit: 'kg', reorderLevelMilli: 5000 } },
  'stock.adjust': { input: { stockItemId: 'k0', deltaMilli: -1000, reason: 'count' } },
  'staff.save': { input: { staffId: 'new', name: 'New', level: 'L1', branchIds: [BRANCH], isActive: true } },
  'staff.setPin': { input: { staffId: 'staff-L1', pinHash: '$argon2id$v=19$x' } },
  'anomaly.resolve': {
    input: { anomalyId: 'c0.command-refused', note: 'seen to' },
    prepare: (world) =>
      world.apply('refusal.decide', { commandId: 'c0', deviceId: 'till-1', decision: 'retry' }, { by: 'L4' }),
  },
  'refusal.decide': { input: { commandId: 'c1', deviceId: 'till-1', decision: 'discard', reason: 'twice' } },
};

function ticketOf(world: World): string {
  return world.get('order', 'o1').ticketIds[0] ?? '';
}

/** A branch in which each command of the registry has something to work on. */
function branch(): World {
  const world = new World(LEVELS.map((level) => put('staff', staffOf(level))));
  openWith(world, 'o1', 2);
  openWith(world, 'o2', 1);
  world.apply('order.send', { orderId: 'o1', lineIds: ['l1'] });
  world.apply('payment.take', { orderId: 'o1', paymentId: 'p1', method: 'card', amountMinor: 500 });
  world.apply('session.seat', { sessionId: 'x0', tableId: 't0', guests: 2 });
  world.apply(
    'menu.saveItem',
    { itemId: 'burger', name: 'Burger', categoryId: 'c1', priceMinor: 1000, tax: VAT, stationId: 'grill' },
    { by: 'L4' },
  );
  world.apply('stock.saveItem', { stockItemId: 'k0', name: 'Salt', unit: 'kg', reorderLevelMilli: 1000 }, { by: 'L4' });
  return world;
}

function inputOf(name: string, world: World): Record<string, unknown> {
  const { input } = INPUTS[name] ?? { input: {} };
  return 'ticketId' in input ? { ...input, ticketId: ticketOf(world) } : input;
}

describe('rights: every command of the registry × every level', () => {
  test('the table above names every command', () => {
    expect(Object.keys(INPUTS).sort()).toEqual(commands.map((command) => command.name).sort());
  });

  for (const command of commands) {
    for (const level of LEVELS) {
      const allowed = hasLevel(level, command.level);
      test(`${command.name} by ${level}: ${allowed ? 'allowed' : 'refused'}`, () => {
        const world = branch();
        INPUTS[command.name]?.prepare?.(world);
        // The shift belongs to whoever acts, so that only the level decides.
        world.apply('shift.open', { shiftId: 's1', floatMinor: 0 }, { by: level === 'L1' ? 'L2' : level });
        const outcome = world.run(command.name, inputOf(command.name, world), { by: level });
        expect(outcome.status === 'applied' ? 'applied' : outcome.error.code).toBe(
          allowed ? 'applied' : 'auth/forbidden',
        );
      });
    }
    test(`${command.name} from another branch is refused`, () => {
      const world = branch();
      const outcome = world.run(command.name, inputOf(command.name, world), { by: 'L4', branchId: OTHER_BRANCH });
      expect(outcome.status === 'rejected' && outcome.error.code).toMatch(/^auth\/(forbidden|other-branch)$/);
    });
  }

  test('rows of a branch are closed to commands of another, even for the owner and even when recorded', () => {
    const world = branch();
    const foreign = { by: 'L5', branchId: OTHER_BRANCH, recorded: true } as const;
    const pay = { orderId: 'o1', paymentId: 'p5', method: 'card', amountMinor: 1 };
    expect(world.run('payment.take', pay, foreign)).toMatchObject({ error: { code: 'auth/other-branch' } });
  });

  test('an approval lends the level of the person who gave it', () => {
    const world = branch();
    const asked = { orderId: 'o1', lineId: 'l1', reason: 'burnt' };
    expect(world.run('order.voidLine', asked, { by: 'L2', approvedBy: 'L2' })).toMatchObject({
      error: { code: 'auth/forbidden' },
    });
    world.apply('order.voidLine', asked, { by: 'L2', approvedBy: 'L3' });
    expect(world.list('anomaly')).toMatchObject([{ actorId: 'staff-L2', approvedBy: 'staff-L3' }]);
  });

  test('the shift of somebody else needs L3', () => {
    const world = new World(LEVELS.map((level) => put('staff', staffOf(level))));
    world.apply('shift.open', { shiftId: 's1', floatMinor: 100 }, { by: 'L3' });
    const close = { shiftId: 's1', countedMinor: 100, expectedMinor: 100 };
    expect(world.run('shift.close', close, { by: 'L2' })).toMatchObject({ error: { code: 'shift/not-own' } });
    world.apply('shift.close', close, { by: 'L3' });
  });

  test('only an owner gives or changes L4 and L5', () => {
    const world = branch();
    const boss = { staffId: 'new', name: 'New', level: 'L4', branchIds: [BRANCH], isActive: true };
    expect(world.run('staff.save', boss, { by: 'L4' })).toMatchObject({ error: { code: 'staff/level-too-high' } });
    expect(world.run('staff.setPin', { staffId: 'staff-L5', pinHash: '$argon2id$x' }, { by: 'L4' })).toMatchObject({
      error: { code: 'staff/level-too-high' },
    });
    world.apply('staff.save', boss, { by: 'L5' });
    const elsewhere = { ...boss, staffId: 'n2', level: 'L1', branchIds: [OTHER_BRANCH] };
    expect(world.run('staff.save', elsewhere, { by: 'L4' })).toMatchObject({ error: { code: 'auth/other-branch' } });
  });

  test('a right taken away counts from the moment at which the terminal could know', () => {
    const before = { level: 'L3' as const, branchIds: [BRANCH], isActive: true, untilAt: '2026-03-02T10:00:00.000Z' };
    const demoted = { ...staffOf('L1'), former: before };
    const since = (iso: string) => mayAct(demoted, 'L3', BRANCH, Date.parse(iso));
    expect([since('2026-03-02T09:00:00Z'), since('2026-03-02T11:00:00Z'), mayAct(demoted, 'L3', BRANCH)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('each right that was taken away counts until then, however often the person is saved afterwards', () => {
    const world = new World();
    const save = (level: 'L1' | 'L3', name: string) =>
      world.apply(
        'staff.save',
        { staffId: 'staff-L3', name, level, branchIds: [BRANCH], isActive: true },
        { by: 'L5' },
      );
    save('L1', 'Person L3');
    save('L1', 'Renamed');
    const saved = world.get('staff', 'staff-L3');
    expect(saved.formerRights).toMatchObject([{ level: 'L3' }]);
    const untilMs = Date.parse(saved.formerRights?.[0]?.untilAt ?? '');
    expect([mayAct(saved, 'L3', BRANCH, untilMs), mayAct(saved, 'L3', BRANCH, untilMs + 1)]).toEqual([true, false]);
    save('L3', 'Renamed');
    save('L1', 'Renamed');
    expect(world.get('staff', 'staff-L3').formerRights?.map(({ level }) => level)).toEqual(['L3', 'L1', 'L3']);
  });

  test('managers and owners have longer PINs', () => {
    expect([isPinLongEnough('1234', 'L3'), isPinLongEnough('1234', 'L4'), isPinLongEnough('123456', 'L5')]).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe('flags', () => {
  test('a price that is not on the menu is flagged by the cloud, never by the terminal', () => {
    const world = branch();
    expect(world.apply('order.addLine', line('o1', 'l5', 999)).flags).toEqual([]);
    const reviewed = world.apply('order.addLine', line('o1', 'l6', 999), { recorded: true, review: true });
    expect(reviewed.flags).toMatchObject([{ code: 'price-not-on-menu', amountMinor: 999 }]);
  });

  test('an earlier price is a price of the menu', () => {
    const world = branch();
    const dearer = {
      itemId: 'burger',
      name: 'Burger',
      categoryId: 'c1',
      priceMinor: 1200,
      tax: VAT,
      stationId: 'grill',
    };
    world.apply('menu.saveItem', dearer, { by: 'L4' });
    expect(world.apply('order.addLine', line('o1', 'l5', 1000), { recorded: true, review: true }).flags).toEqual([]);
  });

  test('cash that is missing at the count is flagged with the amount', () => {
    const world = branch();
    world.apply('shift.open', { shiftId: 's1', floatMinor: 500 });
    const { flags } = world.apply('shift.close', { shiftId: 's1', countedMinor: 400, expectedMinor: 500 });
    expect(flags).toMatchObject([{ code: 'cash-short', amountMinor: 100 }]);
  });

  test('opening the drawer without a sale is flagged', () => {
    const world = branch();
    world.apply('shift.open', { shiftId: 's1', floatMinor: 500 });
    expect(world.apply('shift.noSale', { shiftId: 's1', reason: 'change' }, { by: 'L3' }).flags).toMatchObject([
      { code: 'no-sale' },
    ]);
  });

  test('two adjustments of one stock item add up', () => {
    const world = branch();
    world.apply(
      'stock.adjust',
      { stockItemId: 'k0', deltaMilli: 3000, reason: 'bought', type: 'PURCHASE' },
      { by: 'L3' },
    );
    world.apply('stock.adjust', { stockItemId: 'k0', deltaMilli: -500, reason: 'spilt', type: 'WASTE' }, { by: 'L3' });
    expect(world.get('stockItem', 'k0').onHandMilli).toBe(2500);
    expect(world.list('stockMovement').map((movement) => movement.balanceMilli)).toEqual([3000, 2500]);
  });
});

describe('tickets', () => {
  test('start, bump a line, bump, recall, bump, serve', () => {
    const world = branch();
    const ticketId = ticketOf(world);
    const status = () => world.get('ticket', ticketId).status;
    const steps = ['ticket.start', 'ticket.bump', 'ticket.recall', 'ticket.bump', 'ticket.serve'];
    const seen = steps.map((name) => {
      world.apply(name, { ticketId }, { by: 'L1' });
      return status();
    });
    expect(seen).toEqual(['started', 'bumped', 'started', 'bumped', 'served']);
    expect(world.run('ticket.start', { ticketId }, { by: 'L1' })).toMatchObject({
      error: { code: 'ticket/wrong-state' },
    });
  });

  test('a line is done, and can be undone', () => {
    const world = branch();
    const ticketId = ticketOf(world);
    world.apply('ticket.bumpLine', { ticketId, lineId: 'l1' }, { by: 'L1' });
    expect(world.get('ticket', ticketId).lines[0]?.doneAt).toBeDefined();
    world.apply('ticket.bumpLine', { ticketId, lineId: 'l1', isDone: false }, { by: 'L1' });
    expect(world.get('ticket', ticketId).lines[0]?.doneAt).toBeUndefined();
  });
});

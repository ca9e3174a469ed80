import type { Command } from '#shared/commands/define-command.ts';
import type { Fold } from '#shared/commands/engine.ts';
import type { Order } from '#shared/domain/order.ts';
import { drawerMinor, type Shift } from '#shared/domain/shift.ts';
import type { EntityRows } from '../store/entity-rows.ts';

export interface FillContext {
  fold: Fold;
  entities: EntityRows;
  deviceId: string;
  actorId: string;
  /** Gives the next receipt number; called at most once a command. */
  nextReceipt(): string;
  /** The command that stands before this one in the same transaction. */
  previousId: string | undefined;
}

type Input = Record<string, unknown>;

/** Adds to a screen's input what only the terminal knows: receipt number, drawer, what the drawer should hold. */
export function fillInput(command: Command, input: Input, context: FillContext): Input {
  switch (command.name) {
    case 'order.open':
      return input['number'] === undefined || input['number'] === ''
        ? { ...input, number: context.nextReceipt() }
        : input;
    case 'payment.take':
      return input['method'] === 'cash' ? withShift(input, context) : input;
    case 'payment.reverse':
    case 'payment.refund':
      // The money comes out of the drawer that stands here now, whichever it went into.
      return isCash(input, context) ? withShift(input, context) : input;
    case 'shift.close': {
      const shift = typeof input['shiftId'] === 'string' ? context.fold.find('shift', input['shiftId']) : undefined;
      return {
        ...input,
        expectedMinor: shift === undefined ? 0 : expectedInDrawer(shift, context.entities, context.fold),
      };
    }
    case 'refusal.decide':
      // What takes the refused command's place stands before the decision.
      return input['decision'] === 'discard' || context.previousId === undefined
        ? input
        : { ...input, newCommandId: context.previousId };
    default:
      return input;
  }
}

function withShift(input: Input, context: FillContext): Input {
  if (input['shiftId'] !== undefined) return input;
  const shift = openShift(context);
  return shift === undefined ? input : { ...input, shiftId: shift.id };
}

function isCash(input: Input, { fold, deviceId }: FillContext): boolean {
  const { orderId, paymentId } = input;
  if (typeof orderId !== 'string') return false;
  const orders = [fold.find('order', orderId), fold.find('order', `${orderId.split('~')[0]}~${deviceId}`)];
  return orders.some(
    (order) => order?.payments.some((each) => each.id === paymentId && each.method === 'cash') ?? false,
  );
}

/** The open shift of this terminal: the person's own before another's, the newest before an older one. */
function openShift({ fold, entities, deviceId, actorId }: FillContext): Shift | undefined {
  const shifts = new Map(entities.listByState('shift', 'open').map((shift) => [shift.id as string, shift]));
  for (const row of fold.changed()) if (row.kind === 'shift') shifts.set(row.id, row.body);
  const here = [...shifts.values()].filter((shift) => shift.deviceId === deviceId && shift.status === 'open');
  const own = here.filter((shift) => shift.staffId === actorId);
  return (own.length > 0 ? own : here).sort((a, b) => (a.openedAt < b.openedAt ? 1 : -1))[0];
}

const LATEST_DAY = '9999-12-31';

/** What the drawer of a shift should hold, from every order that may have money of it. */
export function expectedInDrawer(shift: Shift, entities: EntityRows, fold?: Fold): number {
  const orders = new Map<string, Order>();
  for (const order of entities.listByDay('order', shift.openedDay, LATEST_DAY)) orders.set(order.id, order);
  for (const order of entities.listByState('order', 'open')) orders.set(order.id, order);
  for (const row of fold?.changed() ?? []) if (row.kind === 'order') orders.set(row.id, row.body);
  return drawerMinor(shift, orders.values());
}

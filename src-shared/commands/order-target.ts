import type { Flag } from '../domain/anomaly.ts';
import { followUpId, type Order, type OrderLine } from '../domain/order.ts';
import { AppError } from '../kernel/errors.ts';
import type { OrderId } from '../kernel/ids.ts';
import type { Ref } from '../domain/entity.ts';
import type { CommandContext } from './envelope.ts';

/** Every command on an order reads the order and the follow-up order that this terminal may have of it. */
export function orderRefs(orderId: string, ctx: CommandContext): { order: Ref<'order'>; followUp: Ref<'order'> } {
  return {
    order: { kind: 'order', id: orderId },
    followUp: { kind: 'order', id: followUpId(orderId, ctx.deviceId) },
  };
}

export interface Target {
  order: Order;
  flags: Flag[];
}

/** An order made by something that arrived before its opening. The late `order.open` fills it. */
export function shellOrder(orderId: OrderId, ctx: CommandContext): Order {
  return {
    id: orderId,
    branchId: ctx.branchId,
    number: '',
    type: 'takeaway',
    status: 'open',
    isShell: true,
    openedAt: ctx.at,
    openedBy: ctx.actorId,
    openedOn: ctx.deviceId,
    openedDay: ctx.businessDay,
    day: ctx.businessDay,
    lines: [],
    payments: [],
    ticketIds: [],
  };
}

function followUpOf(order: Order, ctx: CommandContext): Order {
  const id = followUpId(order.id, ctx.deviceId);
  return {
    ...shellOrder(id, ctx),
    isShell: false,
    number: order.number === '' ? '' : `${order.number}/${ctx.deviceId.slice(-4)}`,
    type: order.type,
    tableId: order.tableId,
    tableName: order.tableName,
    sessionId: order.sessionId,
    followUpOf: order.id,
  };
}

interface TargetState {
  order: Order | undefined;
  followUp: Order | undefined;
}

/**
 * The order that something rung up on `orderId` goes to.
 * Recorded: never refused. Unknown order → a flagged shell; closed by somebody else meanwhile → the follow-up order
 * of this terminal, where its later commands follow. Not recorded: an unknown or closed order is refused.
 */
export function targetForAdding(state: TargetState, orderId: OrderId, ctx: CommandContext): Target {
  const { order, followUp } = state;
  if (order === undefined) {
    if (!ctx.isRecorded) throw new AppError('order/not-found');
    return { order: shellOrder(orderId, ctx), flags: [{ code: 'order-unknown', orderId }] };
  }
  if (order.status === 'open') return { order, flags: [] };
  if (followUp !== undefined && followUp.status === 'open') return { order: followUp, flags: [] };
  if (!ctx.isRecorded) throw new AppError('order/closed');
  if (followUp !== undefined) return { order: { ...followUp, status: 'open' }, flags: [] };
  return {
    order: followUpOf(order, ctx),
    flags: [{ code: 'after-closing', orderId: order.id, subjectId: ctx.commandId }],
  };
}

/** As `targetForAdding`, for what has happened physically: refused by nothing, not even when it is tried at once. */
export function targetForPhysical(state: TargetState, orderId: OrderId, ctx: CommandContext): Target {
  return targetForAdding(state, orderId, { ...ctx, isRecorded: true });
}

/** Finds which of the two orders holds what `has` looks for (a line, a payment); the order itself when neither does. */
export function holder(state: TargetState, has: (order: Order) => boolean): Order | undefined {
  if (state.followUp !== undefined && has(state.followUp)) return state.followUp;
  return state.order;
}

/** Who changed the line, where it is not who added it. */
export function changeMark(
  line: OrderLine,
  { at, actorId: by, deviceId: on }: CommandContext,
): Pick<OrderLine, 'changed'> {
  return line.addedBy === by && line.addedOn === on ? {} : { changed: { at, by, on } };
}

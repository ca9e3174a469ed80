import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Order } from '#shared/domain/order.ts';
import { shortName } from '../i18n/format.ts';
import { useRows } from './selectors.ts';
import { useNamesOf, useTerminalName } from './terminals.ts';
import type { RowMap } from './rows.ts';

/** Somebody at a terminal; what an earlier version did names no terminal. */
interface Hand {
  by: string;
  on: string | undefined;
}

function handsOf(order: Order): Hand[] {
  return [
    { by: order.openedBy, on: order.openedOn },
    ...order.lines.flatMap(({ addedBy, addedOn, changed, void: mark }) => [
      { by: addedBy, on: addedOn },
      ...(changed === undefined ? [] : [{ by: changed.by, on: changed.on }]),
      ...(mark === undefined ? [] : [{ by: mark.by, on: mark.on }]),
    ]),
    ...order.payments.map(({ by, takenOn }) => ({ by, on: takenOn })),
  ];
}

/** Whether more than one person, or more than one terminal, worked on an order: then each line says whose it is. */
export function hasManyHands(order: Order): boolean {
  const hands = handsOf(order);
  const terminals = new Set(hands.map(({ on }) => on).filter((on) => on !== undefined));
  return terminals.size > 1 || new Set(hands.map(({ by }) => by)).size > 1;
}

export type HandText = (by: string, on: string | undefined) => string;

/** "Amina · Counter 2" for each hand on an order; `undefined` when only one was on it. */
export function useHands(order: Order): HandText | undefined {
  const { t } = useTranslation('orders');
  const staff = useRows('staff');
  const terminalName = useTerminalName();
  // What came after a closing came from another terminal than the rest: it says so even alone.
  const isShared = useMemo(() => order.followUpOf !== undefined || hasManyHands(order), [order]);
  useNamesOf(isShared ? handsOf(order).map(({ on }) => on) : []);
  const text = useCallback<HandText>(
    (by, on) => {
      const person = shortName(staff.get(by)?.name ?? t('unknownPerson'));
      const terminal = terminalName(on);
      return terminal === undefined ? person : `${person} · ${terminal}`;
    },
    [staff, terminalName, t],
  );
  return isShared ? text : undefined;
}

/** What was rung up for an order after it was closed, by terminals that had not seen the closing. */
export function followUpsOf(orderId: string, orders: RowMap<'order'>): Order[] {
  return [...orders.values()].filter((order) => order.followUpOf === orderId);
}

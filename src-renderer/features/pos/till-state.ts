import { create } from 'zustand';
import type { OrderType } from '#shared/domain/order.ts';
import type { PaymentMethod } from '#shared/domain/payment.ts';

/** What was just paid in full; shown until the next tap. */
export interface DoneSale {
  orderId: string;
  label: string;
  number: string;
  totalMinor: number;
  givenMinor: number;
  changeMinor: number;
  method: PaymentMethod;
  sessionId: string | undefined;
  tableName: string | undefined;
}

export type TillSheet =
  | { kind: 'none' }
  | { kind: 'pay' }
  | { kind: 'seat' }
  | { kind: 'details' }
  | { kind: 'orders' }
  | { kind: 'line'; lineId: string };

export interface TillState {
  /** The order on the right; `undefined`: the next tap opens a new one. */
  orderId: string | undefined;
  /** What the next new order is. */
  nextType: OrderType;
  categoryId: string | undefined;
  search: string;
  sheet: TillSheet;
  done: DoneSale | undefined;
}

/** What this till looks at. Orders themselves live on the terminal. Kept while other screens are shown. */
export const useTill = create<TillState>(() => ({
  orderId: undefined,
  nextType: 'takeaway',
  categoryId: undefined,
  search: '',
  sheet: { kind: 'none' },
  done: undefined,
}));

export function selectOrder(orderId: string | undefined): void {
  useTill.setState({ orderId, done: undefined, sheet: { kind: 'none' } });
}

export function showSheet(sheet: TillSheet): void {
  useTill.setState({ sheet, done: undefined });
}

export function closeSheet(): void {
  useTill.setState({ sheet: { kind: 'none' } });
}

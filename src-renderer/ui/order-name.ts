import type { TFunction } from 'i18next';
import type { Order } from '#shared/domain/order.ts';

/** Where an order belongs: its table, else how it leaves the house. A bare number gets the word. */
export function orderName({ tableName, type }: Pick<Order, 'tableName' | 'type'>, t: TFunction<'orders'>): string {
  if (tableName === undefined) return t(`types.${type}`);
  return /^\d+$/.test(tableName) ? t('table', { name: tableName }) : tableName;
}

import type { TFunction } from 'i18next';
import type { Order } from '#shared/domain/order.ts';
import { isBareTableName, spokenNumber } from './order-view.ts';

/** What an order is called at the till: its table, else its type and number. */
export function orderLabel(order: Pick<Order, 'tableName' | 'type' | 'number'>, t: TFunction<'pos'>): string {
  if (order.tableName !== undefined) return tableLabel(order.tableName, t);
  if (order.number === '') return t(`type.${order.type}`);
  return t('numbered', { type: t(`type.${order.type}`), number: spokenNumber(order.number) });
}

/** A table's name; a bare number gets the word. */
export function tableLabel(name: string, t: TFunction<'pos'>): string {
  return isBareTableName(name) ? t('table', { name }) : name;
}

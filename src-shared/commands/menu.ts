import { z } from 'zod';
import { put } from '../domain/entity.ts';
import { availabilityId, Category } from '../domain/menu.ts';
import { AppError } from '../kernel/errors.ts';
import { CategoryId, MenuItemId, Name, StationId } from '../kernel/ids.ts';
import { NonNegativeMinor, TaxRule } from '../kernel/money.ts';
import { defineCommand } from './define-command.ts';

export const saveCategory = defineCommand({
  name: 'menu.saveCategory',
  version: 1,
  route: 'PUT /menu/categories/:categoryId',
  level: 'L4',
  physical: false,
  audit: 'none',
  summary: 'Creates or changes a category of the menu.',
  input: z.object({ categoryId: CategoryId, name: Name, rank: Category.shape.rank, colour: Category.shape.colour }),
  reads: ({ categoryId }) => ({ category: { kind: 'category', id: categoryId } as const }),
  execute: (_state, { categoryId, name, rank, colour }) => ({
    puts: [put('category', { id: categoryId, name, rank, colour })],
  }),
});

const FORMER_PRICES_KEPT = 20;

export const saveMenuItem = defineCommand({
  name: 'menu.saveItem',
  version: 1,
  route: 'PUT /menu/items/:itemId',
  level: 'L4',
  physical: false,
  audit: 'money',
  summary: 'Creates or changes an item of the menu; earlier prices are remembered for terminals that were offline.',
  input: z.object({
    itemId: MenuItemId,
    name: Name,
    categoryId: CategoryId,
    priceMinor: NonNegativeMinor,
    tax: TaxRule,
    stationId: StationId,
  }),
  reads: ({ itemId }) => ({ item: { kind: 'menuItem', id: itemId } as const }),
  execute: ({ item }, input, ctx) => {
    const { itemId, ...rest } = input;
    const former = item?.formerPrices ?? [];
    const formerPrices =
      item === undefined || item.priceMinor === input.priceMinor
        ? former
        : [{ priceMinor: item.priceMinor, untilAt: ctx.at }, ...former].slice(0, FORMER_PRICES_KEPT);
    return { puts: [put('menuItem', { id: itemId, ...rest, isRemoved: false, formerPrices })] };
  },
});

export const removeMenuItem = defineCommand({
  name: 'menu.removeItem',
  version: 1,
  route: 'DELETE /menu/items/:itemId',
  level: 'L4',
  physical: false,
  audit: 'money',
  summary: 'Takes an item off the menu; what was sold of it stays.',
  input: z.object({ itemId: MenuItemId }),
  reads: ({ itemId }) => ({ item: { kind: 'menuItem', id: itemId } as const }),
  execute: ({ item }, _input, ctx) => {
    if (item === undefined) throw new AppError('command/not-found', 'This item is not on the menu.');
    const formerPrices = [{ priceMinor: item.priceMinor, untilAt: ctx.at }, ...item.formerPrices].slice(
      0,
      FORMER_PRICES_KEPT,
    );
    return { puts: [put('menuItem', { ...item, isRemoved: true, formerPrices })] };
  },
});

export const set86 = defineCommand({
  name: 'menu.set86',
  version: 1,
  route: 'PUT /menu/items/:itemId/availability',
  level: 'L1',
  physical: false,
  audit: 'money',
  summary: 'Marks an item as run out in this branch (86), or as back.',
  input: z.object({ itemId: MenuItemId, is86: z.boolean() }),
  reads: ({ itemId }, ctx) => ({
    availability: { kind: 'availability', id: availabilityId(ctx.branchId, itemId) } as const,
  }),
  execute: (_state, { itemId, is86 }, ctx) => ({
    puts: [
      put('availability', {
        id: availabilityId(ctx.branchId, itemId),
        branchId: ctx.branchId,
        itemId,
        is86,
        at: ctx.at,
      }),
    ],
  }),
});

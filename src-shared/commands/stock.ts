import { z } from 'zod';
import { put } from '../domain/entity.ts';
import { Milli, StockItem } from '../domain/stock.ts';
import { AppError } from '../kernel/errors.ts';
import { Name, Reason, StockItemId } from '../kernel/ids.ts';
import { defineCommand } from './define-command.ts';

const readsItem = ({ stockItemId }: { stockItemId: string }) => ({
  item: { kind: 'stockItem', id: stockItemId } as const,
});

export const saveStockItem = defineCommand({
  name: 'stock.saveItem',
  version: 1,
  route: 'PUT /stock/items/:stockItemId',
  level: 'L4',
  physical: false,
  audit: 'none',
  summary: 'Creates or changes a stock item; what is on hand changes only by movements.',
  input: z.object({
    stockItemId: StockItemId,
    name: Name,
    unit: StockItem.shape.unit,
    reorderLevelMilli: StockItem.shape.reorderLevelMilli,
    isRemoved: z.boolean().default(false),
  }),
  reads: readsItem,
  execute: ({ item }, input, ctx) => ({
    puts: [
      put('stockItem', {
        id: input.stockItemId,
        branchId: ctx.branchId,
        name: input.name,
        unit: input.unit,
        reorderLevelMilli: input.reorderLevelMilli,
        onHandMilli: item?.onHandMilli ?? 0,
        isRemoved: input.isRemoved,
      }),
    ],
  }),
});

export const adjustStock = defineCommand({
  name: 'stock.adjust',
  version: 1,
  route: 'POST /stock/items/:stockItemId/adjustments',
  level: 'L3',
  physical: false,
  audit: 'money',
  summary: 'Adds to or takes from what is on hand. Two adjustments at once add up.',
  input: z.object({
    stockItemId: StockItemId,
    deltaMilli: Milli.refine((delta) => delta !== 0, 'an adjustment changes something'),
    type: z.enum(['PURCHASE', 'WASTE', 'ADJUSTMENT', 'TRANSFER']).default('ADJUSTMENT'),
    reason: Reason,
  }),
  reads: readsItem,
  execute: ({ item }, input, ctx) => {
    if (item === undefined) throw new AppError('stock/not-found');
    const onHandMilli = item.onHandMilli + input.deltaMilli;
    return {
      puts: [
        put('stockItem', { ...item, onHandMilli }),
        put('stockMovement', {
          id: ctx.commandId,
          branchId: ctx.branchId,
          stockItemId: item.id,
          type: input.type,
          deltaMilli: input.deltaMilli,
          balanceMilli: onHandMilli,
          reason: input.reason,
          at: ctx.at,
          day: ctx.businessDay,
          by: ctx.actorId,
        }),
      ],
    };
  },
});

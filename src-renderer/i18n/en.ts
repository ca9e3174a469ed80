import { commands } from './en/commands.ts';
import { common } from './en/common.ts';
import { kds } from './en/kds.ts';
import { manager } from './en/manager.ts';
import { orders } from './en/orders.ts';
import { pos } from './en/pos.ts';
import { shell } from './en/shell.ts';
import { shifts } from './en/shifts.ts';
import { stock } from './en/stock.ts';
import { sync } from './en/sync.ts';

/** All English texts, one namespace a feature. */
export const en = { commands, common, kds, manager, orders, pos, shell, shifts, stock, sync };

import { common } from './en/common.ts';
import { kds } from './en/kds.ts';
import { pos } from './en/pos.ts';
import { shell } from './en/shell.ts';
import { shifts } from './en/shifts.ts';

/** All English texts, one namespace a feature. */
export const en = { common, kds, pos, shell, shifts };

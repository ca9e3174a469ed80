import { z } from 'zod';

/** Rights are levels; a right that needs L*n* is held by every level above (SPEC §0). */
export const Level = z.enum(['L1', 'L2', 'L3', 'L4', 'L5']);
export type Level = z.infer<typeof Level>;

const RANK: Record<Level, number> = { L1: 1, L2: 2, L3: 3, L4: 4, L5: 5 };

export function hasLevel(actual: Level, needed: Level): boolean {
  return RANK[actual] >= RANK[needed];
}

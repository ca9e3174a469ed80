import type { Clock } from '#shared/kernel/clock.ts';
import { type Cursor, hasArrived, parseCursor, type Visible } from '#shared/sync/cursor.ts';

/** Sees how far the stream itself has brought this terminal: a pull that brings the same rows does not count. */
export interface StreamWatch {
  /** Resolves to whether the stream reaches `visible` within `withinMs`. */
  reaches(visible: Visible, withinMs: number): Promise<boolean>;
  stop(): void;
}

/** All watches of one stream; idle as long as nobody watches. */
export function createStreamWatches(clock: Clock) {
  const watching = new Set<(cursor: Cursor) => void>();
  return {
    /** An event `rows` has been taken in. */
    note: (data: string): void => {
      if (watching.size === 0) return;
      const cursor = parseCursor(/"cursor":"([^"]*)"/.exec(data)?.[1] ?? '');
      if (cursor !== undefined) for (const look of watching) look(cursor);
    },
    /** From now on. */
    watch: (): StreamWatch => {
      let reached: Cursor | undefined;
      let onReached: (() => void) | undefined;
      const look = (cursor: Cursor): void => {
        reached = cursor;
        onReached?.();
      };
      watching.add(look);
      return {
        reaches: (visible, withinMs) =>
          new Promise((resolve) => {
            const check = (): void => {
              if (reached === undefined || !hasArrived(visible, reached)) return;
              cancel();
              resolve(true);
            };
            const cancel = clock.after(withinMs, () => resolve(false));
            onReached = check;
            check();
          }),
        stop: () => watching.delete(look),
      };
    },
  };
}

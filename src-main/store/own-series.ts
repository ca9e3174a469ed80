import type { Watermark } from '#shared/contract/sync-wire.ts';
import type { Store } from './store.ts';

/** The part of the outbox that belongs to one series, and how much of it the cloud has. */
export interface SeriesPart {
  firstPos: number;
  lastPos: number;
  /** The last position that the cloud has; one before the first when it has none. */
  cloudPos: number;
}

/**
 * How much of each series of this terminal the cloud has. A series that it does not name it does not have: a cloud that was restored
 * from a backup may have forgotten any of them, not only the one that is being written.
 */
export function listSeriesParts(store: Store, watermarks: readonly Watermark[]): SeriesPart[] {
  const series = store.outboxCopy.listSeries();
  // By its name alone, which is random: a terminal that was enrolled anew has had another device id.
  const marks = new Map(watermarks.map((mark) => [mark.incarnation, mark.seq]));
  return series.map(({ id, firstPos }, index) => ({
    firstPos,
    lastPos: (series[index + 1]?.firstPos ?? store.outbox.lastPos() + 1) - 1,
    cloudPos: firstPos + (marks.get(id) ?? 0) - 1,
  }));
}

/** The first entry that was acknowledged up to `ackedPos`, is kept here, and that the cloud does not have any more. */
export function findLost(store: Store, parts: readonly SeriesPart[], ackedPos: number): number | undefined {
  const kept = store.outboxCopy.findFirstPos() ?? 1;
  for (const { lastPos, cloudPos } of parts) {
    const lost = Math.max(cloudPos + 1, kept);
    if (lost <= Math.min(lastPos, ackedPos)) return lost;
  }
  return undefined;
}

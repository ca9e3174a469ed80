import { randomBytes } from 'node:crypto';
import { Kind, type Ref } from '#shared/domain/entity.ts';
import type { OrgId } from '#shared/kernel/ids.ts';
import type { Log } from '#shared/kernel/log.ts';
import type { MirrorCopy } from './mirror-files.ts';
import type { MirrorEntry, MirrorSeries } from './mirror-record.ts';
import { reconciler } from './reconcile.ts';
import type { Store } from './store.ts';
import { parseTouches } from './touch-rows.ts';

export interface PutBackOptions {
  orgId: OrgId;
  /** ISO 8601. */
  at: string;
  /** Nothing can have been done that is not in the copies or the store: the series goes on. */
  isComplete: boolean;
  log: Log;
}

export interface PutBackResult {
  /** Entries that are waiting again. */
  entries: number;
  /** The series that is new, when there had to be one. */
  newSeries: string | undefined;
  /** Entries are missing between those that the copies have. */
  hasGap: boolean;
}

/** A new random series of the outbox. */
export function newIncarnationId(): string {
  return randomBytes(8).toString('hex');
}

/**
 * Puts back what the copies of the outbox have and the store lacks, and runs it again on the view, in one transaction.
 * Entries that follow on the store's last keep position, series, `seq` and bytes; others (a gap before them, or the store
 * went on without them) follow under a new series. Their ids are the same in either case, so that the cloud runs none twice.
 */
export function putBack(store: Store, copies: readonly MirrorCopy[], options: PutBackOptions): PutBackResult {
  const { outbox, outboxCopy, touches } = store;
  const missing = listMissing(store, copies);
  const series = listSeries(copies);
  const kept = followOn(store, missing, series);
  const others = missing.slice(kept.length);
  const hasGap = isBroken(store, copies, missing);
  const reconcile = reconciler(store, options.orgId, options.log);
  return store.write(() => {
    for (const each of neededSeries(store, series, kept)) outboxCopy.raiseSeries(each);
    for (const entry of kept) outboxCopy.putBack(entry);
    outbox.reload();
    const hasSeries = outboxCopy.listSeries().length > 0;
    let newSeries: string | undefined;
    if (!options.isComplete || hasGap || others.length > 0 || !hasSeries) {
      newSeries = newIncarnationId();
      outbox.startIncarnation(newSeries, outbox.lastPos() + 1, options.at);
    }
    const positions = kept.map(({ pos }) => pos);
    for (const { touches: touched, ...entry } of others) {
      positions.push(outbox.append({ ...entry, touches: touched ?? '' }));
    }
    const dirty: Ref[] = [];
    const unknown: number[] = [];
    for (const [index, { touches: touched }] of missing.entries()) {
      const pos = positions[index] ?? 0;
      const refs = readTouches(touched);
      if (refs.length === 0) unknown.push(pos);
      touches.addAll(pos, refs);
      dirty.push(...refs);
    }
    const lamport = Math.max(Number(store.meta.find('lamport') ?? 0), ...missing.map((entry) => entry.lamport));
    if (missing.length > 0) store.meta.save('lamport', String(lamport));
    // Settled before they were copied: what they touched is found by running them.
    dirty.push(...reconcile.retouch(unknown));
    reconcile.run(dirty);
    return { entries: missing.length, newSeries, hasGap };
  });
}

/** Whether the copies know of anything that the store does not. */
export function knowsMore(store: Store, copies: readonly MirrorCopy[]): boolean {
  const { outbox, outboxCopy } = store;
  const known = new Map(outboxCopy.listSeries().map((each) => [each.id, each]));
  return copies.some((copy) => {
    const mark = copy.lastMark;
    const named = copy.head?.series ?? [];
    const hasSeries = named.every(({ id, nextReceipt }) => {
      const marked = mark?.series === id ? mark.nextReceipt : 1;
      return (known.get(id)?.nextReceipt ?? 0) >= Math.max(nextReceipt, marked);
    });
    if (!hasSeries) return true;
    if (copy.last === undefined) return false;
    const { pos, id } = copy.last;
    if (pos > outbox.lastPos()) return true;
    const found = outbox.idAt(pos);
    return found !== undefined && found !== id;
  });
}

/** In the order they were given. */
function listMissing(store: Store, copies: readonly MirrorCopy[]): MirrorEntry[] {
  const known = store.outboxCopy.listIds();
  // Older ones are gone by the retention.
  const from = store.outboxCopy.findFirstPos() ?? 0;
  const missing = new Map<string, MirrorEntry>();
  for (const copy of copies) {
    for (const entry of copy.entries) if (entry.pos >= from && !known.has(entry.id)) missing.set(entry.id, entry);
  }
  return [...missing.values()].sort((a, b) => a.pos - b.pos || a.lamport - b.lamport);
}

function listSeries(copies: readonly MirrorCopy[]): MirrorSeries[] {
  const series = new Map<string, MirrorSeries>();
  for (const each of copies.flatMap((copy) => copy.series)) {
    const former = series.get(each.id);
    if (former === undefined || former.nextReceipt < each.nextReceipt) series.set(each.id, each);
  }
  return [...series.values()].sort((a, b) => a.firstPos - b.firstPos);
}

/** Those of the missing that can take their own places again: without a gap, each where its series says. */
function followOn(store: Store, missing: readonly MirrorEntry[], series: readonly MirrorSeries[]): MirrorEntry[] {
  const { outbox, outboxCopy } = store;
  const isEmpty = outboxCopy.findFirstPos() === undefined && outboxCopy.listSeries().length === 0;
  const all = new Map([...series, ...outboxCopy.listSeries()].map((each) => [each.id, each]));
  let next = isEmpty ? (missing[0]?.pos ?? 1) : outbox.lastPos() + 1;
  const kept: MirrorEntry[] = [];
  for (const entry of missing) {
    const own = all.get(entry.series);
    if (entry.pos !== next || own === undefined || entry.seq !== entry.pos - own.firstPos + 1) break;
    kept.push(entry);
    next += 1;
  }
  return kept;
}

/** Whether there is a gap that was not there from the first: a copy that began later has nothing from before, which the cloud has. */
function isBroken(store: Store, copies: readonly MirrorCopy[], missing: readonly MirrorEntry[]): boolean {
  const [first] = missing;
  if (first === undefined) return false;
  const lastPos = store.outbox.lastPos();
  const hasEarlier = copies.some((copy) => copy.entries.some(({ pos }) => pos < first.pos));
  if (hasEarlier && first.pos > lastPos + 1) return true;
  return missing.some(({ pos }, index) => pos > (missing[index - 1]?.pos ?? pos) + 1);
}

/** The series that the store needs for what it has and gets, with the highest receipt numbers that are known. */
function neededSeries(store: Store, series: readonly MirrorSeries[], kept: readonly MirrorEntry[]): MirrorSeries[] {
  const known = new Map(store.outboxCopy.listSeries().map((each) => [each.id, each]));
  const places = new Set([...known.values()].map(({ firstPos }) => firstPos));
  const used = new Set(kept.map((entry) => entry.series));
  const end = kept.at(-1)?.pos ?? store.outbox.lastPos();
  return series.filter((each) => {
    if (known.has(each.id)) return true;
    if (places.has(each.firstPos)) return false;
    return used.has(each.id) || (each.firstPos === end + 1 && each === series.at(-1));
  });
}

function readTouches(text: string | null): Ref[] {
  try {
    return parseTouches(text).filter(({ kind }) => Kind.safeParse(kind).success);
  } catch {
    // A kind of another version: found by running the command.
    return [];
  }
}

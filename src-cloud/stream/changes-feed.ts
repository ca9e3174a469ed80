import type { ChangesPage, StreamRows } from '#shared/contract/sync-wire.ts';
import type { Clock } from '#shared/kernel/clock.ts';
import { formatCursor, parseCursor, START } from '#shared/sync/cursor.ts';
import type { Wakeup } from '../services/wakeups.ts';
import type { SseChannel } from './sse-channel.ts';
import type { SseClient } from './sse-client.ts';
import type { SseEvent } from './sse-frame.ts';
import type { SseHub, StreamLog } from './sse-hub.ts';

/** The log of a branch and its organisation. */
export interface ChangesSource {
  read(orgId: string, branchId: string, after: string, limit: number): Promise<ChangesPage>;
  /** Where both counters stand now, as a cursor. */
  head(orgId: string, branchId: string): Promise<string>;
}

/** Rows of one event. */
const PAGE_ROWS = 500;
/** Reads of one branch are at least this far apart: what many tills push meanwhile travels as one page. */
const GAP_MS = 25;
/** After a failed read. */
const RETRY_MS = 1_000;
/** A lost wake-up costs at most this. */
const RECHECK_MS = 10_000;

const RESET: SseEvent = { name: 'reset', data: '{}' };

/**
 * `GET /stream/changes`: the rows of a branch and its organisation as they become visible. One reader per branch serves
 * all its terminals with the same bytes: a wake-up makes it read the log once from where it last stopped.
 */
export class ChangesFeed {
  readonly #hub: SseHub;
  readonly #source: ChangesSource;
  readonly #clock: Clock;
  readonly #log: StreamLog;
  readonly #readers = new Map<string, BranchReader>();

  constructor(options: { hub: SseHub; source: ChangesSource; clock: Clock; log: StreamLog }) {
    this.#hub = options.hub;
    this.#source = options.source;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Looks again at the branches that a wake-up names; `org` means all of the organisation. */
  wake({ orgId, scopes }: Wakeup): void {
    const isOrg = scopes.includes('org');
    for (const reader of this.#readers.values()) {
      if (reader.orgId === orgId && (isOrg || scopes.includes(reader.branchId))) reader.look();
    }
  }

  get readers(): number {
    return this.#readers.size;
  }

  /**
   * Brings a client from `after` (undefined: from nothing) to the present and keeps it there. It is joined before the log
   * is read, so that nothing falls between. Live pages that the catch-up covers are left out; one that is read meanwhile may
   * overlap it, which a reader sees in `after`. Resolves when the client is live or gone; closes it when the log cannot
   * be read, so that it comes back.
   */
  async attach(client: SseClient, orgId: string, branchId: string, after: string | undefined): Promise<void> {
    client.hold();
    const reader = this.#reader(orgId, branchId);
    reader.channel.join(client);
    try {
      await reader.started();
      let cursor = after ?? formatCursor(START);
      for (;;) {
        await client.writable();
        if (client.isClosed) return;
        const page = await this.#source.read(orgId, branchId, cursor, PAGE_ROWS);
        if (page.reset) {
          // What it holds means nothing here: it pulls from nothing, and sees in `after` what of the live pages fits.
          client.send(RESET);
          client.release(() => false);
          return;
        }
        if (isWorthSending(page, cursor)) client.send(rowsEvent(page, cursor));
        cursor = page.cursor;
        if (!page.hasMore) break;
      }
      client.release((id) => isCovered(id, cursor));
    } catch (error) {
      this.#log.warn({ event: 'stream-catch-up-failed', orgId, branchId, err: error }, 'catch-up of a stream failed');
      client.close('error');
    }
  }

  close(): void {
    for (const reader of this.#readers.values()) reader.close();
    this.#readers.clear();
  }

  #reader(orgId: string, branchId: string): BranchReader {
    const key = `changes:${orgId}:${branchId}`;
    const known = this.#readers.get(key);
    if (known !== undefined) return known;
    const channel = this.#hub.channel(key, 'log', () => {
      this.#readers.get(key)?.close();
      this.#readers.delete(key);
    });
    const reader = new BranchReader(channel, orgId, branchId, this.#source, this.#clock, this.#log);
    this.#readers.set(key, reader);
    return reader;
  }
}

/** Reads one branch's log for all its clients. */
class BranchReader {
  readonly channel: SseChannel;
  readonly orgId: string;
  readonly branchId: string;
  readonly #source: ChangesSource;
  readonly #clock: Clock;
  readonly #log: StreamLog;
  /** Up to where it has published; undefined until the head is known. */
  #cursor: string | undefined;
  #start: Promise<void> | undefined;
  #isReading = false;
  #isDirty = false;
  #isClosed = false;
  #lastReadMs = Number.NEGATIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;

  constructor(
    channel: SseChannel,
    orgId: string,
    branchId: string,
    source: ChangesSource,
    clock: Clock,
    log: StreamLog,
  ) {
    this.channel = channel;
    this.orgId = orgId;
    this.branchId = branchId;
    this.#source = source;
    this.#clock = clock;
    this.#log = log;
  }

  /** Resolves once everything that becomes visible from now on will be published. */
  async started(): Promise<void> {
    this.#start ??= this.#readHead();
    await this.#start;
  }

  async #readHead(): Promise<void> {
    try {
      this.#cursor = await this.#source.head(this.orgId, this.branchId);
      this.#later(RECHECK_MS);
    } catch (error) {
      this.#start = undefined;
      throw error;
    }
  }

  look(): void {
    this.#isDirty = true;
    if (this.#cursor === undefined || this.#isReading || this.#isClosed) return;
    const waitMs = this.#lastReadMs + GAP_MS - this.#clock.now();
    if (waitMs > 0) this.#later(waitMs);
    else void this.#readNow();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
  }

  #later(ms: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.after(ms, () => this.look());
  }

  async #readNow(): Promise<void> {
    this.#cancelTimer?.();
    this.#isReading = true;
    this.#isDirty = false;
    this.#lastReadMs = this.#clock.now();
    let nextMs = RECHECK_MS;
    try {
      await this.#publishNew();
    } catch (error) {
      this.#log.warn(
        { event: 'stream-read-failed', orgId: this.orgId, branchId: this.branchId, err: error },
        'a stream could not read its log',
      );
      nextMs = RETRY_MS;
    }
    this.#isReading = false;
    if (this.#isClosed) return;
    if (this.#isDirty && nextMs === RECHECK_MS) this.look();
    else this.#later(nextMs);
  }

  async #publishNew(): Promise<void> {
    for (;;) {
      const cursor = this.#cursor ?? formatCursor(START);
      const page = await this.#source.read(this.orgId, this.branchId, cursor, PAGE_ROWS);
      if (this.#isClosed) return;
      if (page.reset) {
        // The cloud went back behind what it had said: everybody starts again from where they are.
        this.#cursor = await this.#source.head(this.orgId, this.branchId);
        this.channel.closeAll();
        return;
      }
      if (isWorthSending(page, cursor)) this.channel.publish(rowsEvent(page, cursor));
      this.#cursor = page.cursor;
      if (!page.hasMore) return;
    }
  }
}

/** `after`: where the page goes on from. A reader that stands before it has missed something. */
function rowsEvent(page: ChangesPage, after: string): SseEvent {
  const data: StreamRows = { ...page, after };
  return { id: page.cursor, name: 'rows', data: JSON.stringify(data) };
}

function isWorthSending(page: ChangesPage, after: string): boolean {
  return page.rows.length > 0 || page.outcomes.length > 0 || page.cursor !== after;
}

/** Whether a reader at `cursor` has everything up to the event `id`. Both counters only grow. */
function isCovered(id: string, cursor: string): boolean {
  const event = parseCursor(id);
  const reader = parseCursor(cursor);
  if (event === undefined || reader === undefined) return false;
  return event.org.seq <= reader.org.seq && event.branch.seq <= reader.branch.seq;
}

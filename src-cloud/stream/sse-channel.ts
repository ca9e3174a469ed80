import type { LogEvent, SseClient } from './sse-client.ts';
import { encodeEvent, type SseEvent } from './sse-frame.ts';

/**
 * `log`: every event reaches every client in order, or the client is cut and resumes by id.
 * `state`: only the newest counts; a slow client gets that one when it takes bytes again.
 */
export type ChannelKind = 'log' | 'state';

/** What a channel needs of its hub. */
export interface ChannelHome {
  /** Has `flush` called once, at the end of this turn of the event loop. */
  flushSoon(channel: SseChannel): void;
  /** The last client has left. */
  onEmpty(channel: SseChannel): void;
  count(deliveries: number, bytes: number): void;
}

/** One stream's definition: whoever listens to it gets the same bytes. */
export class SseChannel {
  readonly key: string;
  readonly kind: ChannelKind;
  readonly #home: ChannelHome;
  readonly #clients = new Set<SseClient>();
  #waiting: LogEvent[] = [];
  /** State channels: the newest bytes, for whoever joins. */
  #latest: Buffer | undefined;

  constructor(key: string, kind: ChannelKind, home: ChannelHome) {
    this.key = key;
    this.kind = kind;
    this.#home = home;
  }

  get size(): number {
    return this.#clients.size;
  }

  get latest(): Buffer | undefined {
    return this.#latest;
  }

  /**
   * Says something to all. Each event is encoded once; what is said in one turn of the event loop costs one write per
   * client. On a state channel the events of one call belong together and replace all earlier ones.
   */
  publish(...events: SseEvent[]): void {
    const encoded = events.map((event) => ({ id: event.id ?? '', bytes: encodeEvent(event) }));
    if (this.kind === 'state') {
      this.#latest = joined(encoded);
      this.#waiting = [];
    }
    if (this.#clients.size === 0) return;
    this.#waiting.push(...encoded);
    this.#home.flushSoon(this);
  }

  /** Adds a client. On a state channel it gets the newest at once, where there is one. */
  join(client: SseClient): void {
    if (this.#clients.has(client)) return;
    if (client.isClosed) {
      if (this.#clients.size === 0) this.#home.onEmpty(this);
      return;
    }
    // What was said before the client came is not for it: a log client reads that from the log.
    if (this.#waiting.length > 0) this.flush();
    this.#clients.add(client);
    client.channels.push(this);
    if (this.#latest !== undefined) client.writeState(this, this.#latest);
  }

  leave(client: SseClient): void {
    if (this.#clients.delete(client) && this.#clients.size === 0) this.#home.onEmpty(this);
  }

  flush(): void {
    const events = this.#waiting;
    if (events.length === 0) return;
    this.#waiting = [];
    const bytes = joined(events);
    this.#home.count(this.#clients.size, bytes.length);
    if (this.kind === 'state') {
      for (const client of this.#clients) client.writeState(this, bytes);
      return;
    }
    for (const client of this.#clients) {
      if (client.isHeld) client.holdBack(events);
      else client.write(bytes);
    }
  }

  /** Cuts all its clients, so that they come back and read for themselves. */
  closeAll(): void {
    for (const client of this.#clients) client.close('error');
  }
}

function joined(events: readonly LogEvent[]): Buffer {
  const [first] = events;
  return events.length === 1 && first !== undefined ? first.bytes : Buffer.concat(events.map((event) => event.bytes));
}

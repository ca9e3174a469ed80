import type { Socket } from 'node:net';
import type { Clock } from '#shared/kernel/clock.ts';
import type { SseChannel } from './sse-channel.ts';
import { encodeEvent, type SseEvent } from './sse-frame.ts';

/** Why a stream ended. */
export type CloseReason = 'client' | 'overflow' | 'stalled' | 'expired' | 'revoked' | 'shutdown' | 'error';

/** An event with its bytes, as a log channel hands it on. */
export interface LogEvent {
  id: string;
  bytes: Buffer;
}

/** What all clients of a hub share. */
export interface ClientPolicy {
  clock: Clock;
  /** Bytes that may wait for a slow client on log channels before it is cut and resumes by id. */
  maxQueueBytes: number;
  /** How long a client may take nothing at all before it counts as gone. */
  stalledMs: number;
  /** Called once, when the client has left all its channels. */
  onClose(client: SseClient, reason: CloseReason): void;
}

/** Who listens, and until when they may. */
export interface Listener {
  /** A user or a device, for limits, logs and revocation: `staff:<id>` or `device:<id>`. */
  subject: string;
  orgId: string;
  /** What they listen to, for logs and gauges: `changes`, `kpis`. */
  stream: string;
  /** The end of their token: the stream is closed then, so that it is checked again. */
  expiresAtMs: number;
}

/** One open stream. It belongs to any number of channels and leaves nothing behind when it closes. */
export class SseClient {
  readonly listener: Listener;
  readonly openedAtMs: number;
  readonly channels: SseChannel[] = [];
  readonly #socket: Socket;
  readonly #policy: ClientPolicy;
  #isClosed = false;
  /** Since when the socket's buffer has been full; undefined while it takes what comes. */
  #blockedSinceMs: number | undefined;
  /** State channels whose newest event this client has not got. */
  #stale: Set<SseChannel> | undefined;
  /** Set while the client catches up: what its log channels said meanwhile. */
  #held: { events: LogEvent[]; bytes: number } | undefined;

  constructor(socket: Socket, listener: Listener, policy: ClientPolicy) {
    this.#socket = socket;
    this.listener = listener;
    this.#policy = policy;
    this.openedAtMs = policy.clock.now();
    socket.on('drain', () => this.#drained());
    // The other side said it is done: a stream is over then.
    socket.on('end', () => this.close('client'));
    socket.on('close', () => this.#finish('client'));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /** Bytes that wait for this client, in the socket and held back. */
  get queuedBytes(): number {
    return this.#socket.writableLength + (this.#held?.bytes ?? 0);
  }

  /** Sends an event to this client alone. It is never dropped. */
  send(event: SseEvent): void {
    this.write(encodeEvent(event));
  }

  /**
   * Sends bytes that must not be lost; a client whose queue is over its limit is cut. One page larger than the limit
   * does not cut a client that had nothing waiting: it would come back for the same page for ever.
   */
  write(bytes: Buffer): void {
    if (this.#isClosed || this.#socket.write(bytes)) return;
    if (this.#blockedSinceMs === undefined) this.#blockedSinceMs = this.#policy.clock.now();
    else this.#cutWhenOver();
  }

  /** Sends the newest of a state channel now, or once the client takes bytes again. */
  writeState(channel: SseChannel, bytes: Buffer): void {
    if (this.#isClosed) return;
    if (this.#blockedSinceMs !== undefined) (this.#stale ??= new Set()).add(channel);
    else if (!this.#socket.write(bytes)) this.#blockedSinceMs = this.#policy.clock.now();
  }

  /** Keeps a heartbeat away from a full socket, and cuts a client that has taken nothing for too long. */
  beat(bytes: Buffer): void {
    if (this.#isClosed) return;
    if (this.#blockedSinceMs === undefined) this.write(bytes);
    else if (this.#policy.clock.now() - this.#blockedSinceMs >= this.#policy.stalledMs) this.close('stalled');
  }

  /** From now on the events of log channels wait for `release`. */
  hold(): void {
    this.#held ??= { events: [], bytes: 0 };
  }

  /** Called by a log channel while the client catches up. */
  holdBack(events: readonly LogEvent[]): void {
    const held = this.#held;
    if (held === undefined || this.#isClosed) return;
    for (const event of events) {
      held.events.push(event);
      held.bytes += event.bytes.length;
    }
    this.#cutWhenOver();
  }

  /** The client has caught up: sends what was held back and is not covered by that, in order. */
  release(isCovered: (id: string) => boolean): void {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined || this.#isClosed) return;
    const missing = held.events.filter((event) => !isCovered(event.id)).map((event) => event.bytes);
    if (missing.length > 0) this.write(Buffer.concat(missing));
  }

  /** Resolves once the socket takes bytes again or is closed. */
  async writable(): Promise<void> {
    if (this.#isClosed || !this.#socket.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        this.#socket.off('drain', done);
        this.#socket.off('close', done);
        resolve();
      };
      this.#socket.on('drain', done);
      this.#socket.on('close', done);
    });
  }

  /** Ends the stream; what the socket still holds is flushed unless the client takes nothing. */
  close(reason: CloseReason): void {
    if (this.#isClosed) return;
    const isCut =
      this.#blockedSinceMs !== undefined || reason === 'overflow' || reason === 'stalled' || reason === 'error';
    if (isCut) this.#socket.destroy();
    else this.#socket.end(() => this.#socket.destroy());
    this.#finish(reason);
  }

  #cutWhenOver(): void {
    if (this.queuedBytes > this.#policy.maxQueueBytes) this.close('overflow');
  }

  #finish(reason: CloseReason): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#held = undefined;
    this.#stale = undefined;
    for (const channel of this.channels.splice(0)) channel.leave(this);
    this.#policy.onClose(this, reason);
  }

  #drained(): void {
    this.#blockedSinceMs = undefined;
    const stale = this.#stale;
    this.#stale = undefined;
    for (const channel of stale ?? []) if (channel.latest !== undefined) this.writeState(channel, channel.latest);
  }
}

import type { FastifyReply } from 'fastify';
import type { Clock } from '#shared/kernel/clock.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { type ChannelKind, SseChannel } from './sse-channel.ts';
import { type CloseReason, type Listener, SseClient } from './sse-client.ts';
import { HEARTBEAT, retryHint } from './sse-frame.ts';
import { streamHead, takeSocket } from './sse-socket.ts';

export interface HubLimits {
  /** Open streams of this process. */
  maxClients: number;
  /** Open streams of one user or device. */
  maxClientsPerSubject: number;
  /** Bytes that may wait for one slow client of a log. */
  maxQueueBytes: number;
  heartbeatMs: number;
  stalledMs: number;
  /** The hint to browsers for their next connection. */
  retryMs: number;
}

export const HUB_LIMITS: HubLimits = {
  maxClients: 20_000,
  maxClientsPerSubject: 32,
  maxQueueBytes: 1_048_576,
  heartbeatMs: 15_000,
  stalledMs: 60_000,
  retryMs: 2_000,
};

/** The logger's two words that the hub uses; pino fits. */
export interface StreamLog {
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
}

export interface HubStats {
  clients: number;
  channels: number;
  clientsByStream: Record<string, number>;
  opened: number;
  closed: Partial<Record<CloseReason, number>>;
  events: number;
  deliveries: number;
  bytes: number;
}

/**
 * The one hub of all streams. A route authenticates, opens a client here and joins it to channels; publishers speak to
 * channels. Whoever closes, for whatever reason, leaves nothing behind.
 */
export class SseHub {
  readonly limits: HubLimits;
  readonly #clock: Clock;
  readonly #log: StreamLog;
  readonly #channels = new Map<string, { channel: SseChannel; onEmpty: () => void }>();
  readonly #clients = new Set<SseClient>();
  readonly #perSubject = new Map<string, number>();
  readonly #dirty = new Set<SseChannel>();
  readonly #expiries = new Map<SseClient, () => void>();
  readonly #policy;
  readonly #home;
  readonly #stats = { opened: 0, events: 0, deliveries: 0, bytes: 0 };
  readonly #closedBy: Partial<Record<CloseReason, number>> = {};
  #cancelBeat: (() => void) | undefined;
  #isFlushing = false;
  #isClosed = false;

  constructor(options: { clock: Clock; log: StreamLog; limits?: Partial<HubLimits> }) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.limits = { ...HUB_LIMITS, ...options.limits };
    this.#policy = {
      clock: options.clock,
      maxQueueBytes: this.limits.maxQueueBytes,
      stalledMs: this.limits.stalledMs,
      onClose: (client: SseClient, reason: CloseReason) => this.#forget(client, reason),
    };
    this.#home = {
      flushSoon: (channel: SseChannel) => this.#flushSoon(channel),
      onEmpty: (channel: SseChannel) => this.#dropChannel(channel),
      count: (deliveries: number, bytes: number) => {
        this.#stats.events += 1;
        this.#stats.deliveries += deliveries;
        this.#stats.bytes += deliveries * bytes;
      },
    };
  }

  /** The channel of this key, made when there is none. `onEmpty` is called when its last client has left. */
  channel(key: string, kind: ChannelKind, onEmpty: () => void = () => undefined): SseChannel {
    const known = this.#channels.get(key);
    if (known !== undefined) return known.channel;
    const channel = new SseChannel(key, kind, this.#home);
    this.#channels.set(key, { channel, onEmpty });
    return channel;
  }

  findChannel(key: string): SseChannel | undefined {
    return this.#channels.get(key)?.channel;
  }

  /**
   * Turns an answer into an open stream: hijacks it, writes the head by hand (with the headers that CORS and others
   * have set) and keeps the bare socket. Throws `server/busy` when a limit is reached, before anything is written.
   */
  open(reply: FastifyReply, listener: Listener): SseClient {
    this.#refuseOverLimit(listener);
    // Gone before it was answered: nobody reads this, but nothing may be kept for it.
    if (reply.raw.socket === null || reply.raw.destroyed) throw new AppError('server/busy');
    const head = streamHead(reply.getHeaders());
    reply.hijack();
    const socket = takeSocket(reply.raw);
    const client = new SseClient(socket, listener, this.#policy);
    this.#clients.add(client);
    this.#perSubject.set(listener.subject, (this.#perSubject.get(listener.subject) ?? 0) + 1);
    this.#stats.opened += 1;
    this.#log.info({ event: 'stream-opened', ...whoOf(listener), clients: this.#clients.size }, 'stream opened');
    client.write(Buffer.concat([head, retryHint(this.limits.retryMs)]));
    if (socket.destroyed) client.close('client');
    this.#armBeat();
    this.#armExpiry(client, this.limits.heartbeatMs);
    return client;
  }

  /** Ends the streams of those that `match` says, such as a device that was switched off. Returns how many. */
  disconnect(match: (listener: Listener) => boolean): number {
    let count = 0;
    for (const client of this.#clients) {
      if (!match(client.listener)) continue;
      client.close('revoked');
      count += 1;
    }
    return count;
  }

  /** Whether anybody of this subject listens now. */
  isListening(subject: string): boolean {
    return this.#perSubject.has(subject);
  }

  /** Who listens now, once for each stream. */
  *listeners(): Iterable<Listener> {
    for (const { listener } of this.#clients) yield listener;
  }

  stats(): HubStats {
    const clientsByStream: Record<string, number> = {};
    for (const { listener } of this.#clients)
      clientsByStream[listener.stream] = (clientsByStream[listener.stream] ?? 0) + 1;
    return {
      clients: this.#clients.size,
      channels: this.#channels.size,
      clientsByStream,
      closed: { ...this.#closedBy },
      ...this.#stats,
    };
  }

  /** Ends every stream politely; nothing can be opened afterwards. */
  close(): void {
    this.#isClosed = true;
    this.#cancelBeat?.();
    this.#cancelBeat = undefined;
    for (const channel of this.#dirty) channel.flush();
    this.#dirty.clear();
    for (const client of this.#clients) client.close('shutdown');
  }

  #refuseOverLimit(listener: Listener): void {
    const isFull =
      this.#clients.size >= this.limits.maxClients ||
      (this.#perSubject.get(listener.subject) ?? 0) >= this.limits.maxClientsPerSubject;
    if (!isFull && !this.#isClosed) return;
    this.#log.warn(
      { event: 'stream-refused', ...whoOf(listener), clients: this.#clients.size },
      'stream refused: limit reached',
    );
    throw new AppError('server/busy', undefined, { retryAfterMs: 5_000 });
  }

  #forget(client: SseClient, reason: CloseReason): void {
    this.#clients.delete(client);
    this.#expiries.get(client)?.();
    this.#expiries.delete(client);
    const { listener } = client;
    const left = (this.#perSubject.get(listener.subject) ?? 1) - 1;
    if (left > 0) this.#perSubject.set(listener.subject, left);
    else this.#perSubject.delete(listener.subject);
    this.#closedBy[reason] = (this.#closedBy[reason] ?? 0) + 1;
    const facts = {
      event: 'stream-closed',
      ...whoOf(listener),
      reason,
      duration_ms: this.#clock.now() - client.openedAtMs,
    };
    if (reason === 'overflow' || reason === 'stalled' || reason === 'error') this.#log.warn(facts, 'stream cut');
    else this.#log.info(facts, 'stream closed');
    if (this.#clients.size > 0) return;
    this.#cancelBeat?.();
    this.#cancelBeat = undefined;
  }

  #dropChannel(channel: SseChannel): void {
    const known = this.#channels.get(channel.key);
    if (known?.channel !== channel) return;
    this.#channels.delete(channel.key);
    this.#dirty.delete(channel);
    known.onEmpty();
  }

  #flushSoon(channel: SseChannel): void {
    this.#dirty.add(channel);
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => {
      this.#isFlushing = false;
      const dirty = [...this.#dirty];
      this.#dirty.clear();
      for (const each of dirty) each.flush();
    });
  }

  /** One timer for the heartbeats of all; it rests while nobody listens. */
  #armBeat(): void {
    if (this.#cancelBeat !== undefined) return;
    this.#cancelBeat = this.#clock.after(this.limits.heartbeatMs, () => {
      this.#cancelBeat = undefined;
      for (const client of this.#clients) {
        client.beat(HEARTBEAT);
        this.#armExpiry(client, this.limits.heartbeatMs);
      }
      if (this.#clients.size > 0) this.#armBeat();
    });
  }

  /** Closes at the end of the token. Only those whose end comes before the next heartbeat cost a timer. */
  #armExpiry(client: SseClient, withinMs: number): void {
    const leftMs = client.listener.expiresAtMs - this.#clock.now();
    if (client.isClosed || leftMs > withinMs || this.#expiries.has(client)) return;
    const cancel = this.#clock.after(Math.max(0, leftMs), () => client.close('expired'));
    this.#expiries.set(client, cancel);
  }
}

function whoOf(listener: Listener): { stream: string; subject: string; orgId: string } {
  return { stream: listener.stream, subject: listener.subject, orgId: listener.orgId };
}

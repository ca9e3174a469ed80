import { EventSource, type FetchLike } from 'eventsource';
import type { Clock } from '#shared/kernel/clock.ts';
import type { Log } from '#shared/kernel/log.ts';
import { createBackoff } from './backoff.ts';
import { readRetryAfter } from './cloud-client.ts';
import type { DeviceTokens } from './device-token.ts';

export interface StreamOptions {
  /** Address of `GET /stream/changes`. */
  url: string;
  clock: Clock;
  fetch: typeof fetch;
  tokens: DeviceTokens;
  log: Log;
  random: () => number;
  /** Where to go on from: the cursor in the store, read at each connection. */
  cursor(): string | undefined;
  onOpen(): void;
  /** Something came: an event or a heartbeat. */
  onAlive(): void;
  onClosed(): void;
  /** An event of the log. A throw is caught here and answered by `onMissed`. */
  onEvent(name: 'rows' | 'reset' | 'kpis', data: string): void | Promise<void>;
  /** An event could not be taken in. */
  onMissed(): void;
}

/** One stream from the cloud that is always being held, or waited for. */
export interface Stream {
  readonly isOpen: boolean;
  /** The network has changed: connect now instead of waiting. */
  retryNow(): void;
  stop(): void;
}

const SILENCE_MS = 45_000;
const STEADY_MS = 10_000;
const CONNECT_MS = 15_000;
const EVENTS = ['rows', 'reset', 'kpis'] as const;

/**
 * Holds the stream. The npm client gives up for good on any status but 200, has no backoff and forgets an event whose
 * handler throws; so each connection is one client of its own, and this supervises: backoff with full jitter, Retry-After,
 * a new token after 401, a new connection after 45 s of silence.
 */
export function startStream(options: StreamOptions): Stream {
  const { clock, log } = options;
  const backoff = createBackoff(options.random);
  let source: EventSource | undefined;
  let isOpen = false;
  let isStopped = false;
  let openedMs = 0;
  let cancelTimer: (() => void) | undefined;
  let cancelWatch: (() => void) | undefined;
  // Each connection has a number: what an old one still says is not listened to.
  let generation = 0;

  const watch = (ms: number, mine: number): void => {
    cancelWatch?.();
    cancelWatch = clock.after(ms, () => end(mine, undefined));
  };

  const end = (mine: number, retryAfterMs: number | undefined): void => {
    if (mine !== generation) return;
    generation += 1;
    source?.close();
    source = undefined;
    cancelWatch?.();
    if (isOpen && clock.now() - openedMs >= STEADY_MS) backoff.reset();
    isOpen = false;
    if (isStopped) return;
    options.onClosed();
    cancelTimer?.();
    cancelTimer = clock.after(backoff.next(retryAfterMs), connect);
  };

  const connect = (): void => {
    cancelTimer?.();
    cancelTimer = undefined;
    if (isStopped) return;
    generation += 1;
    const mine = generation;
    const isMine = (): boolean => mine === generation && !isStopped;
    let retryAfterMs: number | undefined;
    const alive = (): void => {
      if (!isMine()) return;
      watch(SILENCE_MS, mine);
      options.onAlive();
    };
    const fetchStream: FetchLike = async (url, init) => {
      const token = await options.tokens.get();
      const cursor = options.cursor();
      const headers = {
        ...init.headers,
        authorization: `Bearer ${token}`,
        ...(cursor === undefined ? {} : { 'last-event-id': cursor }),
      };
      const response = await options.fetch(url, {
        headers,
        signal: init.signal as AbortSignal,
        cache: 'no-store',
        redirect: 'error',
      });
      retryAfterMs = readRetryAfter(response.headers.get('retry-after'), clock);
      if (response.status === 401) options.tokens.drop(token);
      // Nobody reads the text of a refusal; unread it would hold the connection.
      if (response.status !== 200) void response.body?.cancel().catch(() => undefined);
      const { status, url: finalUrl, redirected, headers: answered } = response;
      return {
        status,
        url: finalUrl,
        redirected,
        headers: answered,
        body: status === 200 ? tapped(response.body, alive) : null,
      };
    };
    // A connection that is never answered counts as silence.
    watch(CONNECT_MS, mine);
    const opening = new EventSource(options.url, { fetch: fetchStream });
    source = opening;
    opening.addEventListener('open', () => {
      if (!isMine()) return;
      isOpen = true;
      openedMs = clock.now();
      alive();
      options.onOpen();
    });
    opening.addEventListener('error', () => end(mine, retryAfterMs));
    for (const name of EVENTS) {
      opening.addEventListener(name, (event) => {
        if (isMine()) void deliver(name, String(event.data));
      });
    }
  };

  const deliver = async (name: (typeof EVENTS)[number], data: string): Promise<void> => {
    try {
      await options.onEvent(name, data);
    } catch (error) {
      log(`stream: an event ${name} could not be taken in: ${error instanceof Error ? error.message : String(error)}`);
      options.onMissed();
    }
  };

  connect();
  return {
    get isOpen() {
      return isOpen;
    },
    retryNow: () => {
      if (source === undefined) connect();
    },
    stop: () => {
      isStopped = true;
      generation += 1;
      cancelTimer?.();
      cancelWatch?.();
      source?.close();
      source = undefined;
      isOpen = false;
    },
  };
}

/** The same bytes, with a word at each piece: heartbeats are comments and reach no handler. */
function tapped(body: Response['body'], onBytes: () => void): Response['body'] {
  if (body === null) return null;
  const tap = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      onBytes();
      controller.enqueue(chunk);
    },
  });
  return body.pipeThrough(tap) as Response['body'];
}

import i18next from 'i18next';
import {
  bridgeEvents,
  HUB_CALL_PREFIX,
  HUB_CSRF_HEADER,
  HUB_EVENTS_PATH,
  type CallInput,
  type CallOutput,
  type EventPayload,
} from '#shared/contract/bridge.ts';
import { EVENT_NAMES, type CallName, type EventName } from '#shared/contract/bridge-names.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { nextRetryMs } from './retry-delay.ts';
import { readAnswer, type Link, type ScreenBridge } from './screen-bridge.ts';

const CALL_TIMEOUT_MS = 10_000;
const PROBE_EVERY_MS = 4_000;
const PROBE_TIMEOUT_MS = 4_000;

type Listener = (payload: never) => void;

/**
 * The bridge of a browser on the branch's network: calls by POST, events by SSE with a reconnect of our own. A cable
 * that was pulled says nothing, so a quiet connection is probed.
 */
export class HttpBridge implements ScreenBridge {
  readonly #listeners = new Map<EventName, Set<Listener>>();
  readonly #linkListeners = new Set<(link: Link) => void>();
  #link: Link = { state: 'connecting' };
  #heardMs = Date.now();
  #source: EventSource | undefined;
  #attempt = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.#connect();
    setInterval(() => void this.#probe(), PROBE_EVERY_MS);
    addEventListener('online', () => this.#reconnectNow());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible' && this.#link.state === 'down') this.#reconnectNow();
    });
  }

  async call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
    return readAnswer(name, await this.#post(name, input, CALL_TIMEOUT_MS));
  }

  on<N extends EventName>(name: N, listener: (payload: EventPayload<N>) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  onLink(listener: (link: Link) => void): () => void {
    this.#linkListeners.add(listener);
    listener(this.#link);
    return () => this.#linkListeners.delete(listener);
  }

  async #post(name: CallName, input: unknown, timeoutMs: number): Promise<unknown> {
    let response: Response;
    try {
      response = await fetch(HUB_CALL_PREFIX + name, {
        method: 'POST',
        headers: { 'content-type': 'application/json', [HUB_CSRF_HEADER]: '1' },
        body: JSON.stringify(input),
        signal: AbortSignal.timeout(timeoutMs),
      });
      return await response.json();
    } catch {
      throw new AppError('server/busy', i18next.t('shell:noAnswer'));
    }
  }

  #connect(): void {
    this.#source?.close();
    const source = new EventSource(HUB_EVENTS_PATH);
    this.#source = source;
    source.addEventListener('open', () => {
      this.#attempt = 0;
      this.#heard();
    });
    source.addEventListener('error', () => {
      source.close();
      if (this.#source !== source) return;
      this.#lost();
      this.#retryTimer = setTimeout(() => this.#connect(), nextRetryMs(this.#attempt++, Math.random()));
    });
    for (const name of EVENT_NAMES) {
      source.addEventListener(name, (event: MessageEvent<string>) => this.#deliver(name, event.data));
    }
  }

  #reconnectNow(): void {
    clearTimeout(this.#retryTimer);
    this.#attempt = 0;
    this.#connect();
  }

  #deliver(name: EventName, data: string): void {
    this.#heard();
    const parsed = bridgeEvents[name].safeParse(JSON.parse(data));
    if (!parsed.success) return;
    for (const listener of this.#listeners.get(name) ?? []) listener(parsed.data as never);
  }

  async #probe(): Promise<void> {
    if (this.#link.state !== 'up' || Date.now() - this.#heardMs < PROBE_EVERY_MS) return;
    try {
      await this.#post('terminal:info', {}, PROBE_TIMEOUT_MS);
      this.#heardMs = Date.now();
    } catch {
      if (Date.now() - this.#heardMs < PROBE_EVERY_MS) return;
      this.#lost();
      this.#reconnectNow();
    }
  }

  #heard(): void {
    this.#heardMs = Date.now();
    if (this.#link.state !== 'up') this.#tell({ state: 'up' });
  }

  #lost(): void {
    if (this.#link.state !== 'down') this.#tell({ state: 'down', sinceMs: this.#heardMs });
  }

  #tell(link: Link): void {
    this.#link = link;
    for (const listener of this.#linkListeners) listener(link);
  }
}

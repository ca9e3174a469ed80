import http from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

export interface ReadEvent {
  name: string;
  id: string | undefined;
  data: string;
}

/** A client of a stream that a test reads event by event. */
export class SseReader {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Lines that begin with a colon. */
  comments = 0;
  retryMs: number | undefined;
  readonly #response: IncomingMessage;
  readonly #events: ReadEvent[] = [];
  #text = '';
  #isEnded = false;
  #waiters: (() => void)[] = [];

  private constructor(response: IncomingMessage) {
    this.#response = response;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.#take(text));
    for (const name of ['end', 'error', 'close'] as const) {
      response.on(name, () => {
        this.#isEnded = true;
        this.#wake();
      });
    }
  }

  static open(url: string, headers: Record<string, string> = {}): Promise<SseReader> {
    return new Promise((resolve, reject) => {
      const request = http.get(url, { headers, agent: false }, (response) => resolve(new SseReader(response)));
      request.on('error', reject);
    });
  }

  /** The next event, whenever it comes. Throws when the stream ends instead. */
  async next(name?: string): Promise<ReadEvent> {
    for (;;) {
      const index = this.#events.findIndex((event) => name === undefined || event.name === name);
      const [event] = index < 0 ? [] : this.#events.splice(index, 1);
      if (event !== undefined) return event;
      if (this.#isEnded) throw new Error('the stream has ended');
      await this.#more();
    }
  }

  /** Events that have come and were not taken. */
  get pending(): readonly ReadEvent[] {
    return this.#events;
  }

  async comment(count: number): Promise<void> {
    while (this.comments < count && !this.#isEnded) await this.#more();
  }

  async ended(): Promise<void> {
    while (!this.#isEnded) await this.#more();
  }

  /** Takes nothing more from the socket, as a client that hangs. */
  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  async close(): Promise<void> {
    this.#response.destroy();
    await this.ended();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  #take(text: string): void {
    this.#text += text;
    const blocks = this.#text.split('\n\n');
    this.#text = blocks.pop() ?? '';
    for (const block of blocks) this.#takeBlock(block);
    this.#wake();
  }

  #takeBlock(block: string): void {
    const event: ReadEvent = { name: 'message', id: undefined, data: '' };
    const data: string[] = [];
    for (const line of block.split('\n')) {
      const colon = line.indexOf(':');
      const field = line.slice(0, colon);
      const value = line.slice(colon + 1).replace(/^ /, '');
      if (field === '') this.comments += 1;
      else if (field === 'event') event.name = value;
      else if (field === 'id') event.id = value;
      else if (field === 'data') data.push(value);
      else if (field === 'retry') this.retryMs = Number(value);
    }
    if (data.length > 0) this.#events.push({ ...event, data: data.join('\n') });
  }
}

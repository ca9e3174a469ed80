import type { AnswerHead } from './server-socket.ts';
import type { WireRequest } from './sim-cloud.ts';
import type { Life } from './sim-time.ts';
import type { Line, Network } from './network.ts';

/** A stream from the cloud: its bytes arrive in order, each piece after a delay of its own, until somebody cuts it. */
export function openStreamOver(
  network: Network,
  line: Line,
  life: Life,
  request: WireRequest,
  signal: AbortSignal | undefined,
): Promise<Response> {
  return new Promise<Response>((resolve, reject) => {
    new ClientStream(network, line, life, { resolve, reject }).connect(request, signal);
  });
}

interface Waiting {
  resolve(response: Response): void;
  reject(error: Error): void;
}

const EVENT_STREAM = 'text/event-stream';

class ClientStream {
  readonly #network: Network;
  readonly #line: Line;
  readonly #life: Life;
  readonly #waiting: Waiting;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #hangUp: (() => void) | undefined;
  #isOver = false;
  #head: AnswerHead | undefined;
  #refusal: Buffer[] = [];
  /** Nothing overtakes what was sent before it. */
  #lastAtMs = 0;
  #cutAtMs = Number.POSITIVE_INFINITY;

  constructor(network: Network, line: Line, life: Life, waiting: Waiting) {
    this.#network = network;
    this.#line = line;
    this.#life = life;
    this.#waiting = waiting;
  }

  connect(request: WireRequest, signal: AbortSignal | undefined): void {
    const { parts } = this.#network;
    const { time, random, cloud, trace, isOn } = parts;
    signal?.addEventListener('abort', () => this.#leave());
    trace(`${this.#line.name} stream ${request.headers['last-event-id'] ?? 'from nothing'}`);
    if (isOn('streamCut') && !this.#network.isCalm && random.chance(0.7))
      this.#cutAtMs = time.nowMs + random.int(200, 20_000);
    time.after(this.#network.delay(), this.#life, () => {
      if (this.#isOver) return;
      this.#hangUp = this.#line.isCut
        ? undefined
        : cloud.openStream(request, {
            onHead: (head) => this.#later(() => this.#took(head)),
            onBytes: (bytes) => this.#later(() => this.#bytes(bytes)),
            onEnd: () => this.#later(() => this.#ended()),
          });
      if (this.#hangUp === undefined) time.after(random.int(1, 100), this.#life, () => this.#fail());
      else this.#line.streams.add(this);
    });
  }

  /** The way is gone: the terminal hears it or not, the cloud some time later. */
  cut(): void {
    const { time, random } = this.#network.parts;
    const hangUp = this.#hangUp;
    this.#hangUp = undefined;
    if (hangUp !== undefined) time.after(random.int(0, 20_000), { isAlive: true }, hangUp);
    // Silence, or a reset at once.
    if (random.chance(0.5)) this.#fail();
    else this.#isOver = true;
  }

  #later(fn: () => void): void {
    const { time } = this.#network.parts;
    const atMs = Math.max(this.#lastAtMs, time.nowMs + this.#network.delay());
    this.#lastAtMs = atMs;
    time.after(atMs - time.nowMs, this.#life, () => {
      if (!this.#isOver) fn();
    });
  }

  #took(head: AnswerHead): void {
    this.#head = head;
    const isStream = head.headers.some(([name, value]) => name === 'content-type' && value.startsWith(EVENT_STREAM));
    if (!isStream) return;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => this.#leave(),
    });
    this.#waiting.resolve(new Response(body, { status: head.status, headers: head.headers }));
  }

  #bytes(bytes: Buffer): void {
    const { time, random, count, trace } = this.#network.parts;
    if (this.#controller === undefined) {
      this.#refusal.push(bytes);
      const length = Number(this.#head?.headers.find(([name]) => name === 'content-length')?.[1] ?? 0);
      if (Buffer.concat(this.#refusal).length >= length) this.#ended();
      return;
    }
    if (time.nowMs < this.#cutAtMs || this.#network.isCalm) return this.#controller.enqueue(new Uint8Array(bytes));
    count('streamCut');
    trace(`${this.#line.name} stream cut in the middle`);
    this.#controller.enqueue(new Uint8Array(bytes.subarray(0, random.int(0, bytes.length - 1))));
    this.#line.streams.delete(this);
    this.cut();
  }

  #ended(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#line.streams.delete(this);
    if (this.#controller !== undefined) this.#controller.close();
    else if (this.#head === undefined) this.#waiting.reject(new TypeError('fetch failed'));
    else {
      const body = new Uint8Array(Buffer.concat(this.#refusal));
      this.#waiting.resolve(new Response(body, { status: this.#head.status, headers: this.#head.headers }));
    }
  }

  #fail(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#line.streams.delete(this);
    const error = new TypeError('terminated');
    if (this.#controller !== undefined) this.#controller.error(error);
    else this.#waiting.reject(error);
  }

  /** The terminal hangs up. */
  #leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#line.streams.delete(this);
    this.#hangUp?.();
    this.#waiting.reject(new DOMException('aborted', 'AbortError'));
  }
}

import { Duplex } from 'node:stream';

/**
 * The cloud's end of a connection that exists in this process only. Node's HTTP server takes any Duplex; what else it and
 * the hub ask of a socket is here.
 */
export class ServerSocket extends Duplex {
  readonly remoteAddress = '127.0.0.1';
  readonly #onBytes: (bytes: Buffer) => void;
  readonly #onEnd: () => void;
  #isEnded = false;

  /** `onEnd` is called once, when the cloud has ended or dropped the connection. */
  constructor(onBytes: (bytes: Buffer) => void, onEnd: () => void) {
    super({ allowHalfOpen: true });
    this.#onBytes = onBytes;
    this.#onEnd = onEnd;
    this.on('error', () => undefined);
  }

  /** What the client sends. */
  receive(text: string): void {
    this.push(Buffer.from(text, 'latin1'));
  }

  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  override _read(): void {
    // Bytes come by `receive`.
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#onBytes(chunk);
    done();
  }
  override _final(done: () => void): void {
    this.#end();
    done();
  }
  override _destroy(_error: Error | null, done: (error: Error | null) => void): void {
    this.#end();
    done(null);
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#onEnd();
  }
}

export interface AnswerHead {
  status: number;
  headers: [string, string][];
}

/** Reads the head of an answer; undefined until it is whole. `rest`: the bytes behind it. */
export function readHead(bytes: Buffer): { head: AnswerHead; rest: Buffer } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { head: { status: Number(first.split(' ')[1]), headers }, rest: bytes.subarray(end + 4) };
}

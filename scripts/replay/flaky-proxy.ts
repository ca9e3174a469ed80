import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Random } from './random.ts';

interface Pair {
  client: Socket;
  cloud: Socket;
  /** Whole requests go to the cloud, but the next bytes of its answer are lost with the connection. */
  losesAnswer: boolean;
}

export type CutKind = 'refuse' | 'mid-request' | 'before-answer' | 'stall' | 'drop';
export const CUT_KINDS: readonly CutKind[] = ['refuse', 'mid-request', 'before-answer', 'stall', 'drop'];

const PUSH = 'POST /sync/push';
/** How long a cut waits for a push that it can hit, before it cuts whatever is there. */
const PATIENCE_MS = 1_500;

/** A bad line between terminal and cloud: a TCP proxy that passes everything on, until it is told to fail. */
export class FlakyProxy {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  readonly #random: Random;
  #cloudPort: number;
  #refuses = false;
  #stalls = false;
  #waiting: { kind: 'mid-request' | 'before-answer'; hit: () => void } | undefined;

  private constructor(cloudPort: number, random: Random) {
    this.#cloudPort = cloudPort;
    this.#random = random;
    this.#server = createServer({ noDelay: true }, (client) => this.#accept(client));
  }

  /** Starts a proxy on a free port of this machine. */
  static async listen(cloudPort: number, random: Random): Promise<FlakyProxy> {
    const proxy = new FlakyProxy(cloudPort, random);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Where the cloud listens now. */
  set cloudPort(port: number) {
    this.#cloudPort = port;
  }

  /** Cuts the line in one way and mends it after about `forMs`. */
  async cut(kind: CutKind, forMs: number): Promise<void> {
    switch (kind) {
      case 'drop':
        this.#dropAll();
        return;
      case 'refuse':
        this.#refuses = true;
        this.#dropAll();
        await delay(forMs);
        this.#refuses = false;
        return;
      case 'stall':
        this.#stalls = true;
        for (const pair of this.#pairs) pause(pair);
        await delay(forMs);
        this.#stalls = false;
        this.#dropAll();
        return;
      case 'mid-request':
      case 'before-answer':
        await new Promise<void>((resolve) => {
          const done = (): void => {
            clearTimeout(timer);
            this.#waiting = undefined;
            resolve();
          };
          const timer = setTimeout(() => {
            this.#dropAll();
            done();
          }, PATIENCE_MS);
          this.#waiting = { kind, hit: done };
        });
        return;
    }
  }

  async close(): Promise<void> {
    this.#dropAll();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #dropAll(): void {
    for (const pair of this.#pairs) this.#drop(pair);
  }

  #drop(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.client.resetAndDestroy();
    pair.cloud.resetAndDestroy();
  }

  #accept(client: Socket): void {
    // A reset is what this proxy is for.
    client.on('error', () => {});
    if (this.#refuses) {
      client.resetAndDestroy();
      return;
    }
    const cloud = connect({ port: this.#cloudPort, host: '127.0.0.1', noDelay: true });
    const pair: Pair = { client, cloud, losesAnswer: false };
    this.#pairs.add(pair);
    const ended = (): void => {
      this.#pairs.delete(pair);
      if (!client.destroyed) client.destroy();
      if (!cloud.destroyed) cloud.destroy();
    };
    cloud.on('error', ended);
    cloud.on('close', ended);
    client.on('close', ended);
    client.on('data', (bytes: Buffer) => this.#toCloud(pair, bytes));
    cloud.on('data', (bytes: Buffer) => this.#toClient(pair, bytes));
    client.on('drain', () => cloud.resume());
    cloud.on('drain', () => client.resume());
    if (this.#stalls) pause(pair);
  }

  #toCloud(pair: Pair, bytes: Buffer): void {
    const waiting = this.#waiting;
    if (waiting !== undefined && bytes.toString('latin1', 0, PUSH.length) === PUSH) {
      if (waiting.kind === 'before-answer') {
        pair.losesAnswer = true;
      } else {
        pair.cloud.write(bytes.subarray(0, Math.floor(this.#random() * bytes.length)), () => this.#drop(pair));
        waiting.hit();
        return;
      }
    }
    if (!pair.cloud.write(bytes)) pair.client.pause();
  }

  #toClient(pair: Pair, bytes: Buffer): void {
    if (pair.losesAnswer) {
      this.#drop(pair);
      this.#waiting?.hit();
      return;
    }
    if (!pair.client.write(bytes)) pair.cloud.pause();
  }
}

function pause(pair: Pair): void {
  pair.client.pause();
  pair.cloud.pause();
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

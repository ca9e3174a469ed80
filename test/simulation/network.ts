import type { Fault } from './faults.ts';
import type { WireAnswer, WireRequest, CloudHost } from './sim-cloud.ts';
import type { Random } from './sim-types.ts';
import type { Life, SimTime } from './sim-time.ts';
import { openStreamOver } from './network-stream.ts';

/** What the ways to the cloud share. */
export interface NetworkParts {
  time: SimTime;
  cloud: CloudHost;
  random: Random;
  isOn(fault: Fault): boolean;
  count(fault: Fault): void;
  trace(line: string): void;
}

/** The way of one terminal to the cloud. */
export interface Line {
  readonly name: string;
  isCut: boolean;
  /** Streams that hang on this line: cut with it. */
  readonly streams: Set<{ cut(): void }>;
}

export const MESSAGE_FAULTS = [
  'requestLost',
  'answerLost',
  'duplicated',
  'delayed',
  'reordered',
  'answerCut',
  'status401',
  'status409',
  'status413',
  'status422',
  'status429',
  'status500',
  'status503',
] as const satisfies readonly Fault[];
type MessageFault = (typeof MESSAGE_FAULTS)[number];

/** Of all messages while any such fault is on. */
const FAULT_SHARE = 0.2;

/** Carries every request as events of their own; the faults that the run has switched on happen to them. */
export class Network {
  readonly parts: NetworkParts;
  readonly #pages: Random;
  #serial = 0;
  isCalm = false;

  constructor(parts: NetworkParts) {
    this.parts = parts;
    this.#pages = parts.random.fork('pages');
  }

  line(name: string): Line {
    return { name, isCut: false, streams: new Set() };
  }

  /** The line goes dead: nothing passes, and who waits hears nothing or a reset. */
  cut(line: Line): void {
    line.isCut = true;
    for (const stream of line.streams) stream.cut();
    line.streams.clear();
  }

  fetchOver(line: Line, life: Life): typeof fetch {
    return (url, init) => {
      const { pathname, search } = new URL(url instanceof Request ? url.url : url);
      const request: WireRequest = {
        method: init?.method === 'POST' ? 'POST' : 'GET',
        path: this.#shortPage(pathname + search),
        headers: Object.fromEntries(new Headers(init?.headers)),
        body: typeof init?.body === 'string' ? init.body : undefined,
      };
      if (pathname.startsWith('/stream/')) return openStreamOver(this, line, life, request, init?.signal ?? undefined);
      return this.#send(line, life, request, init?.signal ?? undefined);
    };
  }

  /** A cloud may give fewer rows than it is asked for: with short pages the few rows of a run already need several. */
  #shortPage(path: string): string {
    if (!path.startsWith('/sync/changes') || this.#pages.chance(0.5)) return path;
    return path.replace(/limit=\d+/, `limit=${this.#pages.pick([2, 6, 20])}`);
  }

  /** How long a message takes, ms. */
  delay(): number {
    const { random } = this.parts;
    return random.chance(0.9) ? random.int(2, 40) : random.int(40, 400);
  }

  /** The fault that this message meets. */
  faultOf(path: string): MessageFault | undefined {
    const { random, isOn } = this.parts;
    const isHit = random.chance(path === '/healthz' ? FAULT_SHARE / 8 : FAULT_SHARE);
    const kinds = MESSAGE_FAULTS.filter((fault) => isOn(fault));
    if (!isHit || this.isCalm || kinds.length === 0) return undefined;
    return random.pick(kinds);
  }

  #send(line: Line, life: Life, request: WireRequest, signal: AbortSignal | undefined): Promise<Response> {
    const { time, random, trace, count } = this.parts;
    this.#serial += 1;
    const label = `${line.name} #${this.#serial} ${request.method} ${shortPath(request)}`;
    const fault = this.faultOf(request.path);
    if (fault !== undefined && !line.isCut) count(fault);
    trace(`${label}${fault === undefined ? '' : ` !${fault}`}${line.isCut ? ' (no way)' : ''}`);
    return new Promise<Response>((resolve, reject) => {
      const fail = (): void => reject(new TypeError('fetch failed'));
      signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
      const failLater = (): void => void time.after(random.int(1, 3_000), life, fail);
      const answerLater = (answer: WireAnswer): void => {
        if (fault === 'answerLost') return random.chance(0.5) ? failLater() : undefined;
        time.after(this.delay(), life, () => {
          if (line.isCut) return failLater();
          trace(`${label} -> ${answer.status}`);
          resolve(responseOf(answer, fault === 'answerCut' ? random : undefined));
          return undefined;
        });
        return undefined;
      };
      const arrive = (isSecond: boolean): void => {
        if (line.isCut) return isSecond ? undefined : failLater();
        const isUp = this.parts.cloud.handle(request, (answer) => {
          if (!isSecond) answerLater(fault?.startsWith('status5') === true ? injected(fault, random) : answer);
        });
        if (!isUp && !isSecond) time.after(this.delay(), life, () => this.#down(resolve, fail));
        return undefined;
      };
      if (line.isCut) return random.chance(0.7) ? void time.after(random.int(1, 50), life, fail) : undefined;
      if (fault === 'requestLost') return random.chance(0.5) ? failLater() : undefined;
      // What a server or a proxy says of itself may come before or after the work was done.
      if (fault?.startsWith('status') === true && (fault.startsWith('status4') || random.chance(0.5)))
        return void time.after(this.delay(), life, () => answerLater(injected(fault, random)));
      const waitMs = this.delay() + this.#hold(fault);
      time.after(waitMs, ALWAYS, () => arrive(false));
      if (fault === 'duplicated') time.after(waitMs + random.pick([0, 5, 500, 20_000]), ALWAYS, () => arrive(true));
      return undefined;
    });
  }

  /** How much longer a message is on its way than others. A delay may outlast the patience of who sent it. */
  #hold(fault: MessageFault | undefined): number {
    const { random } = this.parts;
    if (fault === 'delayed') return random.int(2_000, 45_000);
    return fault === 'reordered' ? random.int(400, 1_500) : 0;
  }

  /** Nobody listens there: a refused connection, or a proxy that says so. */
  #down(resolve: (response: Response) => void, fail: () => void): void {
    if (this.parts.random.chance(0.7)) return fail();
    return resolve(new Response('<h1>Bad Gateway</h1>', { status: 502 }));
  }
}

/** A message that has been sent arrives whether its sender lives or not. */
const ALWAYS: Life = { isAlive: true };

function shortPath({ path, body }: WireRequest): string {
  if (body === undefined || path !== '/sync/push') return path;
  const { incarnation, entries } = JSON.parse(body) as { incarnation: string; entries: { seq: number }[] };
  return `${path} ${incarnation.slice(0, 4)}:${entries[0]?.seq ?? ''}-${entries.at(-1)?.seq ?? ''}`;
}

/** `cutBy`: the connection dies in the middle of the body. */
function responseOf({ status, headers, body }: WireAnswer, cutBy: Random | undefined): Response {
  const init = { status, headers: headers.filter(([name]) => name !== 'set-cookie') };
  if (cutBy === undefined) return new Response(new Uint8Array(body), init);
  const part = new Uint8Array(body.subarray(0, cutBy.int(0, Math.max(0, body.length - 1))));
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(part);
      controller.error(new TypeError('terminated'));
    },
  });
  return new Response(stream, init);
}

const CODES: Record<string, string> = {
  401: 'auth/expired',
  409: 'sync/gap',
  413: 'request/too-large',
  422: 'input/invalid',
  429: 'rate/limited',
  500: 'internal',
  503: 'server/busy',
};

/** What a cloud or a proxy says that cannot or will not work now. */
function injected(fault: string, random: Random): WireAnswer {
  const status = fault.slice('status'.length);
  const isOurs = random.chance(0.6);
  const headers: [string, string][] = [['content-type', isOurs ? 'application/json' : 'text/html']];
  if (status === '429' || (status === '503' && random.chance(0.5)))
    headers.push(['retry-after', String(random.int(1, 8))]);
  const text = isOurs
    ? JSON.stringify({ code: CODES[status], message: 'Injected by the simulation.' })
    : '<h1>Not now</h1>';
  return { status: Number(status), headers, body: Buffer.from(text) };
}

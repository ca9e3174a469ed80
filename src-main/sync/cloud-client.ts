import { z } from 'zod';
import { PROTOCOL_HEADER, PROTOCOL_VERSION } from '#shared/contract/protocol.ts';
import type { Clock } from '#shared/kernel/clock.ts';
import { type ErrorCode, isErrorCode, type WireError } from '#shared/kernel/errors.ts';
import type { LinkState } from './link-state.ts';

/** What the cloud, or the way to it, said instead of an answer. `status` 0: there was no answer. */
export class CloudError extends Error {
  readonly status: number;
  readonly wire: WireError;
  readonly retryAfterMs: number | undefined;
  /** With 409 `sync/gap`: the `seq` that the cloud has to get next. */
  readonly expectedSeq: number | undefined;
  constructor(
    status: number,
    wire: WireError,
    more: { retryAfterMs?: number | undefined; expectedSeq?: number | undefined } = {},
  ) {
    super(wire.message);
    this.name = 'CloudError';
    this.status = status;
    this.wire = wire;
    this.retryAfterMs = more.retryAfterMs;
    this.expectedSeq = more.expectedSeq;
  }
}

export interface CloudRequest<S extends z.ZodType> {
  method: 'GET' | 'POST';
  /** Begins with a slash. */
  path: string;
  body?: unknown;
  answer: S;
  token?: string;
  timeoutMs?: number;
}

export interface CloudClientOptions {
  cloudUrl: string;
  clock: Clock;
  fetch: typeof fetch;
  link?: LinkState;
}

/** Plain requests to the cloud. Every one has a time limit, and tells the link how it went. */
export interface CloudClient {
  /** Throws CloudError. */
  send<S extends z.ZodType>(request: CloudRequest<S>): Promise<z.output<S>>;
  url(path: string): string;
}

const TIMEOUT_MS = 30_000;

export function createCloudClient(options: CloudClientOptions): CloudClient {
  const { clock, link } = options;
  const url = (path: string): string => options.cloudUrl.replace(/\/+$/, '') + path;

  const exchange = async (request: CloudRequest<z.ZodType>): Promise<{ response: Response; text: string }> => {
    const controller = new AbortController();
    const cancel = clock.after(request.timeoutMs ?? TIMEOUT_MS, () => controller.abort());
    try {
      const headers: Record<string, string> = {
        accept: 'application/json',
        [PROTOCOL_HEADER]: String(PROTOCOL_VERSION),
      };
      if (request.token !== undefined) headers['authorization'] = `Bearer ${request.token}`;
      if (request.body !== undefined) headers['content-type'] = 'application/json';
      const response = await options.fetch(url(request.path), {
        method: request.method,
        headers,
        signal: controller.signal,
        redirect: 'error',
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      });
      // The body too: a connection that dies half-way is no answer.
      return { response, text: await response.text() };
    } catch {
      link?.failed();
      throw new CloudError(0, { code: 'server/busy', message: 'The cloud cannot be reached.' });
    } finally {
      cancel();
    }
  };

  return {
    url,
    send: async (request) => {
      const { response, text } = await exchange(request);
      // A proxy in front of a dead cloud answers these.
      if (response.status === 502 || response.status === 504) link?.failed();
      else link?.answered();
      const body = parseJson(text);
      if (!response.ok) throw readFailure(response, body, clock);
      const parsed = request.answer.safeParse(body);
      if (parsed.success) return parsed.data;
      throw new CloudError(502, {
        code: 'internal',
        message: 'The cloud gave an answer that this version cannot read.',
      });
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

const Failure = z.object({
  code: z.string().transform((code): ErrorCode => (isErrorCode(code) ? code : 'internal')),
  message: z.string(),
  path: z.string().optional(),
  expectedSeq: z.int().positive().optional(),
});
const FailureBody = z.union([Failure, z.object({ error: Failure, expectedSeq: z.int().positive().optional() })]);

function readFailure(response: Response, body: unknown, clock: Clock): CloudError {
  const parsed = FailureBody.safeParse(body);
  const failure = !parsed.success ? undefined : 'error' in parsed.data ? parsed.data.error : parsed.data;
  const code = failure?.code ?? (response.status >= 500 ? 'server/busy' : 'internal');
  const message = failure?.message ?? `The cloud answered with status ${response.status}.`;
  const outer = parsed.success ? parsed.data.expectedSeq : undefined;
  return new CloudError(
    response.status,
    { code, message },
    {
      retryAfterMs: readRetryAfter(response.headers.get('retry-after'), clock),
      expectedSeq: outer ?? failure?.expectedSeq ?? readExpected(code, message),
    },
  );
}

/** The sentence names it too: a gap in the middle of a batch has nothing else. */
export function readExpected(code: string, message: string): number | undefined {
  const match = code === 'sync/gap' ? /Expected: (\d+)/.exec(message) : null;
  return match === null ? undefined : Number(match[1]);
}

/** `Retry-After` in seconds or as a date, as ms from now. */
export function readRetryAfter(text: string | null, clock: Clock): number | undefined {
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - clock.now();
  return Number.isFinite(ms) ? Math.max(0, Math.min(ms, 3_600_000)) : undefined;
}

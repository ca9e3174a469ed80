import { validateHeaderName, validateHeaderValue, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What the head of every stream says, whatever a plug-in wanted. */
const STREAM_HEADERS: OutgoingHttpHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
  connection: 'close',
};
/** Headers that would promise a length or a coding the stream does not have. */
const LEFT_OUT = new Set(['content-length', 'transfer-encoding', 'content-encoding', 'keep-alive', 'etag']);

/**
 * The head of a stream as bytes, with what plug-ins (CORS, security headers) have set for this answer. Without a length
 * and with `Connection: close` the body needs no chunk framing. Throws on a header that cannot be sent.
 */
export function streamHead(headers: Record<string, string | number | string[] | undefined>, status = 200): Buffer {
  let text = `HTTP/1.1 ${status} OK\r\n`;
  for (const [name, value] of Object.entries({ ...headers, ...STREAM_HEADERS })) {
    if (value === undefined || LEFT_OUT.has(name.toLowerCase())) continue;
    validateHeaderName(name);
    for (const each of Array.isArray(value) ? value : [String(value)]) {
      validateHeaderValue(name, each);
      text += `${name}: ${each}\r\n`;
    }
  }
  return Buffer.from(`${text}\r\n`, 'latin1');
}

/** The part of Node's HTTP parser that lets go of it. Not documented, so its presence is looked at before use. */
interface HeldParser {
  remove(): void;
  close(): void;
}

function isHeldParser(value: unknown): value is HeldParser {
  return (
    typeof value === 'object' &&
    value !== null &&
    'remove' in value &&
    typeof value.remove === 'function' &&
    'close' in value &&
    typeof value.close === 'function'
  );
}

/** The listeners by which Node's HTTP server keeps its parser, the request and the response alive. */
const HTTP_EVENTS = ['data', 'end', 'close', 'drain', 'error', 'timeout'] as const;

/**
 * Takes the bare socket of a hijacked answer out of Node's HTTP server, so that a write is a write: no chunk framing,
 * no `ServerResponse`, no parser kept. The caller must handle `error` and `close` of the socket from then on, and
 * must close it itself on shutdown: the HTTP server does not know it any more.
 */
export function takeSocket(raw: ServerResponse): Socket {
  const socket = raw.socket;
  if (socket === null) throw new Error('the connection is gone');
  raw.detachSocket(socket);
  socket.setTimeout(0);
  socket.setNoDelay(true);
  // A listener of `data` makes the server hand the bytes to the socket again, in place of its native parser.
  socket.on('data', ignore);
  for (const name of HTTP_EVENTS) socket.removeAllListeners(name);
  socket.on('error', ignore);
  socket.resume();
  releaseParser(socket);
  return socket;
}

function ignore(): void {
  // What a client sends on a stream means nothing; errors are followed by `close`.
}

/** Frees some 4 KiB a connection. Without these internals only the memory is lost. */
function releaseParser(socket: Socket & { parser?: unknown }): void {
  const parser = socket.parser;
  if (!isHeldParser(parser)) return;
  socket.parser = null;
  // Not before the parser's own stack has unwound: this may run inside its callback.
  setImmediate(() => {
    parser.remove();
    for (const key of Object.keys(parser)) Reflect.set(parser, key, null);
    parser.close();
  });
}

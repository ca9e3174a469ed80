import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { AppError, toWireError } from '#shared/kernel/errors.ts';
import { MAX_BODY_BYTES } from '#shared/contract/protocol.ts';
import { GapError } from './services/push.ts';

/** Every error of the whole application is `{code, message, path?}` with the status of its code. */
export function registerErrorAnswers(app: FastifyInstance): void {
  app.setNotFoundHandler((_request, reply) => sendError(reply, new AppError('route/unknown')));
  app.setErrorHandler((error, request, reply) => {
    const known = knownError(error);
    if (known.code === 'internal') request.log.error({ err: error }, 'request failed inside');
    return sendError(reply, known);
  });
}

/** Answers with an error, for routes and for what Fastify refuses before any route is found. */
export function sendError(reply: FastifyReply, error: AppError): FastifyReply {
  const retryAfter = reply.getHeader('retry-after');
  const waitMs = error.retryAfterMs ?? (error.status === 503 || error.status === 429 ? 1_000 : undefined);
  if (waitMs !== undefined && retryAfter === undefined)
    reply.header('retry-after', Math.max(1, Math.ceil(waitMs / 1000)));
  return reply.code(error.status).send({
    ...toWireError(error),
    ...(error instanceof GapError ? { expectedSeq: error.expectedSeq } : {}),
  });
}

/** What an error is for people. What is not known leaks nothing: `internal`. */
export function knownError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { code, statusCode, message } = error as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new AppError('input/too-large', `This is larger than ${MAX_BODY_BYTES} bytes. Send it in smaller parts.`);
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new AppError('input/invalid', 'content-type: only application/json is read', { path: 'content-type' });
  }
  if (statusCode === 429) return new AppError('rate/limited');
  if (statusCode === 404) return new AppError('route/unknown');
  if (statusCode === 413) return new AppError('input/too-large');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new AppError('input/invalid', message ?? 'The request cannot be read.', { path: '' });
  }
  return new AppError('internal');
}

/** Answers what is not even HTTP, in the same shape. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const isLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const known = isLarge
    ? new AppError('input/too-large')
    : new AppError('input/invalid', 'This is no HTTP request that can be read.', { path: '' });
  const body = JSON.stringify(toWireError(known));
  socket.end(
    `HTTP/1.1 ${known.status} ${STATUS_CODES[known.status] ?? 'Error'}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

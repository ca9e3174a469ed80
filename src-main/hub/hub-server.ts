import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { type CallName, CALL_NAMES } from '#shared/contract/bridge-names.ts';
import { type BridgeAnswer, HUB_CALL_PREFIX, HUB_EVENTS_PATH } from '#shared/contract/bridge.ts';
import { MAX_BODY_BYTES } from '#shared/contract/protocol.ts';
import type { Clock } from '#shared/kernel/clock.ts';
import { AppError, toWireError } from '#shared/kernel/errors.ts';
import type { Terminal } from '../core/terminal.ts';
import type { Log } from '#shared/kernel/log.ts';
import { createHubScreens } from './hub-screens.ts';
import { ownHosts, refuseForeign, requireScreenHeader } from './request-guard.ts';

export interface HubOptions {
  terminal: Terminal;
  clock: Clock;
  log: Log;
  /** The folder of the built screens. */
  screensDir: string;
  /** 127.0.0.1 unless told otherwise: nobody else on the network can reach it then. */
  host?: string;
  /** 0: any free port. */
  port: number;
}

export interface Hub {
  readonly port: number;
  close(): Promise<void>;
}

const SECURITY_HEADERS = {
  // Styles also inline: the components and charts set `style` attributes. Everything else comes from our own files.
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; " +
    "media-src 'self' data: blob:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** Serves the screens and the bridge to browsers. Throws `port/taken`. */
export async function startHub(options: HubOptions): Promise<Hub> {
  const { terminal, log } = options;
  const bound = options.host ?? '127.0.0.1';
  const app = Fastify({ bodyLimit: MAX_BODY_BYTES, logger: false, forceCloseConnections: true });
  const screens = createHubScreens(terminal, options.clock);
  let port = options.port;
  const hosts = ownHosts(bound, () => port);

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    refuseForeign(request, hosts);
  });
  app.setErrorHandler((error, _request, reply) => sendFailure(reply, knownError(error, log)));
  app.setNotFoundHandler((_request, reply) => sendFailure(reply, new AppError('route/unknown')));

  registerBridge(app, terminal, screens);
  app.get('/healthz', () => ({ ok: true }));
  await registerScreens(app, screens, options.screensDir);

  try {
    await app.listen({ host: bound, port: options.port });
  } catch (error) {
    screens.close();
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    throw isTaken
      ? new AppError('port/taken', `Port ${options.port} is in use by another program. Choose another with --port.`)
      : error;
  }
  const address = app.server.address();
  if (typeof address === 'object' && address !== null) port = address.port;
  return {
    port,
    close: async () => {
      screens.close();
      await app.close();
    },
  };
}

type Screens = ReturnType<typeof createHubScreens>;

function registerBridge(app: FastifyInstance, terminal: Terminal, screens: Screens): void {
  app.post<{ Params: { call: string } }>(`${HUB_CALL_PREFIX}:call`, async (request, reply) => {
    requireScreenHeader(request);
    const name = CALL_NAMES.find((each) => each === request.params.call);
    if (name === undefined) throw new AppError('route/unknown');
    const { screen, cookie } = screens.of(request.headers.cookie);
    if (cookie !== undefined) reply.header('set-cookie', cookie);
    const value = await terminal.handleCall(screen, name, request.body);
    // In the place of the other: a second header would leave the browser with the order of the two.
    if (name === 'session:signIn') reply.removeHeader('set-cookie').header('set-cookie', screens.renew(screen));
    const answer: BridgeAnswer<CallName> = { ok: true, value };
    return reply.header('cache-control', 'no-store').send(answer);
  });

  app.get(HUB_EVENTS_PATH, (request, reply) => {
    const { screen, cookie } = screens.of(request.headers.cookie);
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      ...SECURITY_HEADERS,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      ...(cookie === undefined ? {} : { 'set-cookie': cookie }),
    });
    request.socket.setNoDelay(true);
    screens.attach(screen, raw);
    // A page that comes back learns at once who is signed in and how things stand.
    raw.write(`event: session:changed\ndata: ${JSON.stringify({ session: screen.session })}\n\n`);
    if (terminal.isEnrolled) raw.write(`event: live:status\ndata: ${JSON.stringify(terminal.status())}\n\n`);
  });
}

async function registerScreens(app: FastifyInstance, screens: Screens, screensDir: string): Promise<void> {
  if (!existsSync(join(screensDir, 'index.html'))) {
    throw new AppError(
      'file/missing',
      `The screens are not built: there is no index.html in ${screensDir}. Run "npm run build".`,
    );
  }
  await app.register(fastifyStatic, {
    root: screensDir,
    index: false,
    dotfiles: 'deny',
    cacheControl: false,
    // Built names contain a hash of what is in the file; everything else is asked for again.
    setHeaders: (reply, path) => {
      const isHashed = path.includes(`${sep}assets${sep}`);
      reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  app.get('/', (request, reply) => {
    // Here, so that the page's first calls and its stream already mean the same screen.
    const { cookie } = screens.of(request.headers.cookie);
    if (cookie !== undefined) reply.header('set-cookie', cookie);
    return reply.header('cache-control', 'no-cache').sendFile('index.html');
  });
}

function sendFailure(reply: FastifyReply, error: AppError): FastifyReply {
  if (error.retryAfterMs !== undefined) reply.header('retry-after', Math.max(1, Math.ceil(error.retryAfterMs / 1000)));
  const answer: BridgeAnswer<CallName> = { ok: false, error: toWireError(error) };
  return reply.code(error.status).header('cache-control', 'no-store').send(answer);
}

function knownError(error: unknown, log: Log): AppError {
  if (error instanceof AppError) return error;
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new AppError('input/too-large');
  if (code === 'FST_ERR_CTP_INVALID_JSON_BODY' || code === 'FST_ERR_CTP_EMPTY_JSON_BODY') {
    return new AppError('input/invalid', 'body: not JSON', { path: '' });
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new AppError('input/invalid', 'The request cannot be read.', { path: '' });
  }
  log(`hub: a call failed inside: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return new AppError('internal');
}

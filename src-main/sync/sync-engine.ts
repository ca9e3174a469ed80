import { z } from 'zod';
import { KpiEvent } from '#shared/contract/cloud-wire.ts';
import type { Clock } from '#shared/kernel/clock.ts';
import { AppError } from '#shared/kernel/errors.ts';
import type { Log } from '#shared/kernel/log.ts';
import { createBackoff } from './backoff.ts';
import { type CloudClient, CloudError } from './cloud-client.ts';
import { createDeviceClient } from './device-client.ts';
import { createDeviceTokens, type DeviceIdentity } from './device-token.ts';
import { holdOf } from './hold-of.ts';
import type { LinkState } from './link-state.ts';
import { createPuller } from './puller.ts';
import { startReplicator } from './replicator.ts';
import { startStream } from './stream-client.ts';
import { createStreamWatches, type StreamWatch } from './stream-watch.ts';
import type { SyncStore } from './sync-store.ts';

export interface SyncOptions {
  store: SyncStore;
  client: CloudClient;
  identity: DeviceIdentity;
  clock: Clock;
  fetch: typeof fetch;
  link: LinkState;
  log: Log;
  random: () => number;
  onKpis(event: KpiEvent): void;
  /** Commands were answered or rows arrived. */
  onProgress(): void;
}

/** Everything between this terminal and its cloud. */
export interface Sync {
  /** A command was committed. */
  wake(): void;
  /** The network changed, the machine woke up, or a person asks: everything is tried now. */
  retryNow(): void;
  /** Sees what the stream brings from now on. */
  watchStream(): StreamWatch;
  stop(): Promise<void>;
}

const PULL_EVERY_MS = 3 * 60_000;
// As long as there is no stream, rows are asked for as a kitchen screen would (SPEC D4).
const PULL_WITHOUT_STREAM_MS = 4_000;
// The stream brings rows within a second; later something is wrong with it.
const ROWS_WITHIN_MS = 5_000;
// With the time limit of a probe this tells within 5 s that the way is cut, when nobody is sending anything.
const PROBE_AFTER_MS = 2_500;
const PROBE_TIMEOUT_MS = 2_000;

/** One pull to the head, as after an enrolment. Throws AppError. */
export async function pullOnce(
  options: Pick<SyncOptions, 'store' | 'client' | 'identity' | 'clock' | 'log'>,
): Promise<void> {
  const { store, clock, log } = options;
  const client = createDeviceClient(options.client, createDeviceTokens(options.client, options.identity, clock));
  try {
    await createPuller({ store, client, clock, log, onBehind: () => store.startIncarnation() }).pull();
  } catch (error) {
    throw error instanceof CloudError ? new AppError(error.wire.code, error.wire.message) : error;
  }
}

/**
 * Starts replicator, puller and stream. The stream only makes things fast; a pull when it opens, on waking and every few
 * minutes makes them right. The first push waits for the first pull: it tells whether this terminal was restored from a backup.
 */
export function startSync(options: SyncOptions): Sync {
  const { store, clock, link, log } = options;
  const tokens = createDeviceTokens(options.client, options.identity, clock);
  const client = createDeviceClient(options.client, tokens);
  const pullBackoff = createBackoff(options.random);
  const timers = new Map<'pull' | 'probe' | 'rows', () => void>();
  let replicator: ReturnType<typeof startReplicator> | undefined;
  let isStopped = false;
  let mustRenew = false;
  const watches = createStreamWatches(clock);

  const arm = (name: 'pull' | 'probe' | 'rows', ms: number, fn: () => void): void => {
    timers.get(name)?.();
    if (!isStopped) timers.set(name, clock.after(ms, fn));
  };

  const puller = createPuller({
    store,
    client,
    clock,
    log,
    onBehind: () => {
      mustRenew = true;
      replicator?.renewIncarnation();
    },
  });

  const pull = async (): Promise<void> => {
    try {
      await puller.pull();
      if (isStopped) return;
      pullBackoff.reset();
      link.setHold('pull', undefined);
      arm('pull', stream.isOpen ? PULL_EVERY_MS : PULL_WITHOUT_STREAM_MS, () => void pull());
      if (replicator === undefined) startPushing();
      // The pull may have found that the cloud lost something.
      else replicator.wake();
      options.onProgress();
    } catch (error) {
      if (isStopped) return;
      arm('pull', pullBackoff.next(error instanceof CloudError ? error.retryAfterMs : 0), () => void pull());
      noteFailure(error);
      // Switched off, it reads nothing any more; the cloud keeps what it has done for a manager.
      const isRevoked = error instanceof CloudError && error.wire.code === 'device/revoked';
      if (isRevoked && replicator === undefined) startPushing();
    }
  };

  const noteFailure = (error: unknown): void => {
    const hold = holdOf(error);
    link.setHold(hold.cause === 'disk' ? 'disk' : 'pull', hold);
    if (error instanceof CloudError) return;
    log(`sync: a pull failed inside: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  };

  /** Commands were answered: their rows are on the way, by the stream, else by asking. */
  const pushed = (): void => {
    options.onProgress();
    if (!store.hasUnarrived()) return;
    if (!stream.isOpen) void pull();
    else if (!timers.has('rows')) arm('rows', ROWS_WITHIN_MS, expectRows);
  };
  const expectRows = (): void => {
    timers.delete('rows');
    if (store.hasUnarrived()) void pull();
  };

  const startPushing = (): void => {
    replicator = startReplicator({
      store,
      client,
      clock,
      link,
      log,
      random: options.random,
      onProgress: pushed,
      onLost: () => void pull(),
    });
    if (mustRenew) replicator.renewIncarnation();
    replicator.wake();
  };

  const stream = startStream({
    url: options.client.url('/stream/changes'),
    clock,
    fetch: options.fetch,
    tokens,
    log,
    random: options.random,
    cursor: () => store.cursor(),
    onOpen: () => {
      link.answered();
      void pull();
      replicator?.retryNow();
    },
    onAlive: () => link.answered(),
    onClosed: () => {
      arm('pull', PULL_WITHOUT_STREAM_MS, () => void pull());
      // Not "offline" by itself: the cloud closes streams to check tokens. A light request tells at once.
      void probe();
    },
    onEvent: async (name, data) => {
      if (name === 'rows') {
        await puller.take(data);
        watches.note(data);
        options.onProgress();
      } else if (name === 'reset') await pull();
      else options.onKpis(KpiEvent.parse(JSON.parse(data)));
    },
    onMissed: () => void pull(),
  });

  let probing: Promise<void> | undefined;
  const probe = (): Promise<void> => {
    probing ??= options.client
      .send({ method: 'GET', path: '/healthz', answer: z.unknown(), timeoutMs: PROBE_TIMEOUT_MS })
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => {
        probing = undefined;
      });
    return probing;
  };

  const look = (): void => {
    const silentMs = clock.now() - (link.lastContactMs ?? 0);
    const wasOnline = link.isOnline;
    const done = silentMs < PROBE_AFTER_MS ? Promise.resolve() : probe();
    void done.then(() => {
      // The way is free again: what waits for its backoff goes now.
      if (!wasOnline && link.isOnline) retryNow();
      arm('probe', PROBE_AFTER_MS, look);
    });
  };

  const retryNow = (): void => {
    if (isStopped) return;
    void pull();
    replicator?.retryNow();
    stream.retryNow();
  };

  void pull();
  arm('probe', PROBE_AFTER_MS, look);
  return {
    wake: () => replicator?.wake(),
    retryNow,
    watchStream: () => watches.watch(),
    stop: async () => {
      isStopped = true;
      stream.stop();
      for (const cancel of timers.values()) cancel();
      await Promise.all([replicator?.stop(), puller.stop()]);
    },
  };
}

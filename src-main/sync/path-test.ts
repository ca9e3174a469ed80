import { z } from 'zod';
import { PATH_STEPS, type PathReport } from '#shared/contract/bridge.ts';
import { EchoAnswer, PushAnswer } from '#shared/contract/sync-wire.ts';
import type { Clock } from '#shared/kernel/clock.ts';
import { AppError, ERRORS, toWireError, type WireError } from '#shared/kernel/errors.ts';
import type { Visible } from '#shared/sync/cursor.ts';
import { type CloudClient, CloudError } from './cloud-client.ts';
import { createDeviceTokens, type DeviceIdentity } from './device-token.ts';
import type { StreamWatch } from './stream-watch.ts';
import type { SyncStore } from './sync-store.ts';

export interface PathTestOptions {
  store: Pick<SyncStore, 'deviceId' | 'incarnation' | 'waiting'>;
  client: CloudClient;
  identity: DeviceIdentity;
  clock: Clock;
  /** Writes something harmless to the disk, durably, and reads it back. Throws AppError. */
  writeToDisk: () => void;
  /** Undefined while sync does not run: the stream is not tested then. */
  watchStream: (() => StreamWatch) | undefined;
  onProgress: (report: PathReport) => void;
}

type Step = PathReport['steps'][number];
type Name = (typeof PATH_STEPS)[number];

const ANSWER_WITHIN_MS = 10_000;
const HEALTH_WITHIN_MS = 5_000;
/** Twice what the stream may be late when it works at all. */
const STREAM_WITHIN_MS = 10_000;
/** More than this puts wrong times on receipts. */
const CLOCK_OFF_MS = 120_000;

/**
 * Goes the way of a sale once, for real: this disk, the network, the sign-in with a new token, a push (of nothing), the
 * cloud's database, and back by the stream; then compares the clocks. Nothing is changed on either side. Never rejects.
 */
export async function testPath(options: PathTestOptions): Promise<PathReport> {
  const { client, store, clock, identity } = options;
  const steps: Step[] = PATH_STEPS.map((step) => ({ step, state: 'waiting', ms: null, error: null }));
  const startedMs = performance.now();
  let clockOffsetMs: number | null = null;
  const report = (isDone: boolean): PathReport => ({
    steps: steps.map((step) => ({ ...step })),
    isDone,
    totalMs: since(startedMs),
    clockOffsetMs,
  });
  let isCut = false;

  /** Resolves to what `work` gave; `undefined` when it failed or the path ended before. */
  const go = async <T>(name: Name, work: () => T | Promise<T>): Promise<T | undefined> => {
    const step = steps.find((each) => each.step === name) as Step;
    if (isCut) {
      step.state = 'skipped';
      return undefined;
    }
    step.state = 'running';
    options.onProgress(report(false));
    const beganMs = performance.now();
    try {
      const result = await work();
      step.state = 'ok';
      return result;
    } catch (error) {
      step.state = 'failed';
      step.error = wordsOf(error);
      // Without the disk the cloud can be reached, and without the stream the clocks can be compared.
      isCut = name !== 'store' && name !== 'stream';
      return undefined;
    } finally {
      step.ms = since(beganMs);
      options.onProgress(report(false));
    }
  };

  await go('store', options.writeToDisk);
  await go('network', () =>
    client.send({ method: 'GET', path: '/healthz', answer: z.unknown(), timeoutMs: HEALTH_WITHIN_MS }),
  );
  // A token that is at hand would prove nothing.
  const token = await go('signIn', () => createDeviceTokens(client, identity, clock).get());
  const asked = { method: 'POST', token: token ?? '', timeoutMs: ANSWER_WITHIN_MS } as const;
  await go('push', async () => {
    const { count, oldestAt } = store.waiting();
    const sentMs = clock.now();
    const body = {
      deviceId: store.deviceId,
      incarnation: store.incarnation(),
      clockMs: sentMs,
      pending: { count, oldestAt },
      entries: [],
    };
    const { serverAt } = await client.send({ ...asked, path: '/sync/push', body, answer: PushAnswer });
    clockOffsetMs = Math.round((sentMs + clock.now()) / 2 - Date.parse(serverAt));
  });
  const watch = isCut ? undefined : options.watchStream?.();
  const echo = await go('database', () => client.send({ ...asked, path: '/sync/echo', body: {}, answer: EchoAnswer }));
  await go('stream', () => cameBack(watch, echo?.visible));
  watch?.stop();
  await go('clock', () => {
    if (Math.abs(clockOffsetMs ?? 0) > CLOCK_OFF_MS) throw new AppError('device/clock-off');
  });
  const done = report(true);
  options.onProgress(done);
  return done;
}

async function cameBack(watch: StreamWatch | undefined, visible: Visible | undefined): Promise<void> {
  const isBack = watch !== undefined && visible !== undefined && (await watch.reaches(visible, STREAM_WITHIN_MS));
  if (!isBack) throw new AppError('device/no-stream');
}

function wordsOf(error: unknown): WireError {
  if (error instanceof CloudError) return { code: error.wire.code, message: error.wire.message };
  if (error instanceof AppError) return toWireError(error);
  return { code: 'internal', message: ERRORS.internal.text };
}

function since(ms: number): number {
  return Math.round((performance.now() - ms) * 10) / 10;
}

import { MAX_BODY_BYTES, MAX_PUSH_ENTRIES } from '#shared/contract/protocol.ts';
import { PushAnswer } from '#shared/contract/sync-wire.ts';
import type { Clock } from '#shared/kernel/clock.ts';
import { ERRORS, type WireError } from '#shared/kernel/errors.ts';
import type { Log } from '#shared/kernel/log.ts';
import { createBackoff } from './backoff.ts';
import { CloudError, readExpected } from './cloud-client.ts';
import { holdOf } from './hold-of.ts';
import type { DeviceClient } from './device-client.ts';
import type { LinkState } from './link-state.ts';
import type { PushBatch, SyncStore } from './sync-store.ts';

export interface ReplicatorOptions {
  store: SyncStore;
  client: DeviceClient;
  clock: Clock;
  link: LinkState;
  log: Log;
  random: () => number;
  /** Some commands were answered. */
  onProgress(): void;
  /** The cloud lacks commands that it had acknowledged: a pull brings its rows, and makes them wait again. */
  onLost(): void;
}

/** Brings the outbox to the cloud, first in, first out. */
export interface Replicator {
  /** There is something to send. A wait that a failure has armed goes on. */
  wake(): void;
  /** The way may be free again: tries now. */
  retryNow(): void;
  /** From the next batch on under a new series. */
  renewIncarnation(): void;
  stop(): Promise<void>;
}

/**
 * Commands whose rows have not come back yet, at most: they are settled in one transaction, and a tap waits for it. When rows stay away
 * (a stream that hangs), the queue goes on after a while all the same.
 */
const MOST_UNARRIVED = 400;
const LOOK_FOR_ROWS_MS = 20;
const MOST_WAIT_FOR_ROWS_MS = 2_000;
/** A terminal that has nothing to send says this often that it is there: a cut cable ends no connection by itself. */
const BEAT_EVERY_MS = 20_000;
const UNANSWERED: WireError = { code: 'internal', message: 'The cloud answers, but says nothing about what was sent.' };
// Room for the fields around the entries.
const BATCH_BYTES = MAX_BODY_BYTES - 16_384;

/**
 * Starts the drain. Invariants: one request at a time; every failure arms a timer, so that the queue never stands still
 * for good; a batch that is not answered waits again, and the cloud knows what it has by `seq`.
 */
export function startReplicator(options: ReplicatorOptions): Replicator {
  const { store, client, clock, link, log } = options;
  const backoff = createBackoff(options.random);
  let isStopped = false;
  let isRenewing = false;
  let isWoken = false;
  let size = MAX_PUSH_ENTRIES;
  let waitedForRowsMs = 0;
  let running: Promise<void> | undefined;
  let cancelTimer: (() => void) | undefined;
  let cancelBeat: (() => void) | undefined;

  const send = async (batch: PushBatch): Promise<PushAnswer> => {
    const { count, oldestAt } = store.waiting();
    const sentMs = clock.now();
    const answer = await client.send({
      method: 'POST',
      path: '/sync/push',
      body: {
        deviceId: store.deviceId,
        incarnation: batch.incarnation,
        clockMs: sentMs,
        pending: { count, oldestAt },
        entries: batch.entries,
        ...(batch.head === undefined ? {} : { head: batch.head }),
      },
      answer: PushAnswer,
    });
    link.clockOffsetMs = Math.round((sentMs + clock.now()) / 2 - Date.parse(answer.serverAt));
    return answer;
  };

  /** Waits as long as nothing is sent, then says that this terminal is there. The queue's own tries say it as well. */
  const armBeat = (): void => {
    cancelBeat?.();
    if (!isStopped) cancelBeat = clock.after(BEAT_EVERY_MS, () => (isIdle() ? startRun(beat) : armBeat()));
  };
  const isIdle = (): boolean => running === undefined && cancelTimer === undefined;
  const beat = async (): Promise<void> => {
    isWoken = false;
    try {
      await send({ incarnation: store.incarnation(), entries: [] });
      link.setHold('push', undefined);
    } catch (error) {
      link.setHold('push', holdOf(error));
    }
  };

  /** Sends one batch. Returns the wait in ms before the next, 0 for none, `undefined` when nothing waits. */
  const step = async (): Promise<number | undefined> => {
    if (isRenewing) {
      isRenewing = false;
      store.startIncarnation();
    }
    const room = MOST_UNARRIVED - store.unarrived();
    if (room < MOST_UNARRIVED / 2 && waitedForRowsMs < MOST_WAIT_FOR_ROWS_MS) {
      waitedForRowsMs += LOOK_FOR_ROWS_MS;
      return LOOK_FOR_ROWS_MS;
    }
    waitedForRowsMs = 0;
    const batch = store.takeBatch(Math.min(size, Math.max(room, MOST_UNARRIVED / 2)), BATCH_BYTES);
    if (batch === undefined) return undefined;
    let answer: PushAnswer;
    try {
      answer = await send(batch);
    } catch (error) {
      return failed(batch, error);
    }
    const last = batch.entries.at(-1)?.seq ?? 0;
    if (
      answer.watermark > last &&
      store.isBehind([{ deviceId: store.deviceId, incarnation: batch.incarnation, seq: answer.watermark }])
    ) {
      isRenewing = true;
    }
    link.setHold('disk', undefined);
    const { retry, applied } = store.applyOutcomes(batch.incarnation, answer.outcomes, answer.lamport);
    if (applied > 0) {
      backoff.reset();
      size = Math.min(MAX_PUSH_ENTRIES, size * 2);
      options.onProgress();
    }
    if (retry === undefined && applied > 0) {
      link.setHold('push', undefined);
      return 0;
    }
    return answerWithoutEnd(batch, retry, applied);
  };

  /** Entries were answered with `retry`, or not at all. */
  const answerWithoutEnd = (batch: PushBatch, retry: WireError | undefined, applied: number): number => {
    const expected = retry === undefined ? undefined : readExpected(retry.code, retry.message);
    if (expected !== undefined) return rewind(batch, expected);
    // Some went through: the rest may at once, unless the cloud has said that it is busy.
    if (applied > 0 && retry?.code !== 'server/busy' && retry?.code !== 'command/unknown') return 0;
    link.setHold('push', holdOf(new CloudError(200, retry ?? UNANSWERED)));
    return backoff.next();
  };

  const rewind = (batch: PushBatch, expected: number): number => {
    const found = store.expectFrom(batch.incarnation, expected);
    if (found !== 'gone') {
      if (found === 'lost') options.onLost();
      link.setHold('push', { cause: 'failing', text: ERRORS['sync/gap'].text });
      return backoff.next();
    }
    // What the cloud misses is gone here (older than the retention, or another's): a new series has no gap.
    log(`sync: the cloud expects entry ${expected}, which is not here; a new series is started`);
    isRenewing = true;
    return 0;
  };

  const failed = (batch: PushBatch, error: unknown): number => {
    if (!(error instanceof CloudError)) {
      store.releaseBatch({ code: 'internal', message: String(error) });
      log(`sync: a push failed inside: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      link.setHold('push', holdOf(error));
      return backoff.next();
    }
    store.releaseBatch(error.wire);
    options.onProgress();
    if (error.status === 409 && error.expectedSeq !== undefined) return rewind(batch, error.expectedSeq);
    if ((error.status === 413 || error.status === 500) && batch.entries.length > 1) {
      size = Math.ceil(batch.entries.length / 2);
      return error.status === 413 ? 0 : backoff.next(error.retryAfterMs);
    }
    link.setHold('push', holdOf(error));
    return backoff.next(error.retryAfterMs);
  };

  const drain = async (): Promise<void> => {
    for (;;) {
      isWoken = false;
      let waitMs: number | undefined;
      try {
        waitMs = await step();
      } catch (error) {
        // The store refused (a full disk): the rows stay, and it is tried again.
        const hold = holdOf(error);
        link.setHold(hold.cause === 'disk' ? 'disk' : 'push', hold);
        log(`sync: ${error instanceof Error ? error.message : String(error)}`);
        waitMs = backoff.next(1_000);
      }
      if (isStopped) return;
      if (waitMs === 0 || (waitMs === undefined && isWoken)) continue;
      if (waitMs !== undefined) cancelTimer = clock.after(waitMs, run);
      return;
    }
  };

  const run = (): void => {
    cancelTimer?.();
    cancelTimer = undefined;
    if (isStopped) return;
    isWoken = true;
    if (running === undefined) startRun(drain);
  };

  /** One request at a time, whether it carries something or not. */
  const startRun = (work: () => Promise<void>): void => {
    running = work().finally(() => {
      running = undefined;
      armBeat();
      // Woken after the last look and before the end.
      if (isWoken && cancelTimer === undefined && !isStopped) run();
    });
  };

  return {
    wake: () => {
      // A wait because the cloud asked for it, or is not there, is not cut short by every tap.
      if (cancelTimer === undefined) run();
    },
    retryNow: run,
    renewIncarnation: () => {
      isRenewing = true;
      run();
    },
    stop: async () => {
      isStopped = true;
      cancelTimer?.();
      cancelBeat?.();
      await running;
    },
  };
}

import {
  AuditHeadsAnswer,
  ChangesPage,
  type DeviceOutcome,
  StreamRows,
  type WireRow,
} from '#shared/contract/sync-wire.ts';
import type { Clock } from '#shared/kernel/clock.ts';
import { type Cursor, parseCursor, type Position } from '#shared/sync/cursor.ts';
import type { Log } from '#shared/kernel/log.ts';
import { CloudError } from './cloud-client.ts';
import type { DeviceClient } from './device-client.ts';
import type { SyncStore } from './sync-store.ts';

export interface PullerOptions {
  store: SyncStore;
  client: DeviceClient;
  clock: Clock;
  log: Log;
  /** The cloud has entries of this series that this terminal never gave out: it was restored from a backup. */
  onBehind(): void;
}

/** Brings the cloud's rows here, by asking or from the stream. Everything goes through one queue. */
export interface Puller {
  /** Asks until the head is reached. A call while one runs is answered by one more round. Throws CloudError. */
  pull(): Promise<void>;
  /** Takes an event `rows` of the stream; pulls when something before it is missing. */
  take(text: string): Promise<void>;
  stop(): Promise<void>;
}

const PAGE_ROWS = 500;
// Reading 100 rows takes about 3 ms: a tap in between does not notice.
const SLICE_ROWS = 100;
const MAX_RESETS = 3;

export function createPuller(options: PullerOptions): Puller {
  const { store, client, clock, log } = options;
  let running: Promise<void> | undefined;
  let again: Promise<void> | undefined;
  // Events are taken one after the other, as they came.
  let events: Promise<void> = Promise.resolve();
  let isStopped = false;
  let pullsEnded = 0;

  const stage = async (rows: readonly WireRow[]): Promise<void> => {
    for (let from = 0; from < rows.length; from += SLICE_ROWS) {
      if (from > 0) await new Promise<void>((resolve) => clock.after(0, resolve));
      if (isStopped) return;
      store.stage(rows.slice(from, from + SLICE_ROWS));
    }
  };

  /** The cloud did not know where this terminal stood: what its audit log once was stands in the heads that were kept. */
  const tellHeads = async (): Promise<void> => {
    const heads = store.headsToTell();
    if (heads === undefined) return;
    try {
      if (heads.length > 0)
        await client.send({ method: 'POST', path: '/sync/audit-heads', body: { heads }, answer: AuditHeadsAnswer });
    } catch (error) {
      // With the next pull then. An older cloud does not know the question.
      if (!(error instanceof CloudError) || error.status !== 404) return;
    }
    store.headsTold();
  };

  const round = async (): Promise<void> => {
    store.clearStage();
    const ackedPosBefore = store.ackedPos();
    const outcomes: DeviceOutcome[] = [];
    let after = store.cursor();
    let resets = 0;
    for (;;) {
      const query = new URLSearchParams({ limit: String(PAGE_ROWS), ...(after === undefined ? {} : { after }) });
      const page = await client.send({ method: 'GET', path: `/sync/changes?${query.toString()}`, answer: ChangesPage });
      if (isStopped) return;
      if (page.reset) {
        resets += 1;
        if (resets > MAX_RESETS) throw new Error('the cloud asks again and again to start from nothing');
        log('sync: the cloud does not know where this terminal stands; everything is read anew, nothing is lost');
        store.clearStage();
        outcomes.length = 0;
      }
      await stage(page.rows);
      if (isStopped) return;
      outcomes.push(...page.outcomes);
      after = page.cursor;
      if (page.hasMore) continue;
      const isBehind = store.isBehind(page.watermarks);
      const { cursor, watermarks, lamport, auditHeads } = page;
      store.commitStage({
        cursor,
        isReset: resets > 0,
        outcomes,
        watermarks,
        ackedPosBefore,
        lamport,
        auditHeads,
      });
      if (isBehind) options.onBehind();
      await tellHeads();
      return;
    }
  };

  const pull = (): Promise<void> => {
    if (isStopped) return Promise.resolve();
    if (running === undefined) {
      running = round().finally(() => {
        running = undefined;
        pullsEnded += 1;
      });
      return running;
    }
    again ??= running
      .catch(() => undefined)
      .then(() => {
        again = undefined;
        return pull();
      });
    return again;
  };

  const apply = async (event: StreamRows): Promise<void> => {
    store.clearStage();
    await stage(event.rows);
    if (isStopped) return;
    // An event may be older than an answer that came since: it never tells that the cloud has lost something.
    store.commitStage({ ...event, isReset: false, ackedPosBefore: 0 });
  };

  const takeNow = async (text: string, pullsBefore: number): Promise<void> => {
    // While a pull runs it brings these rows too; one more round covers what came after it had begun.
    if (running !== undefined) return pull();
    const parsed = StreamRows.safeParse(JSON.parse(text));
    if (!parsed.success) return pull();
    const here = readCursor(store.cursor());
    const from = readCursor(parsed.data.after);
    const to = readCursor(parsed.data.cursor);
    const isWhole = !parsed.data.hasMore && !parsed.data.reset;
    if (here === undefined || from === undefined || to === undefined || !isWhole) return pull();
    if (reaches(here, to)) return undefined;
    // It waited for a pull, and the cloud may have been put back in between: then numbers alone do not tell whether it goes on from here.
    const goesOn = pullsEnded === pullsBefore ? reaches(here, from) : parsed.data.after === store.cursor();
    if (!goesOn) return pull();
    running = apply(parsed.data).finally(() => {
      running = undefined;
    });
    return running;
  };

  return {
    pull,
    take: (text) => {
      const pullsBefore = pullsEnded;
      const taken = events.catch(() => undefined).then(() => takeNow(text, pullsBefore));
      events = taken;
      return taken;
    },
    stop: async () => {
      isStopped = true;
      await running?.catch(() => undefined);
    },
  };
}

const readCursor = (text: string | undefined): Cursor | undefined =>
  text === undefined ? undefined : parseCursor(text);

/** Whether a reader at `here` has everything up to `there`, of the same history. */
function reaches(here: Cursor, there: Cursor): boolean {
  const has = (a: Position, b: Position): boolean =>
    a.seq > b.seq || (a.seq === b.seq && (b.seq === 0 || a.token === b.token));
  return has(here.org, there.org) && has(here.branch, there.branch);
}

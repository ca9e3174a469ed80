import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { z } from 'zod';
import type { Clock } from '#shared/kernel/clock.ts';
import type { Database } from '../store/database.ts';
import type { StreamLog } from '../stream/sse-hub.ts';
import type { Wakeup, Wakeups } from './wakeups.ts';

const CHANNEL = 'chefcloud_wake';
/** Wake-ups of this time travel together: a notifying commit takes a lock of the whole database. */
const GATHER_MS = 40;
/** PostgreSQL refuses a payload of 8,000 bytes. */
const MAX_PAYLOAD_BYTES = 7_000;

const Payload = z.object({
  from: z.string(),
  wake: z.array(z.object({ orgId: z.string(), scopes: z.array(z.string()), days: z.array(z.string()) })),
});
type Payload = z.infer<typeof Payload>;

/**
 * Carries wake-ups between the instances that share one PostgreSQL, by NOTIFY outside every other transaction. Other
 * engines have one instance: nothing is done there. Returns the function that leaves. What is lost on the way costs the
 * readers' next re-check, never a row.
 */
export async function createClusterWakeups(parts: {
  database: Database;
  wakeups: Wakeups;
  clock: Clock;
  log: StreamLog;
}): Promise<() => Promise<void>> {
  const { database, wakeups, clock, log } = parts;
  if (database.kind !== 'postgres') return () => Promise.resolve();
  const self = randomUUID();
  const gathered = new Map<string, { scopes: Set<string>; days: Set<string> }>();
  let cancelTimer: (() => void) | undefined;
  let isForeign = false;
  let sending: Promise<void> = Promise.resolve();

  const send = async (): Promise<void> => {
    cancelTimer = undefined;
    const wake = [...gathered].map(([orgId, { scopes, days }]) => ({ orgId, scopes: [...scopes], days: [...days] }));
    gathered.clear();
    try {
      for (const payload of payloadsOf(self, wake)) {
        await sql`select pg_notify(${CHANNEL}, ${payload})`.execute(database.db);
      }
    } catch (error) {
      log.warn({ event: 'wake-up-lost', err: error }, 'other instances could not be woken');
    }
  };

  const unsubscribe = wakeups.subscribe(({ orgId, scopes, days }) => {
    if (isForeign) return;
    let entry = gathered.get(orgId);
    if (entry === undefined) gathered.set(orgId, (entry = { scopes: new Set(), days: new Set() }));
    for (const scope of scopes) entry.scopes.add(scope);
    for (const day of days) entry.days.add(day);
    cancelTimer ??= clock.after(GATHER_MS, () => {
      sending = send();
    });
  });

  const unlisten = await database.listen(CHANNEL, (text) => {
    const payload = readPayload(text);
    if (payload === undefined || payload.from === self) return;
    isForeign = true;
    for (const wakeup of payload.wake) wakeups.publish(wakeup);
    isForeign = false;
  });

  return async () => {
    unsubscribe();
    cancelTimer?.();
    await sending;
    await unlisten();
  };
}

function readPayload(text: string): Payload | undefined {
  try {
    return Payload.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Cuts what there is to say into payloads that PostgreSQL takes. Days that do not fit are left out: they only spare work. */
export function payloadsOf(from: string, wake: readonly Wakeup[]): string[] {
  const payloads: string[] = [];
  let current: Wakeup[] = [];
  const textOf = (list: readonly Wakeup[]): string => JSON.stringify({ from, wake: list });
  const add = (wakeup: Wakeup): void => {
    if (Buffer.byteLength(textOf([...current, wakeup])) <= MAX_PAYLOAD_BYTES) {
      current.push(wakeup);
      return;
    }
    if (current.length > 0) {
      payloads.push(textOf(current));
      current = [];
      add(wakeup);
    } else if (wakeup.days.length > 0) {
      add({ ...wakeup, days: [] });
    } else if (wakeup.scopes.length > 1) {
      const half = Math.ceil(wakeup.scopes.length / 2);
      add({ ...wakeup, scopes: wakeup.scopes.slice(0, half) });
      add({ ...wakeup, scopes: wakeup.scopes.slice(half) });
    }
  };
  for (const wakeup of wake) add(wakeup);
  if (current.length > 0) payloads.push(textOf(current));
  return payloads;
}

import { useCallback, useSyncExternalStore } from 'react';
import { minutesSince } from '../../i18n/format.ts';

const TICK_MS = 2_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** One timer for all cards, however many. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const each of listeners) each();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** `derive` of the whole minutes since `at`. Draws anew only when the answer is another one. */
export function useMinutes<T extends string | number>(at: string, derive: (minutes: number) => T): T {
  const read = useCallback(() => derive(minutesSince(at, Date.now())), [at, derive]);
  return useSyncExternalStore(subscribe, read);
}

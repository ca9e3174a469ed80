/** Says "look again": the rows themselves are read from the log. May be lost or doubled. */
export interface Wakeup {
  orgId: string;
  /** `org`, or ids of branches whose counters moved. */
  scopes: readonly string[];
  /** Business days whose figures may have changed. */
  days: readonly string[];
}

export interface Wakeups {
  /** Never throws and never waits; called after the commit. */
  publish(wakeup: Wakeup): void;
  /** Returns the function that ends the subscription. */
  subscribe(listener: (wakeup: Wakeup) => void): () => void;
}

/** Wake-ups within this process. `onError` hears of listeners that throw. */
export function createWakeups(onError: (error: unknown) => void): Wakeups {
  const listeners = new Set<(wakeup: Wakeup) => void>();
  return {
    publish(wakeup) {
      for (const listener of listeners) {
        try {
          listener(wakeup);
        } catch (error) {
          onError(error);
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

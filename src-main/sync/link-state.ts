import type { Clock } from '#shared/kernel/clock.ts';

/** Whether the cloud answers, and since when not. The pill tells nothing else. */
export interface LinkState {
  readonly isOnline: boolean;
  readonly offlineSinceMs: number | undefined;
  readonly lastContactMs: number | undefined;
  /** Why the queue does not move although the cloud answers. */
  trouble: string | undefined;
  /** The cloud answered something. */
  answered(): void;
  /** A request failed on the way, or the stream was closed. */
  failed(): void;
}

/** Starts offline: nothing has been heard yet. `onChange` is called when online turns into offline or back. */
export function createLinkState(clock: Clock, lastContactMs: number | undefined, onChange: () => void): LinkState {
  let isOnline = false;
  let offlineSinceMs: number | undefined = clock.now();
  let contactMs = lastContactMs;
  let trouble: string | undefined;
  return {
    get isOnline() {
      return isOnline;
    },
    get offlineSinceMs() {
      return offlineSinceMs;
    },
    get lastContactMs() {
      return contactMs;
    },
    get trouble() {
      return trouble;
    },
    set trouble(text) {
      if (text === trouble) return;
      trouble = text;
      onChange();
    },
    answered: () => {
      contactMs = clock.now();
      if (isOnline) return;
      isOnline = true;
      offlineSinceMs = undefined;
      onChange();
    },
    failed: () => {
      if (!isOnline) return;
      isOnline = false;
      offlineSinceMs = contactMs ?? clock.now();
      onChange();
    },
  };
}

import type { HoldCause } from '#shared/contract/bridge.ts';
import type { Clock } from '#shared/kernel/clock.ts';

/** Why something does not go on although it should. */
export interface Hold {
  cause: HoldCause;
  /** In words for people. */
  text: string;
}
/** What can be held up: sending, fetching, and writing to this terminal's own disk. */
type HoldPlace = 'push' | 'pull' | 'disk';

/** Whether the cloud answers, since when not, and what holds the queue up. The pill tells nothing else. */
export interface LinkState {
  readonly isOnline: boolean;
  readonly offlineSinceMs: number | undefined;
  readonly lastContactMs: number | undefined;
  /** What holds the queue up, the gravest place first: a disk that takes nothing, then sending, then fetching. */
  readonly hold: (Hold & { sinceMs: number }) | undefined;
  /** This terminal's clock less the cloud's, ms. */
  clockOffsetMs: number | undefined;
  /** Something is held up at `place`; undefined: it goes on there. */
  setHold(place: HoldPlace, hold: Hold | undefined): void;
  /** The cloud answered something. */
  answered(): void;
  /** A request failed on the way, or the stream was closed. */
  failed(): void;
}

const GRAVEST_FIRST: readonly HoldPlace[] = ['disk', 'push', 'pull'];

/** Starts offline: nothing has been heard yet. `onChange` is called when online turns into offline or back, or a hold changes. */
export function createLinkState(clock: Clock, lastContactMs: number | undefined, onChange: () => void): LinkState {
  let isOnline = false;
  let offlineSinceMs: number | undefined = clock.now();
  let contactMs = lastContactMs;
  const holds = new Map<HoldPlace, Hold & { sinceMs: number }>();
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
    get hold() {
      const place = GRAVEST_FIRST.find((each) => holds.has(each));
      return place === undefined ? undefined : holds.get(place);
    },
    clockOffsetMs: undefined,
    setHold: (place, hold) => {
      const known = holds.get(place);
      if (known?.cause === hold?.cause && known?.text === hold?.text) return;
      if (hold === undefined) holds.delete(place);
      else holds.set(place, { ...hold, sinceMs: known?.cause === hold.cause ? known.sinceMs : clock.now() });
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

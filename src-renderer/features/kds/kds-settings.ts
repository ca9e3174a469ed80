import { create } from 'zustand';

export const SIZES = ['s', 'm', 'l'] as const;
export type Size = (typeof SIZES)[number];
/** How much larger than 32 px lines and 44 px heads. */
export const SCALE: Record<Size, number> = { s: 1, m: 1.2, l: 1.45 };

const STORED_AS = 'chefcloud.kitchen';
const SEEN_AT_MOST = 200;

interface KdsSettings {
  size: Size;
  /** `undefined`: all stations. */
  stationId: string | undefined;
  /** Cancelled lines that somebody here has seen (`seenKey`), the latest last. */
  seen: readonly string[];
}

/** What this screen (not this person) has set. A browser that keeps nothing only forgets it. */
function readStored(): KdsSettings {
  const settings: KdsSettings = { size: 's', stationId: undefined, seen: [] };
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORED_AS) ?? '{}');
    if (typeof stored !== 'object' || stored === null) return settings;
    if ('size' in stored) settings.size = SIZES.find((size) => size === stored.size) ?? 's';
    if ('stationId' in stored && typeof stored.stationId === 'string') settings.stationId = stored.stationId;
    if ('seen' in stored && Array.isArray(stored.seen))
      settings.seen = stored.seen.filter((key): key is string => typeof key === 'string').slice(-SEEN_AT_MOST);
  } catch {
    // Nothing stored, or not allowed to: the defaults are fine.
  }
  return settings;
}

export const useKdsSettings = create<KdsSettings>(readStored);

useKdsSettings.subscribe((settings) => {
  try {
    localStorage.setItem(STORED_AS, JSON.stringify(settings));
  } catch {
    // As above.
  }
});

export function setSize(size: Size): void {
  useKdsSettings.setState({ size });
}

export function setStation(stationId: string | undefined): void {
  useKdsSettings.setState({ stationId });
}

export function markSeen(keys: readonly string[]): void {
  useKdsSettings.setState(({ seen }) => ({ seen: [...seen, ...keys].slice(-SEEN_AT_MOST) }));
}

import { create } from 'zustand';

export const SCREEN_IDS = ['till', 'kitchen', 'shifts', 'manager', 'stock', 'sync'] as const;
export type ScreenId = (typeof SCREEN_IDS)[number];

export interface Place {
  screen: ScreenId | null;
  /** What follows the screen in the address: `#/manager/orders` → `orders`. */
  rest: string;
}

/** Reads an address such as `#/till` or `#/manager/orders`. */
export function readHash(hash: string): Place {
  const [first = '', ...rest] = hash.replace(/^#\/?/, '').split('/');
  const screen = SCREEN_IDS.find((id) => id === first) ?? null;
  return { screen, rest: rest.join('/') };
}

/** Where this window is. */
export const usePlace = create<Place>(() => readHash(typeof location === 'undefined' ? '' : location.hash));

/** Goes to a screen; Back comes back. */
export function goTo(screen: ScreenId, rest = ''): void {
  location.hash = rest === '' ? `/${screen}` : `/${screen}/${rest}`;
}

/** Follows the address. */
export function startRouter(): void {
  addEventListener('hashchange', () => usePlace.setState(readHash(location.hash)));
}

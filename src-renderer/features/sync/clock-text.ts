import type { TFunction } from 'i18next';

/** As in the test of the path: more puts wrong times on receipts. */
const OFF_MS = 120_000;

/** How a terminal's clock stands against the cloud's; `undefined` where that is not known. */
export function clockText(
  offsetMs: number | undefined,
  t: TFunction<'sync'>,
): { text: string; isOff: boolean } | undefined {
  if (offsetMs === undefined) return undefined;
  const isOff = Math.abs(offsetMs) > OFF_MS;
  if (!isOff) return { text: t('clock.right'), isOff };
  const minutes = Math.round(Math.abs(offsetMs) / 60_000);
  const amount =
    minutes < 120 ? t('clock.minutes', { count: minutes }) : t('clock.hours', { count: Math.round(minutes / 60) });
  return { text: t(offsetMs > 0 ? 'clock.ahead' : 'clock.behind', { amount }), isOff };
}

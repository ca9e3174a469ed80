import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { minutesSince } from '../../i18n/format.ts';

/** How long ago something was, "46 min" or "2 h 05 min". */
export function useAgeText(): (at: string, nowMs: number) => string {
  const { t } = useTranslation();
  return useCallback(
    (at, nowMs) => {
      const all = minutesSince(at, nowMs);
      const hours = Math.floor(all / 60);
      return hours === 0
        ? t('minutes', { count: all })
        : t('hours', { hours, minutes: String(all % 60).padStart(2, '0') });
    },
    [t],
  );
}

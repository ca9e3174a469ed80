import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { minutesSince } from '../../i18n/format.ts';

/** How long ago something was: "just now", "12 min ago", "3 h 05 min ago". */
export function useAgo(): (at: string, nowMs: number) => string {
  const { t } = useTranslation('sync');
  const { t: tCommon } = useTranslation();
  return useCallback(
    (at, nowMs) => {
      const all = minutesSince(at, nowMs);
      if (all === 0) return t('justNow');
      const hours = Math.floor(all / 60);
      const minutes = String(all % 60).padStart(2, '0');
      const age = hours === 0 ? tCommon('minutes', { count: all }) : tCommon('hours', { hours, minutes });
      return t('ago', { age });
    },
    [t, tCommon],
  );
}

import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { amountText, dayTimeText, moneyText, timeText } from '../i18n/format.ts';
import { useLive } from '../state/store.ts';

export interface Formats {
  currency: string;
  zone: string;
  /** "UGX 170,000" */
  money: (minor: number) => string;
  /** "170,000" */
  amount: (minor: number) => string;
  /** "19:42" in the branch's zone. */
  time: (at: string | number) => string;
  dayTime: (at: string | number) => string;
}

/** How this organisation writes money and this branch writes times. */
export function useFormats(): Formats {
  const { i18n } = useTranslation();
  const currency = useLive((live) => live.info?.organisation.currency ?? 'USD');
  const zone = useLive((live) => live.info?.branch.zone ?? 'UTC');
  const locale = i18n.language;
  return useMemo(
    () => ({
      currency,
      zone,
      money: (minor) => moneyText(minor, currency, locale),
      amount: (minor) => amountText(minor, currency, locale),
      time: (at) => timeText(at, zone, locale),
      dayTime: (at) => dayTimeText(at, zone, locale),
    }),
    [currency, zone, locale],
  );
}

import type { TFunction } from 'i18next';
import type { Anomaly } from '#shared/domain/anomaly.ts';

/** What happened, in plain words. Where the detail names what it was about, it is in the sentence. */
export function flagTitle({ code, detail }: Pick<Anomaly, 'code' | 'detail'>, t: TFunction<'orders'>): string {
  if (detail !== undefined && (code === 'void-after-send' || code === 'price-not-on-menu'))
    return t(`flagsOf.${code}`, { what: detail });
  return t(`flags.${code}`);
}

/** The rest of the detail that the title does not say. */
export function flagDetail({ code, detail }: Pick<Anomaly, 'code' | 'detail'>): string | undefined {
  if (code === 'void-after-send' || code === 'price-not-on-menu' || code === 'not-permitted') return undefined;
  return detail === '' ? undefined : detail;
}

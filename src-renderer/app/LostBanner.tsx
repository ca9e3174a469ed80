import { Unplug } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useLive } from '../state/store.ts';
import { useFormats } from '../state/use-formats.ts';
import { Banner } from '../ui/Banner.tsx';

/** Says across the whole width that what stands below is old. `isLarge`: to be read from across a kitchen. */
export function LostBanner({ isLarge = false }: { isLarge?: boolean }) {
  const { t } = useTranslation('shell');
  const { time } = useFormats();
  const link = useLive((live) => live.link);
  if (link.state !== 'down') return null;
  if (isLarge) {
    return (
      <Banner
        tone="danger"
        icon={<Unplug size={44} className="shrink-0" aria-hidden />}
        className="min-h-24 shrink-0 border-y-4 border-danger px-6"
      >
        <b className="num block text-4xl font-extrabold leading-tight">
          {t('lostLarge', { time: time(link.sinceMs) })}
        </b>
        <span className="block text-xl">{t('lostLargeHelp')}</span>
      </Banner>
    );
  }
  return (
    <Banner tone="danger" icon={<Unplug size={20} aria-hidden />} className="text-base">
      {t('lostBanner', { time: time(link.sinceMs) })}
    </Banner>
  );
}

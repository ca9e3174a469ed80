import { Unplug } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useLive } from '../state/store.ts';
import { useFormats } from '../state/use-formats.ts';
import { Banner } from '../ui/Banner.tsx';

/** Says across the whole width that what stands below is old. */
export function LostBanner() {
  const { t } = useTranslation('shell');
  const { time } = useFormats();
  const link = useLive((live) => live.link);
  if (link.state !== 'down') return null;
  return (
    <Banner tone="danger" icon={<Unplug size={20} aria-hidden />} className="text-base">
      {t('lostBanner', { time: time(link.sinceMs) })}
    </Banner>
  );
}

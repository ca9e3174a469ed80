import { CloudOff, VolumeX } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useLive } from '../../state/store.ts';
import { useFormats } from '../../state/use-formats.ts';
import { Banner } from '../../ui/Banner.tsx';
import { useChime, wakeChime } from './chime.ts';

/** Says across the whole width when the board knows less than usual, or cannot ring. A lost terminal the shell says. */
export function SourceBanner() {
  const { t } = useTranslation('kds');
  const { time } = useFormats();
  const isLost = useLive((live) => live.link.state === 'down');
  const isOffline = useLive((live) => live.status?.link === 'offline');
  const offlineSinceAt = useLive((live) => live.status?.offlineSinceAt ?? null);
  const hasSound = useChime((chime) => chime.isOn);
  return (
    <>
      {isOffline && !isLost && (
        <Banner
          tone="warn"
          icon={<CloudOff size={26} className="shrink-0" aria-hidden />}
          className="min-h-14 px-6 text-xl"
        >
          {offlineSinceAt === null ? t('offlineUnknown') : t('offline', { time: time(offlineSinceAt) })}
        </Banner>
      )}
      {!hasSound && (
        <button
          type="button"
          onClick={wakeChime}
          className="flex min-h-14 w-full items-center gap-3 bg-warn px-6 text-left text-xl font-bold text-bg"
        >
          <VolumeX size={26} aria-hidden />
          {t('soundOff')}
        </button>
      )}
    </>
  );
}

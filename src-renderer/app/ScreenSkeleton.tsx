import { useTranslation } from 'react-i18next';
import { Skeleton } from '../ui/Skeleton.tsx';

/** The shape of a screen while its rows are on their way. */
export function ScreenSkeleton() {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t('loading')} className="flex h-full flex-col gap-3 p-4">
      <div className="flex gap-2">
        {Array.from({ length: 5 }, (_, index) => (
          <Skeleton key={index} className="h-12 w-32" />
        ))}
      </div>
      <div className="grid flex-1 grid-cols-5 content-start gap-2.5">
        {Array.from({ length: 25 }, (_, index) => (
          <Skeleton key={index} className="h-[98px]" />
        ))}
      </div>
    </div>
  );
}

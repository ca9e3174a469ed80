import { LayoutGrid } from 'lucide-react';
import { Suspense, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useLive } from '../state/store.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import { LostBanner } from './LostBanner.tsx';
import { Rail } from './Rail.tsx';
import { usePlace } from './router.ts';
import { screensFor } from './screens.tsx';
import { ScreenSkeleton } from './ScreenSkeleton.tsx';
import { setScreenTheme } from './theme.ts';
import { TopBar } from './TopBar.tsx';

/** Rail, top bar and the screen that the address names; the first one this person may use when it names none. */
export function Shell() {
  const { t } = useTranslation('shell');
  const session = useLive((live) => live.session);
  const hasRows = useLive((live) => live.hasRows);
  const wanted = usePlace((place) => place.screen);
  const screens = screensFor(session);
  const screen = screens.find((each) => each.id === wanted) ?? screens[0];
  useEffect(() => {
    setScreenTheme(screen?.theme);
    return () => setScreenTheme(undefined);
  }, [screen?.theme]);
  const body =
    screen === undefined ? (
      <EmptyState icon={<LayoutGrid size={40} />} title={t('noScreen')} text={t('noScreenHelp')} />
    ) : hasRows ? (
      <ErrorBoundary key={screen.id}>
        <Suspense fallback={<ScreenSkeleton />}>
          <screen.Component />
        </Suspense>
      </ErrorBoundary>
    ) : (
      <ScreenSkeleton />
    );
  return (
    <div className="flex h-full flex-col">
      <LostBanner isLarge={screen?.isReadFromAfar === true} />
      <div className="grid min-h-0 flex-1 grid-cols-[84px_minmax(0,1fr)] grid-rows-[56px_minmax(0,1fr)]">
        <Rail screens={screens} current={screen?.id} />
        <TopBar />
        <main className="min-h-0 min-w-0 overflow-hidden">{body}</main>
      </div>
    </div>
  );
}

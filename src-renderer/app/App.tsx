import { useTranslation } from 'react-i18next';
import { refresh } from '../state/live.ts';
import { useLive } from '../state/store.ts';
import { ErrorState } from '../ui/ErrorState.tsx';
import { ToastRegion } from '../ui/ToastRegion.tsx';
import { LostBanner } from './LostBanner.tsx';
import { ScreenSkeleton } from './ScreenSkeleton.tsx';
import { Shell } from './Shell.tsx';
import { SignIn } from './SignIn.tsx';

function View() {
  const { t } = useTranslation('shell');
  const phase = useLive((live) => live.phase);
  const isSignedIn = useLive((live) => live.session !== null);
  if (phase === 'starting') return <ScreenSkeleton />;
  if (phase === 'failed') {
    return <ErrorState title={t('startFailed')} text={t('startFailedHelp')} onRetry={() => void refresh()} />;
  }
  if (isSignedIn) return <Shell />;
  return (
    <>
      <LostBanner />
      <SignIn />
    </>
  );
}

/** The whole window. */
export function App() {
  return (
    <>
      <View />
      <ToastRegion />
    </>
  );
}

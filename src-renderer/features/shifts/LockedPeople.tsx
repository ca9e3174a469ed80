import { useCallback, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { callTerminal } from '../../state/live.ts';
import { mayUse, useSession, useTerminal } from '../../state/selectors.ts';
import { useLive } from '../../state/store.ts';
import { showError, showToast } from '../../state/toasts.ts';
import { useNow } from '../../state/use-now.ts';
import { Button } from '../../ui/Button.tsx';
import { Card } from '../../ui/Card.tsx';
import { durationText } from '../../ui/duration-text.ts';

const ASK_EVERY_MS = 15_000;

/** Who typed too many wrong PINs on this terminal; a supervisor lets them in again. Nothing when nobody did. */
export function LockedPeople() {
  const { t } = useTranslation('shifts');
  const session = useSession();
  const { staff } = useTerminal();
  const now = useNow(1_000);
  const ask = useCallback(async () => useLive.setState({ info: await callTerminal('terminal:info', {}) }), []);
  useEffect(() => {
    ask().catch(() => undefined);
    const timer = setInterval(() => ask().catch(() => undefined), ASK_EVERY_MS);
    return () => clearInterval(timer);
  }, [ask]);
  const locked = staff.filter((face) => face.lockedUntilAt !== null && Date.parse(face.lockedUntilAt) > now);
  if (locked.length === 0 || !mayUse(session, 'L3')) return null;
  const lift = async (staffId: string, name: string) => {
    try {
      await callTerminal('staff:liftLock', { staffId });
      await ask();
      showToast({ tone: 'ok', text: t('lockLifted', { name }) });
    } catch (error) {
      showError(error);
    }
  };
  return (
    <Card className="flex flex-col gap-2">
      {locked.map((face) => (
        <div key={face.id} className="flex min-h-12 items-center gap-3">
          <span className="num min-w-0 flex-1">
            {t('lockedOut', { name: face.name, time: durationText(Date.parse(face.lockedUntilAt ?? '') - now) })}
          </span>
          <Button onPress={() => void lift(face.id, face.name)}>{t('liftLock')}</Button>
        </div>
      ))}
    </Card>
  );
}

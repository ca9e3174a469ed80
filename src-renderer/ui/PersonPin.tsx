import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SignInFace } from '#shared/contract/bridge.ts';
import { hasLevel } from '#shared/domain/level.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { callTerminal } from '../state/live.ts';
import { useLive } from '../state/store.ts';
import { errorText } from '../state/toasts.ts';
import { useNow } from '../state/use-now.ts';
import { durationText } from './duration-text.ts';
import { PinPad } from './PinPad.tsx';

export interface PersonPinProps {
  face: SignInFace;
  submitLabel: string;
  /** Rejects with AppError; `auth/wrong-pin` and `auth/locked` are shown here, as is everything else. */
  onPin: (pin: string) => Promise<void>;
}

/** The PIN of one person, with what went wrong and how long a lock-out lasts. */
export function PersonPin({ face, submitLabel, onPin }: PersonPinProps) {
  const { t } = useTranslation('shell');
  const now = useNow(1_000);
  const [error, setError] = useState('');
  const lockedUntilAt = useLive((live) => live.info?.staff.find((each) => each.id === face.id)?.lockedUntilAt ?? null);
  const lockedMs = lockedUntilAt === null ? 0 : Date.parse(lockedUntilAt) - now;
  const submit = useCallback(
    async (pin: string) => {
      setError('');
      try {
        await onPin(pin);
      } catch (failure) {
        const isWrong = failure instanceof AppError && failure.code === 'auth/wrong-pin';
        setError(isWrong ? t('signIn.wrong') : errorText(failure));
        const info = await callTerminal('terminal:info', {}).catch(() => undefined);
        if (info !== undefined) useLive.setState({ info });
      }
    },
    [onPin, t],
  );
  const message =
    lockedMs > 0
      ? { text: t('signIn.locked', { time: durationText(lockedMs) }), isError: true }
      : { text: error === '' ? t('signIn.hint') : error, isError: error !== '' };
  return (
    <PinPad
      digits={hasLevel(face.level, 'L4') ? 6 : 4}
      submitLabel={submitLabel}
      onPin={submit}
      isDisabled={lockedMs > 0}
      message={message}
    />
  );
}

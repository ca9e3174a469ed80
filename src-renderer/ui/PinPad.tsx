import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './Button.tsx';
import { cn } from './class-names.ts';
import { Keypad } from './Keypad.tsx';

const LONGEST = 8;

export interface PinPadProps {
  /** The least digits of this person's PIN (4, or 6 from level 4). */
  digits: number;
  submitLabel: string;
  /** The PIN is wiped when it resolves. */
  onPin: (pin: string) => Promise<void>;
  isDisabled?: boolean;
  /** What stands under the dots: a hint, an error. */
  message?: { text: string; isError: boolean };
}

/** A PIN typed unseen. Nothing is tried before the button or Enter: its length is a secret, and each wrong try counts. */
export function PinPad({ digits, submitLabel, onPin, isDisabled = false, message }: PinPadProps) {
  const { t } = useTranslation();
  const [pin, setPin] = useState('');
  const [isBusy, setBusy] = useState(false);
  const pad = useRef<HTMLDivElement>(null);
  // Otherwise Enter would press whatever was focused before, such as the cross of a sheet.
  useEffect(() => pad.current?.focus(), []);
  const type = useCallback((digit: string) => setPin((typed) => (typed + digit).slice(0, LONGEST)), []);
  const remove = useCallback(() => setPin((typed) => typed.slice(0, -1)), []);
  const canEnter = pin.length >= digits && !isBusy && !isDisabled;
  const enter = useCallback(() => {
    if (!canEnter) return;
    setBusy(true);
    void onPin(pin).finally(() => {
      setBusy(false);
      setPin('');
    });
  }, [canEnter, onPin, pin]);
  return (
    <div ref={pad} tabIndex={-1} className="flex flex-col gap-4 outline-none">
      <div role="status" aria-label={t('pin')} aria-live="off" className="flex h-6 items-center justify-center gap-3">
        {Array.from({ length: Math.max(digits, pin.length) }, (_, index) => (
          <span
            key={index}
            className={cn(
              'size-3.5 rounded-full border-2',
              index < pin.length ? 'border-accent bg-accent' : 'border-line-strong',
            )}
          />
        ))}
      </div>
      <p
        role={message?.isError ? 'alert' : undefined}
        className={cn('min-h-10 text-center text-sm', message?.isError ? 'font-semibold text-danger' : 'text-ink-3')}
      >
        {message?.text}
      </p>
      <Keypad onDigits={type} onDelete={remove} onEnter={enter} isDisabled={isDisabled || isBusy} />
      <Button variant="primary" size="l" isDisabled={!canEnter} onPress={enter}>
        {submitLabel}
      </Button>
    </div>
  );
}

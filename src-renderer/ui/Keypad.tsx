import { Delete } from 'lucide-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { cn } from './class-names.ts';

export interface KeypadProps {
  /** Called with a digit, or with `000`. */
  onDigits: (digits: string) => void;
  onDelete: () => void;
  /** Shows `000` (money) or leaves the place empty (PIN). */
  hasTripleZero?: boolean;
  /** The decimal sign of the locale, in the place of `000`; `onDigits` is called with a point. */
  decimal?: string;
  isDisabled?: boolean;
  /** Listens to the computer's number keys while it is shown. */
  isListening?: boolean;
  onEnter?: () => void;
  className?: string;
}

const DIGITS = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];

/** Ten digits for fingers, and the same keys of a keyboard. */
export function Keypad(props: KeypadProps) {
  const {
    onDigits,
    onDelete,
    hasTripleZero = false,
    decimal,
    isDisabled = false,
    isListening = true,
    onEnter,
    className,
  } = props;
  const { t } = useTranslation();
  useEffect(() => {
    if (!isListening || isDisabled) return undefined;
    const onKey = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) return;
      if (/^\d$/.test(event.key)) onDigits(event.key);
      else if (decimal !== undefined && (event.key === '.' || event.key === ',')) onDigits('.');
      else if (event.key === 'Backspace') onDelete();
      else if (event.key === 'Enter' && onEnter !== undefined && !(event.target instanceof HTMLButtonElement))
        onEnter();
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [isListening, isDisabled, decimal, onDigits, onDelete, onEnter]);
  const key =
    'h-[62px] rounded-m border border-line bg-surface text-[22px] font-semibold active:bg-accent-soft disabled:opacity-45';
  return (
    <div role="group" aria-label={t('keypad')} className={cn('num grid grid-cols-3 gap-2', className)}>
      {DIGITS.map((digit) => (
        <button key={digit} type="button" className={key} disabled={isDisabled} onClick={() => onDigits(digit)}>
          {digit}
        </button>
      ))}
      {decimal !== undefined ? (
        <button
          type="button"
          aria-label={t('decimalSign')}
          className={key}
          disabled={isDisabled}
          onClick={() => onDigits('.')}
        >
          {decimal}
        </button>
      ) : hasTripleZero ? (
        <button type="button" className={key} disabled={isDisabled} onClick={() => onDigits('000')}>
          000
        </button>
      ) : (
        <span />
      )}
      <button type="button" className={key} disabled={isDisabled} onClick={() => onDigits('0')}>
        0
      </button>
      <button
        type="button"
        aria-label={t('deleteDigit')}
        className={cn(key, 'grid place-items-center')}
        disabled={isDisabled}
        onClick={onDelete}
      >
        <Delete size={24} aria-hidden />
      </button>
    </div>
  );
}

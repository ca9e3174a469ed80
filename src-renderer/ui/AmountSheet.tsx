import { useCallback, useState } from 'react';
import { errorText } from '../state/toasts.ts';
import { useFormats } from '../state/use-formats.ts';
import { typedMinor, typeDigits } from './amount-entry.ts';
import { Button } from './Button.tsx';
import { Keypad } from './Keypad.tsx';
import { Sheet } from './Sheet.tsx';

export interface AmountSheetProps {
  title: string;
  text?: string;
  label: string;
  submitLabel: (minor: number) => string;
  /** What it rejects with is shown here; the sheet stays. */
  onAmount: (minor: number) => Promise<void>;
  onClose: () => void;
}

/** One amount typed on large keys. Nothing typed is zero. */
export function AmountSheet({ title, text, label, submitLabel, onAmount, onClose }: AmountSheetProps) {
  const { amount } = useFormats();
  const [typed, setTyped] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const type = useCallback((digits: string) => setTyped((before) => typeDigits(before, digits)), []);
  const remove = useCallback(() => setTyped((before) => before.slice(0, -1)), []);
  const minor = typedMinor(typed);
  const submit = useCallback(() => {
    setBusy(true);
    setError('');
    onAmount(minor).catch((failure: unknown) => {
      setError(errorText(failure));
      setBusy(false);
    });
  }, [minor, onAmount]);
  return (
    <Sheet title={title} onClose={onClose} className="max-w-[420px]">
      <div className="flex flex-col gap-3 p-6">
        {text !== undefined && <p className="text-ink-2">{text}</p>}
        <div className="num flex h-16 items-center justify-between gap-3 rounded-m border-2 border-line-strong px-4 text-2xl font-bold">
          <small className="text-[13px] font-semibold text-ink-3">{label}</small>
          <output aria-label={label}>{amount(minor)}</output>
        </div>
        {error !== '' && (
          <p role="alert" className="text-sm font-semibold text-danger">
            {error}
          </p>
        )}
        <Keypad hasTripleZero onDigits={type} onDelete={remove} onEnter={submit} isDisabled={isBusy} />
        <Button variant="primary" size="l" isDisabled={isBusy} onPress={submit}>
          {submitLabel(minor)}
        </Button>
      </div>
    </Sheet>
  );
}

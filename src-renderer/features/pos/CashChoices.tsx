import { useTranslation } from 'react-i18next';
import { useFormats } from '../../state/use-formats.ts';
import { Button } from '../../ui/Button.tsx';
import { cn } from '../../ui/class-names.ts';
import { nextNotes } from './next-notes.ts';

export interface CashChoicesProps {
  dueMinor: number;
  /** How many items the kitchen gets with a full payment. */
  unsent: number;
  isBusy: boolean;
  onTake: (tenderedMinor: number) => void;
}

/** One tap: the exact amount, or the next round notes with the change already told. */
export function CashChoices({ dueMinor, unsent, isBusy, onTake }: CashChoicesProps) {
  const { t } = useTranslation('pos');
  const { amount, currency } = useFormats();
  const sums = nextNotes(dueMinor, currency);
  return (
    <div className={cn('grid gap-2.5', sums.length === 3 ? 'grid-cols-3' : 'grid-cols-2')}>
      <Button
        variant="primary"
        className="num col-span-full min-h-[84px] text-[22px]"
        isDisabled={isBusy || dueMinor <= 0}
        note={unsent === 0 ? t('payment.closes') : t('payment.closesSends', { count: unsent })}
        onPress={() => onTake(dueMinor)}
      >
        {t('payment.exact', { amount: amount(dueMinor) })}
      </Button>
      {sums.map((sum) => (
        <Button
          key={sum}
          className="num min-h-[76px] text-[22px] font-bold"
          isDisabled={isBusy}
          note={t('payment.change', { amount: amount(sum - dueMinor) })}
          onPress={() => onTake(sum)}
        >
          {amount(sum)}
        </Button>
      ))}
    </div>
  );
}

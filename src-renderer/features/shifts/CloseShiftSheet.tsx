import { CircleAlert, CircleCheck } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { overShortMinor, type Shift } from '#shared/domain/shift.ts';
import { run } from '../../state/run.ts';
import { useRows, useSession } from '../../state/selectors.ts';
import { useFormats } from '../../state/use-formats.ts';
import { AmountSheet } from '../../ui/AmountSheet.tsx';
import { Button } from '../../ui/Button.tsx';
import { Sheet } from '../../ui/Sheet.tsx';

function Result({ shift, onClose }: { shift: Shift; onClose: () => void }) {
  const { t } = useTranslation('shifts');
  const { money, amount } = useFormats();
  const overShort = overShortMinor(shift) ?? 0;
  const text =
    overShort === 0
      ? t('exact')
      : overShort > 0
        ? t('over', { amount: money(overShort) })
        : t('short', { amount: money(-overShort) });
  return (
    <Sheet title={t('closed')} onClose={onClose} className="max-w-[420px]">
      <div role="status" className="num flex flex-col items-center gap-2 p-8 text-center">
        {overShort === 0 ? (
          <CircleCheck size={40} className="text-ok" aria-hidden />
        ) : (
          <CircleAlert size={40} className={overShort < 0 ? 'text-danger' : 'text-warn'} aria-hidden />
        )}
        <p data-testid="over-short" className="text-[34px] font-bold leading-tight tracking-tight">
          {text}
        </p>
        <p className="text-ink-2">
          {t('result', { counted: amount(shift.countedMinor ?? 0), expected: amount(shift.expectedMinor ?? 0) })}
        </p>
        <Button variant="primary" size="l" className="mt-4 w-full" onPress={onClose}>
          {t('done')}
        </Button>
      </div>
    </Sheet>
  );
}

/** A blind count: what should be in the drawer is shown only when it is closed. The terminal works it out. */
export function CloseShiftSheet({ shift, onClose }: { shift: Shift; onClose: () => void }) {
  const { t } = useTranslation('shifts');
  const { money } = useFormats();
  const { staffId } = useSession();
  const owner = useRows('staff').get(shift.staffId)?.name ?? '';
  const now = useRows('shift').get(shift.id);
  const [isDone, setDone] = useState(false);
  if (isDone && now?.status === 'closed') return <Result shift={now} onClose={onClose} />;
  const close = async (countedMinor: number) => {
    await run([{ name: 'shift.close', input: { shiftId: shift.id, countedMinor } }]);
    setDone(true);
  };
  const text = shift.staffId === staffId ? t('closeText') : `${t('closeOther', { name: owner })} ${t('closeText')}`;
  return (
    <AmountSheet
      title={t('closeTitle')}
      text={text}
      label={t('counted')}
      submitLabel={(minor) => t('closeWith', { amount: money(minor) })}
      onAmount={close}
      onClose={onClose}
    />
  );
}

import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Shift } from '#shared/domain/shift.ts';
import { run, type Approval } from '../../state/run.ts';
import { mayUse, useSession } from '../../state/selectors.ts';
import { showError, showToast } from '../../state/toasts.ts';
import { ApprovalSheet } from '../../ui/ApprovalSheet.tsx';
import { ReasonPicker } from '../../ui/ReasonPicker.tsx';
import { Sheet } from '../../ui/Sheet.tsx';

/** The drawer opens without a sale: a reason, and a supervisor. */
export function NoSaleSheet({ shift, onClose }: { shift: Shift; onClose: () => void }) {
  const { t } = useTranslation('shifts');
  const session = useSession();
  const [reason, setReason] = useState('');
  const open = async (text: string, approval?: Approval) => {
    await run([{ name: 'shift.noSale', input: { shiftId: shift.id, reason: text } }], approval);
    onClose();
    showToast({ tone: 'ok', text: t('noSaleDone') });
  };
  const submit = (text: string) => {
    if (mayUse(session, 'L3')) open(text).catch(showError);
    else setReason(text);
  };
  return (
    <Sheet title={t('noSaleTitle')} onClose={onClose}>
      <div className="flex flex-col gap-4 p-6">
        <p className="text-ink-2">{t('noSaleText')}</p>
        <ReasonPicker
          label={t('noSaleTitle')}
          reasons={[t('reasons.change'), t('reasons.check'), t('reasons.mistake')]}
          ownLabel={t('reasonOwn')}
          submitLabel={t('noSaleGo')}
          onReason={submit}
        />
      </div>
      {reason !== '' && (
        <ApprovalSheet level="L3" onClose={() => setReason('')} onApprove={(approval) => open(reason, approval)} />
      )}
    </Sheet>
  );
}

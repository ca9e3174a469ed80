import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { orderTotals, type Order } from '#shared/domain/order.ts';
import type { Approval } from '../../state/run.ts';
import { mayUse, useRows, useSession } from '../../state/selectors.ts';
import { showError, showToast } from '../../state/toasts.ts';
import { useFormats } from '../../state/use-formats.ts';
import { ApprovalSheet } from '../../ui/ApprovalSheet.tsx';
import { Button } from '../../ui/Button.tsx';
import { ReasonPicker } from '../../ui/ReasonPicker.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { orderLabel } from './order-label.ts';
import { voidOrder } from './till-actions.ts';
import { closeSheet, selectOrder } from './till-state.ts';

/** What an order is, and the one thing that ends it without money. */
export function DetailsSheet({ order }: { order: Order }) {
  const { t } = useTranslation('pos');
  const { time, amount } = useFormats();
  const session = useSession();
  const opener = useRows('staff').get(order.openedBy)?.name ?? '';
  const guests = useRows('session').get(order.sessionId ?? '')?.guests;
  const [isVoiding, setVoiding] = useState(false);
  const [reason, setReason] = useState('');
  const hasPayments = orderTotals(order).paidMinor > 0;
  const doVoid = async (text: string, approval?: Approval) => {
    await voidOrder(order.id, text, approval);
    selectOrder(undefined);
    showToast({ tone: 'ok', text: t('details.voided') });
  };
  const submit = (text: string) => {
    if (mayUse(session, 'L3')) doVoid(text).catch(showError);
    else setReason(text);
  };
  return (
    <Sheet title={orderLabel(order, t)} onClose={closeSheet}>
      <div className="flex flex-col gap-4 p-6">
        <dl className="flex flex-col gap-1 text-ink-2">
          <dd>{t(`type.${order.type}`)}</dd>
          {order.number !== '' && <dd className="num">{t('orderNo', { number: order.number })}</dd>}
          <dd className="num">{t('details.opened', { time: time(order.openedAt), name: opener })}</dd>
          {guests !== undefined && <dd className="num">{t('details.guests', { count: guests })}</dd>}
          {order.payments
            .filter((payment) => payment.reversal === undefined)
            .map((payment) => (
              <dd key={payment.id} className="num font-semibold text-ok">
                {t(`payment.${payment.method}`)} {amount(payment.amountMinor)} · {time(payment.at)}
              </dd>
            ))}
        </dl>
        {hasPayments ? (
          <p className="text-ink-3">{t('details.hasPayments')}</p>
        ) : isVoiding ? (
          <ReasonPicker
            label={t('reasonFor')}
            reasons={[t('reasons.mistake'), t('reasons.changed'), t('reasons.waited')]}
            ownLabel={t('reasonOwn')}
            submitLabel={t('details.void')}
            isDanger
            onReason={submit}
          />
        ) : (
          <Button variant="dangerQuiet" onPress={() => setVoiding(true)}>
            {t('details.void')}
          </Button>
        )}
      </div>
      {reason !== '' && (
        <ApprovalSheet level="L3" title={t('details.voidTitle')} onClose={() => setReason('')} onApprove={(approval) => doVoid(reason, approval)} />
      )}
    </Sheet>
  );
}

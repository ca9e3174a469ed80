import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { orderTotals, type Order } from '#shared/domain/order.ts';
import type { Payment } from '#shared/domain/payment.ts';
import type { Approval } from '../../state/run.ts';
import { useHands } from '../../state/hands.ts';
import { mayUse, useRows, useSession } from '../../state/selectors.ts';
import { showError, showToast } from '../../state/toasts.ts';
import { useFormats } from '../../state/use-formats.ts';
import { ApprovalSheet } from '../../ui/ApprovalSheet.tsx';
import { Button } from '../../ui/Button.tsx';
import { ReasonPicker } from '../../ui/ReasonPicker.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { orderLabel } from './order-label.ts';
import { reversePayment, voidOrder } from './till-actions.ts';
import { closeSheet, selectOrder } from './till-state.ts';

/** What needs a reason and a supervisor. */
type Act = { kind: 'void' } | { kind: 'reverse'; payment: Payment };

function Payments({ order, onReverse }: { order: Order; onReverse: (payment: Payment) => void }) {
  const { t } = useTranslation('pos');
  const { time, amount } = useFormats();
  const hands = useHands(order);
  const standing = order.payments.filter((payment) => payment.reversal === undefined);
  if (standing.length === 0) return null;
  return (
    <ul className="flex flex-col gap-1 border-y border-line py-2">
      {standing.map((payment) => (
        <li key={payment.id} className="flex items-center gap-3">
          <span className="num min-w-0 flex-1 font-semibold">
            {t(`payment.${payment.method}`)} {amount(payment.amountMinor)} · {time(payment.at)}
            {hands !== undefined && (
              <small className="block text-[13px] font-medium text-ink-3">{hands(payment.by, payment.takenOn)}</small>
            )}
          </span>
          <Button onPress={() => onReverse(payment)}>{t('details.reverse')}</Button>
        </li>
      ))}
    </ul>
  );
}

/** What an order is, and what only a supervisor may do with it: take back a payment, void it. */
export function DetailsSheet({ order }: { order: Order }) {
  const { t } = useTranslation('pos');
  const { time, amount } = useFormats();
  const session = useSession();
  const opener = useRows('staff').get(order.openedBy)?.name ?? '';
  const guests = useRows('session').get(order.sessionId ?? '')?.guests;
  const [act, setAct] = useState<Act | undefined>();
  const [reason, setReason] = useState('');
  const hasPayments = orderTotals(order).paidMinor > 0;
  const perform = async (text: string, approval?: Approval) => {
    if (act?.kind === 'reverse') {
      await reversePayment(order.id, act.payment.id, text, approval);
      showToast({ tone: 'ok', text: t('details.reversed', { amount: amount(act.payment.amountMinor) }) });
      setAct(undefined);
      setReason('');
    } else {
      await voidOrder(order.id, text, approval);
      selectOrder(undefined);
      showToast({ tone: 'ok', text: t('details.voided') });
    }
  };
  const submit = (text: string) => {
    if (mayUse(session, 'L3')) perform(text).catch(showError);
    else setReason(text);
  };
  const actText = t(act?.kind === 'reverse' ? 'details.reverse' : 'details.void');
  return (
    <Sheet title={orderLabel(order, t)} onClose={closeSheet}>
      <div className="flex flex-col gap-4 p-6">
        <ul className="flex flex-col gap-1 text-ink-2">
          <li>{t(`type.${order.type}`)}</li>
          {order.number !== '' && <li className="num">{t('orderNo', { number: order.number })}</li>}
          <li className="num">{t('details.opened', { time: time(order.openedAt), name: opener })}</li>
          {guests !== undefined && <li className="num">{t('details.guests', { count: guests })}</li>}
        </ul>
        <Payments order={order} onReverse={(payment) => setAct({ kind: 'reverse', payment })} />
        {act !== undefined ? (
          <ReasonPicker
            key={act.kind}
            label={t('reasonFor')}
            reasons={[t('reasons.mistake'), t('reasons.changed'), t('reasons.waited')]}
            ownLabel={t('reasonOwn')}
            submitLabel={actText}
            isDanger
            onReason={submit}
          />
        ) : hasPayments ? (
          <p className="text-ink-3">{t('details.hasPayments')}</p>
        ) : (
          <Button variant="dangerQuiet" onPress={() => setAct({ kind: 'void' })}>
            {t('details.void')}
          </Button>
        )}
      </div>
      {reason !== '' && (
        <ApprovalSheet
          level="L3"
          title={actText}
          onClose={() => setReason('')}
          onApprove={(approval) => perform(reason, approval)}
        />
      )}
    </Sheet>
  );
}

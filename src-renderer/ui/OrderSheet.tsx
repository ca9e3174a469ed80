import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Order, type OrderLine, orderTotals } from '#shared/domain/order.ts';
import type { Payment } from '#shared/domain/payment.ts';
import { shortName } from '../i18n/format.ts';
import { mayUse, useRows, useSession } from '../state/selectors.ts';
import { useFormats } from '../state/use-formats.ts';
import { goTo } from '../app/router.ts';
import { type HandText, useHands } from '../state/hands.ts';
import { Badge } from './Badge.tsx';
import { Button } from './Button.tsx';
import { FollowUpNote } from './FollowUpNote.tsx';
import { cn } from './class-names.ts';
import { Sheet } from './Sheet.tsx';
import { orderName } from './order-name.ts';

const ROW = 'flex items-baseline gap-3 border-t border-line py-2';
const TONE = { open: 'info', closed: 'ok', voided: 'danger' } as const;

function Line({ line, hand }: { line: OrderLine; hand: HandText | undefined }) {
  const { t } = useTranslation('orders');
  const { amount } = useFormats();
  return (
    <li className={ROW}>
      <span className="num w-8 shrink-0 font-bold">{line.quantity}</span>
      <span className="min-w-0 flex-1 break-words">
        <span className={cn('font-semibold', line.void !== undefined && 'text-danger line-through')}>{line.name}</span>
        {line.note !== '' && <small className="block text-[13px] text-ink-3">{line.note}</small>}
        {hand !== undefined && (
          <small className="block text-[13px] text-ink-3">{hand(line.addedBy, line.addedOn)}</small>
        )}
        {hand !== undefined && line.changed !== undefined && (
          <small className="block text-[13px] text-ink-3">
            {t('changedBy', { hand: hand(line.changed.by, line.changed.on) })}
          </small>
        )}
        {line.void !== undefined && (
          <small className="block text-[13px] font-semibold text-danger">
            {t('order.voided', { reason: line.void.reason })}
            {hand !== undefined && ` · ${t('voidedBy', { hand: hand(line.void.by, line.void.on) })}`}
          </small>
        )}
      </span>
      <span className={cn('num shrink-0', line.void !== undefined && 'text-ink-3 line-through')}>
        {amount(line.quantity * line.unitPriceMinor)}
      </span>
    </li>
  );
}

function PaymentRow({ payment, hand }: { payment: Payment; hand: HandText | undefined }) {
  const { t } = useTranslation('orders');
  const { amount, time } = useFormats();
  const notes = payment.refunds.map((refund) =>
    t('order.refunded', { amount: amount(refund.amountMinor), reason: refund.reason }),
  );
  if (payment.reversal !== undefined) notes.push(t('order.reversed', { reason: payment.reversal.reason }));
  return (
    <li className={ROW}>
      <span className="min-w-0 flex-1 break-words">
        <span className="font-semibold">{t(`methods.${payment.method}`)}</span>{' '}
        <span className="num text-[13px] text-ink-3">
          {[time(payment.at), payment.reference, hand?.(payment.by, payment.takenOn)]
            .filter((part) => part !== undefined)
            .join(' · ')}
        </span>
        {notes.map((note) => (
          <small key={note} className="block text-[13px] font-semibold text-warn">
            {note}
          </small>
        ))}
      </span>
      <span className={cn('num shrink-0', payment.reversal !== undefined && 'text-ink-3 line-through')}>
        {amount(payment.amountMinor)}
      </span>
    </li>
  );
}

/** One order as it stands: what is on it and what was paid. Nothing can be changed here. */
export function OrderSheet({ order: asked, onClose }: { order: Order; onClose: () => void }) {
  const orders = useRows('order');
  // From a follow-up order one goes to the first, and back, in the same sheet.
  const [shownId, setShownId] = useState<string>(asked.id);
  const order = orders.get(shownId) ?? asked;
  const session = useSession();
  const hand = useHands(order);
  const { t } = useTranslation('orders');
  const { money, amount, dayTime } = useFormats();
  const staff = useRows('staff');
  const { totalMinor, paidMinor, dueMinor } = orderTotals(order);
  const name = shortName(staff.get(order.openedBy)?.name ?? t('unknownPerson'));
  return (
    <Sheet
      title={order.number === '' ? t('unnumbered') : t('orderLine', { number: order.number })}
      onClose={onClose}
      className="max-w-[520px]"
    >
      <div className="flex flex-col gap-5 p-6">
        <div className="flex flex-wrap items-center gap-2 text-ink-2">
          <Badge tone={TONE[order.status]}>{t(`order.status.${order.status}`)}</Badge>
          <b className="font-semibold text-ink">{orderName(order, t)}</b>
          <span>{t('order.opened', { time: dayTime(order.openedAt), name })}</span>
          {order.closedAt !== undefined && order.status === 'closed' && (
            <span>{t('order.closed', { time: dayTime(order.closedAt) })}</span>
          )}
        </div>
        <FollowUpNote order={order} onOpen={setShownId} />
        {order.lines.length === 0 ? (
          <p className="text-ink-3">{t('order.noLines')}</p>
        ) : (
          <ul aria-label={t('order.lines')}>
            {order.lines.map((line) => (
              <Line key={line.id} line={line} hand={hand} />
            ))}
          </ul>
        )}
        <p className="flex items-baseline justify-between border-t-2 border-line-strong pt-3 text-xl font-bold">
          <span>{t('order.total')}</span>
          <span className="num">{money(totalMinor)}</span>
        </p>
        {order.payments.length === 0 ? (
          <p className="text-ink-3">{t('order.noPayments')}</p>
        ) : (
          <ul aria-label={t('order.payments')}>
            {order.payments.map((payment) => (
              <PaymentRow key={payment.id} payment={payment} hand={hand} />
            ))}
          </ul>
        )}
        <p className="flex items-baseline justify-between font-semibold">
          <span>{t('order.paid')}</span>
          <span className="num">{amount(paidMinor)}</span>
        </p>
        {dueMinor > 0 && order.status === 'open' && (
          <p className="flex items-baseline justify-between font-bold text-warn">
            <span>{t('order.due')}</span>
            <span className="num">{amount(dueMinor)}</span>
          </p>
        )}
        {dueMinor < 0 && (
          <p className="flex items-baseline justify-between font-bold text-danger">
            <span>{t('order.over')}</span>
            <span className="num">{amount(-dueMinor)}</span>
          </p>
        )}
        {order.status === 'open' && mayUse(session, 'L2') && (
          <Button
            onPress={() => {
              onClose();
              goTo('till', order.id);
            }}
          >
            {t('atTill')}
          </Button>
        )}
      </div>
    </Sheet>
  );
}

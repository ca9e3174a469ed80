import { ReceiptText } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { type Order, orderTotals } from '#shared/domain/order.ts';
import { shortName } from '../../i18n/format.ts';
import { useRows } from '../../state/selectors.ts';
import { useFormats } from '../../state/use-formats.ts';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { VirtualList } from '../../ui/VirtualList.tsx';
import { orderName } from '../../ui/order-name.ts';
import { useAgeText } from './use-age-text.ts';

function OpenOrder({ order, now, onOpen }: { order: Order; now: number; onOpen: (orderId: string) => void }) {
  const { amount } = useFormats();
  const age = useAgeText();
  const staff = useRows('staff').get(order.openedBy)?.name;
  const { t: tOrders } = useTranslation('orders');
  const label = orderName(order, tOrders);
  const facts = [
    order.number === '' ? tOrders('unnumbered') : order.number,
    staff === undefined ? undefined : shortName(staff),
    age(order.openedAt, now),
  ];
  return (
    <button
      type="button"
      onClick={() => onOpen(order.id)}
      className="flex min-h-14 w-full items-center gap-3 border-t border-line py-2 text-left active:bg-surface-2"
    >
      <span className="min-w-0 flex-1">
        <b className="block truncate font-semibold">{label}</b>
        <small className="num block truncate text-[13px] text-ink-3">
          {facts.filter((fact) => fact !== undefined).join(' · ')}
        </small>
      </span>
      <span className="num shrink-0 font-semibold">{amount(orderTotals(order).totalMinor)}</span>
    </button>
  );
}

/** Orders that are neither closed nor voided, the oldest first. A tap shows one. */
export function OpenOrdersList(props: { orders: readonly Order[]; now: number; onOpen: (orderId: string) => void }) {
  const { orders, now, onOpen } = props;
  const { t } = useTranslation('manager');
  if (orders.length === 0)
    return <EmptyState icon={<ReceiptText size={36} />} title={t('openOrdersEmpty')} text={t('openOrdersEmptyHelp')} />;
  return (
    <VirtualList
      label={t('openOrders')}
      items={orders}
      keyOf={(order) => order.id}
      rowHeight={57}
      renderRow={(order) => <OpenOrder order={order} now={now} onOpen={onOpen} />}
    />
  );
}

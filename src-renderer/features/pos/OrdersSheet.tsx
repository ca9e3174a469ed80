import { SearchX } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { orderTotals } from '#shared/domain/order.ts';
import { minutesSince } from '../../i18n/format.ts';
import { openOrders, useRows } from '../../state/selectors.ts';
import { useNow } from '../../state/use-now.ts';
import { useFormats } from '../../state/use-formats.ts';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { Field } from '../../ui/Field.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { VirtualList } from '../../ui/VirtualList.tsx';
import { searchText } from './menu-index.ts';
import { orderLabel } from './order-label.ts';
import { closeSheet, selectOrder } from './till-state.ts';

/** Every open order in a list with a search. */
export function OrdersSheet() {
  const { t } = useTranslation('pos');
  const { t: tCommon } = useTranslation();
  const { amount } = useFormats();
  const orders = useRows('order');
  const staff = useRows('staff');
  const [search, setSearch] = useState('');
  const rows = useMemo(
    () =>
      openOrders(orders).map((order) => {
        const label = orderLabel(order, t);
        const opener = staff.get(order.openedBy)?.name ?? '';
        return { order, label, opener, searchName: searchText(`${label} ${order.number} ${opener}`) };
      }),
    [orders, staff, t],
  );
  const wanted = searchText(search).trim();
  const found = rows.filter((row) => row.searchName.includes(wanted));
  const now = useNow(20_000);
  return (
    <Sheet title={t('allOrdersTitle')} onClose={closeSheet} className="max-w-[560px]">
      <div className="flex h-[70dvh] flex-col gap-3 p-4">
        <Field label={t('findOrder')} value={search} onChange={setSearch} />
        {found.length === 0 ? (
          <EmptyState icon={<SearchX size={36} />} title={t('noOrderFound')} />
        ) : (
          <VirtualList
            label={t('allOrdersTitle')}
            items={found}
            keyOf={(row) => row.order.id}
            rowHeight={64}
            renderRow={({ order, label, opener }) => (
              <button
                type="button"
                onClick={() => selectOrder(order.id)}
                className="flex min-h-16 w-full items-center gap-3 border-b border-line px-3 text-left active:bg-surface-2"
              >
                <span className="min-w-0 flex-1">
                  <b className="block truncate font-semibold">{label}</b>
                  <small className="num block truncate text-[13px] text-ink-3">
                    {[order.number, opener, tCommon('minutes', { count: minutesSince(order.openedAt, now) })]
                      .filter((part) => part !== '')
                      .join(' · ')}
                  </small>
                </span>
                <span className="num font-semibold">{amount(orderTotals(order).dueMinor)}</span>
              </button>
            )}
          />
        )}
      </div>
    </Sheet>
  );
}

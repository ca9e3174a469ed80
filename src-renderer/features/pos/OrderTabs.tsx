import { useVirtualizer } from '@tanstack/react-virtual';
import { Plus } from 'lucide-react';
import { useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Order } from '#shared/domain/order.ts';
import { minutesSince } from '../../i18n/format.ts';
import { openOrders, useRows } from '../../state/selectors.ts';
import { useNow } from '../../state/use-now.ts';
import { cn } from '../../ui/class-names.ts';
import { orderLabel } from './order-label.ts';
import { readyOrderIds } from './order-view.ts';
import { selectOrder, showSheet, useTill } from './till-state.ts';

/** With more than this, a list with a search is offered. */
const FEW = 4;

function Tab({ order, isCurrent, isReady, now }: { order: Order; isCurrent: boolean; isReady: boolean; now: number }) {
  const { t } = useTranslation('pos');
  const { t: tCommon } = useTranslation();
  return (
    <button
      type="button"
      aria-pressed={isCurrent}
      onClick={() => selectOrder(order.id)}
      className={cn(
        'flex h-12 items-center gap-2.5 whitespace-nowrap rounded-m border bg-surface px-3.5 text-sm active:bg-surface-2',
        isCurrent ? 'border-accent font-semibold shadow-[inset_0_0_0_1px_var(--accent)]' : 'border-line',
      )}
    >
      <span className="max-w-44 truncate">{orderLabel(order, t)}</span>
      <small className={cn('num text-xs', isReady ? 'font-semibold text-ok' : 'font-medium text-ink-3')}>
        {isReady ? t('ready') : tCommon('minutes', { count: minutesSince(order.openedAt, now) })}
      </small>
    </button>
  );
}

/** The open orders as tabs, the newest first, and a new one. */
export function OrderTabs() {
  const { t } = useTranslation('pos');
  const orders = useRows('order');
  const tickets = useRows('ticket');
  const currentId = useTill((till) => till.orderId);
  const isNew = useTill((till) => till.orderId === undefined && till.done === undefined);
  const now = useNow(20_000);
  const open = useMemo(() => openOrders(orders).reverse(), [orders]);
  const ready = useMemo(() => readyOrderIds(tickets), [tickets]);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    horizontal: true,
    count: open.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 150,
    getItemKey: (index) => open[index]?.id ?? index,
    gap: 8,
    overscan: 4,
  });
  const currentIndex = open.findIndex((order) => order.id === currentId);
  useEffect(() => {
    if (currentIndex >= 0) virtual.scrollToIndex(currentIndex, { align: 'auto' });
  }, [currentIndex, virtual]);
  return (
    <div className="flex min-w-0 flex-1 items-center gap-2 max-[900px]:basis-full">
      <div
        ref={scroller}
        role="group"
        aria-label={t('openOrders')}
        className={cn('no-bar -m-1 min-w-0 flex-[0_1_auto] overflow-x-auto p-1', open.length === 0 && 'hidden')}
      >
        <div className="relative h-12" style={{ width: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ key, index, start }) => {
            const order = open[index];
            if (order === undefined) return null;
            return (
              <div
                key={key}
                data-index={index}
                ref={virtual.measureElement}
                className="absolute inset-y-0 left-0"
                style={{ transform: `translateX(${start}px)` }}
              >
                <Tab order={order} isCurrent={order.id === currentId} isReady={ready.has(order.id)} now={now} />
              </div>
            );
          })}
        </div>
      </div>
      {open.length > FEW && (
        <button
          type="button"
          onClick={() => showSheet({ kind: 'orders' })}
          className="num h-12 shrink-0 rounded-m border border-line bg-surface px-3.5 text-sm font-semibold text-ink-2 active:bg-surface-2"
        >
          {t('allOrders', { count: open.length })}
        </button>
      )}
      <button
        type="button"
        aria-pressed={isNew}
        onClick={() => selectOrder(undefined)}
        className={cn(
          'flex h-12 shrink-0 items-center gap-1 rounded-m border border-dashed px-3.5 text-sm font-semibold text-accent active:bg-accent-soft',
          isNew ? 'border-accent bg-accent-soft' : 'border-line-strong bg-surface',
        )}
      >
        <Plus size={16} aria-hidden />
        {t('new')}
      </button>
    </div>
  );
}

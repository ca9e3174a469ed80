import { Armchair } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Order, OrderType } from '#shared/domain/order.ts';
import { openOrders, seatedByTable, standingTables, useRows } from '../../state/selectors.ts';
import { showError } from '../../state/toasts.ts';
import { Button } from '../../ui/Button.tsx';
import { cn } from '../../ui/class-names.ts';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { NumberField } from '../../ui/NumberField.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { tableLabel } from './order-label.ts';
import { seatAt } from './till-actions.ts';
import { closeSheet, selectOrder, useTill } from './till-state.ts';

const TYPES: readonly OrderType[] = ['dine-in', 'takeaway', 'delivery'];

function TypeChoice({ type, onType }: { type: OrderType; onType: (type: OrderType) => void }) {
  const { t } = useTranslation('pos');
  return (
    <div role="group" aria-label={t('seat.title')} className="grid grid-cols-3 gap-2.5">
      {TYPES.map((each) => (
        <button
          key={each}
          type="button"
          aria-pressed={each === type}
          onClick={() => onType(each)}
          className={cn(
            'h-16 rounded-m text-base font-semibold',
            each === type
              ? 'border-2 border-accent bg-accent-soft text-accent'
              : 'border border-line-strong active:bg-surface-2',
          )}
        >
          {t(`type.${each}`)}
        </button>
      ))}
    </div>
  );
}

/** What the next order is: takeaway, delivery, or dine-in at a table with its guests. */
export function SeatSheet() {
  const { t } = useTranslation('pos');
  const nextType = useTill((till) => till.nextType);
  const [type, setType] = useState<OrderType>(nextType);
  const [tableId, setTableId] = useState('');
  const [guests, setGuests] = useState(2);
  const [isBusy, setBusy] = useState(false);
  const tableRows = useRows('table');
  const sessions = useRows('session');
  const orders = useRows('order');
  const tables = useMemo(() => standingTables(tableRows), [tableRows]);
  const seated = useMemo(() => seatedByTable(sessions), [sessions]);
  const orderOf = useMemo(() => {
    const byTable = new Map<string, Order>();
    for (const order of openOrders(orders)) if (order.tableId !== undefined) byTable.set(order.tableId, order);
    return byTable;
  }, [orders]);
  const table = tables.find((each) => each.id === tableId);
  const open = table === undefined ? undefined : orderOf.get(table.id);
  const sitting = table === undefined ? undefined : seated.get(table.id);
  const choose = (chosen: OrderType) => {
    setType(chosen);
    if (chosen === 'dine-in') return;
    useTill.setState({ nextType: chosen });
    closeSheet();
  };
  const go = async () => {
    if (table === undefined) {
      useTill.setState({ nextType: 'dine-in' });
      return closeSheet();
    }
    if (open !== undefined) return selectOrder(open.id);
    setBusy(true);
    await seatAt(table, guests, sitting?.id).catch(showError);
    setBusy(false);
  };
  const label = table === undefined ? '' : tableLabel(table.name, t);
  const goText =
    table === undefined
      ? t('seat.noTable')
      : open !== undefined
        ? t('seat.goTo', { table: label })
        : t(sitting === undefined ? 'seat.seat' : 'seat.clearAndSeat', { table: label });
  return (
    <Sheet title={t('seat.title')} onClose={closeSheet} className="max-w-[720px]">
      <div className="flex flex-col gap-5 p-6">
        <TypeChoice type={type} onType={choose} />
        {type === 'dine-in' && (
          <>
            {tables.length === 0 ? (
              <EmptyState icon={<Armchair size={36} />} title={t('seat.noTables')} text={t('seat.noTablesHelp')} />
            ) : (
              <div
                role="group"
                aria-label={t('seat.tables')}
                className="grid max-h-[38dvh] grid-cols-[repeat(auto-fill,minmax(120px,1fr))] gap-2.5 overflow-y-auto"
              >
                {tables.map((each) => {
                  const state = orderOf.has(each.id) ? 'seated' : seated.has(each.id) ? 'toClear' : 'free';
                  return (
                    <button
                      key={each.id}
                      type="button"
                      aria-pressed={each.id === tableId}
                      onClick={() => setTableId(each.id)}
                      className={cn(
                        'flex h-[72px] flex-col justify-center rounded-m border px-3 text-left',
                        each.id === tableId
                          ? 'border-accent bg-accent-soft shadow-[inset_0_0_0_1px_var(--accent)]'
                          : 'border-line-strong active:bg-surface-2',
                      )}
                    >
                      <b className="truncate font-semibold">{tableLabel(each.name, t)}</b>
                      <small
                        className={cn(
                          'num truncate text-[13px]',
                          state === 'free' ? 'text-ink-3' : state === 'seated' ? 'text-info' : 'text-warn',
                        )}
                      >
                        {state === 'free' ? t('seat.seats', { count: each.seats }) : t(`seat.${state}`)}
                      </small>
                    </button>
                  );
                })}
              </div>
            )}
            <div className="flex items-end gap-4">
              <NumberField
                label={t('seat.guests')}
                value={guests}
                onChange={(count) => setGuests(Number.isNaN(count) ? 1 : count)}
                minValue={1}
                maxValue={500}
                isDisabled={open !== undefined}
              />
              <Button variant="primary" size="l" className="flex-1" isDisabled={isBusy} onPress={() => void go()}>
                {goText}
              </Button>
            </div>
          </>
        )}
      </div>
    </Sheet>
  );
}

import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { orderTotals, type Order } from '#shared/domain/order.ts';
import { useTerminal } from '../../state/selectors.ts';
import { run } from '../../state/run.ts';
import { showError, showToast } from '../../state/toasts.ts';
import { useFormats } from '../../state/use-formats.ts';
import { Button } from '../../ui/Button.tsx';
import { cn } from '../../ui/class-names.ts';
import { MoneyText } from '../../ui/MoneyText.tsx';
import { stationNames } from './station-names.ts';
import { taxesOf, unsentLines } from './order-view.ts';
import { closingCalls, sendOrder } from './till-actions.ts';
import { selectOrder, showSheet } from './till-state.ts';

function percentText(ratePpm: number): string {
  return `${String(ratePpm / 10_000)} %`;
}

function Sum({ label, minor, className }: { label: string; minor: number; className?: string }) {
  return (
    <div className={cn('flex justify-between gap-3 py-0.5 text-sm text-ink-2', className)}>
      <span className="truncate">{label}</span>
      <MoneyText minor={minor} isPlain />
    </div>
  );
}

/** What it comes to, and the two buttons that never move. */
export function OrderFooter({ order }: { order: Order | undefined }) {
  const { t } = useTranslation('pos');
  const { amount } = useFormats();
  const { branch } = useTerminal();
  const [isBusy, setBusy] = useState(false);
  const totals = useMemo(() => (order === undefined ? undefined : orderTotals(order)), [order]);
  const taxes = useMemo(() => (order === undefined ? [] : taxesOf(order)), [order]);
  const unsent = order === undefined ? [] : unsentLines(order);
  const unsentCount = unsent.reduce((sum, line) => sum + line.quantity, 0);
  const stations = stationNames(unsent, branch.stations);
  const isPaid = totals !== undefined && order !== undefined && order.lines.length > 0 && totals.dueMinor <= 0;
  const busy = async (work: () => Promise<void>) => {
    setBusy(true);
    await work().catch(showError);
    setBusy(false);
  };
  const send = () =>
    busy(async () => {
      if (order === undefined) return;
      await sendOrder(order);
      showToast({ tone: 'ok', text: t('sent', { count: unsentCount, stations }) });
    });
  const close = () =>
    busy(async () => {
      if (order === undefined) return;
      await run(closingCalls(order));
      selectOrder(undefined);
    });
  return (
    <footer className="border-t border-line px-[18px] pb-4 pt-3">
      <Sum label={t('subtotal')} minor={totals?.subtotalMinor ?? 0} />
      {taxes.length > 1 ? (
        <Sum label={t('tax')} minor={totals?.taxMinor ?? 0} />
      ) : (
        taxes.map(({ rule, taxMinor }) => (
          <Sum
            key={rule.code}
            label={t(rule.mode === 'inclusive' ? 'taxIncluded' : 'taxOnTop', {
              code: rule.code.toUpperCase(),
              rate: percentText(rule.ratePpm),
            })}
            minor={taxMinor}
          />
        ))
      )}
      {totals !== undefined && totals.paidMinor !== 0 && (
        <Sum label={t('paid')} minor={-totals.paidMinor} className="font-semibold text-ok" />
      )}
      <div className="flex items-baseline justify-between gap-3 pb-3 pt-1.5 text-[26px] font-[750] tracking-[-0.02em]">
        <span>{t('total')}</span>
        <MoneyText minor={totals?.totalMinor ?? 0} />
      </div>
      <div className="grid grid-cols-[minmax(0,1fr)_minmax(0,1.25fr)] gap-2.5">
        <Button
          variant="outline"
          size="l"
          className="px-1"
          isDisabled={unsent.length === 0 || isBusy}
          note={unsent.length === 0 ? t('sendNothing') : t('sendNote', { count: unsentCount, stations })}
          onPress={() => void send()}
        >
          {t('send')}
        </Button>
        {isPaid ? (
          <Button variant="primary" size="l" isDisabled={isBusy} note={t('closePaidNote')} onPress={() => void close()}>
            {t('closePaid')}
          </Button>
        ) : (
          <Button
            variant="primary"
            size="l"
            isDisabled={totals === undefined || totals.dueMinor <= 0}
            note={
              totals === undefined || totals.dueMinor <= 0
                ? t('payNothing')
                : t('payNote', { amount: amount(totals.dueMinor) })
            }
            onPress={() => showSheet({ kind: 'pay' })}
          >
            {t('pay')}
          </Button>
        )}
      </div>
    </footer>
  );
}

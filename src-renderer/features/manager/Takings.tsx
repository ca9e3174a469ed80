import { useTranslation } from 'react-i18next';
import { useFormats } from '../../state/use-formats.ts';
import { cn } from '../../ui/class-names.ts';
import type { ItemSales, Share } from './day-figures.ts';

const COLOUR = { cash: 'bg-[var(--cat-3)]', momo: 'bg-[var(--cat-2)]', card: 'bg-[var(--cat-5)]' } as const;

/** How guests paid today, as one bar and three rows. */
export function PaymentMix({ shares }: { shares: readonly Share[] }) {
  const { t } = useTranslation('manager');
  const { t: tOrders } = useTranslation('orders');
  const { amount } = useFormats();
  if (shares.every(({ amountMinor }) => amountMinor === 0)) return <p className="py-3 text-ink-3">{t('mixEmpty')}</p>;
  return (
    <>
      <div aria-hidden className="flex h-3 gap-0.5 overflow-hidden rounded-full bg-line">
        {shares.map(({ method, percent }) =>
          percent === undefined || percent === 0 ? null : (
            <span key={method} className={COLOUR[method]} style={{ width: `${percent}%` }} />
          ),
        )}
      </div>
      <ul aria-label={t('mix')} className="mt-1.5">
        {shares.map(({ method, amountMinor, percent }) => (
          <li key={method} className="num flex items-center gap-2.5 py-1.5">
            <i aria-hidden className={cn('size-2.5 rounded-[3px]', COLOUR[method])} />
            <span className="font-semibold">{tOrders(`methods.${method}`)}</span>
            <span className="ml-auto font-semibold">{amount(amountMinor)}</span>
            <span className="w-12 text-right text-[13px] text-ink-3">
              {percent === undefined ? t('noData') : t('percent', { percent })}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

/** What sold most today. */
export function TopItems({ items }: { items: readonly ItemSales[] }) {
  const { t } = useTranslation('manager');
  const { amount } = useFormats();
  if (items.length === 0) return <p className="py-3 text-ink-3">{t('topEmpty')}</p>;
  return (
    <ol aria-label={t('top')}>
      {items.map(({ itemId, name, quantity, amountMinor }) => (
        <li key={itemId} className="num flex items-baseline gap-3 border-t border-line py-2">
          <span className="min-w-0 flex-1 truncate font-semibold">{name}</span>
          <span className="shrink-0 text-[13px] text-ink-3">{amount(amountMinor)}</span>
          <b className="w-9 shrink-0 text-right font-bold">{quantity}</b>
        </li>
      ))}
    </ol>
  );
}

import { ShieldCheck } from 'lucide-react';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import { countsAsAnomaly, type Anomaly } from '#shared/domain/anomaly.ts';
import { shortName } from '../../i18n/format.ts';
import { useRows } from '../../state/selectors.ts';
import { useFormats } from '../../state/use-formats.ts';
import { cn } from '../../ui/class-names.ts';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { VirtualList } from '../../ui/VirtualList.tsx';
import { flagDetail, flagTitle } from '../../ui/flag-text.ts';

/** Shorter facts, such as a number, are not broken over two lines. */
const UNBROKEN = 32;

function Flagged({ anomaly, onOpen }: { anomaly: Anomaly; onOpen: (orderId: string) => void }) {
  const { t } = useTranslation('orders');
  const { time, money } = useFormats();
  const staff = useRows('staff');
  const orders = useRows('order');
  const { actorId, approvedBy, amountMinor, orderId } = anomaly;
  const nameOf = (id: string) => shortName(staff.get(id)?.name ?? t('unknownPerson'));
  const order = orderId === undefined ? undefined : orders.get(orderId);
  const facts = [
    nameOf(actorId),
    approvedBy === undefined ? undefined : t('approvedBy', { name: nameOf(approvedBy) }),
    time(anomaly.at),
    amountMinor === undefined ? undefined : money(amountMinor),
    order === undefined || order.number === '' ? undefined : t('onOrder', { number: order.number }),
    flagDetail(anomaly),
    anomaly.resolved === undefined ? undefined : t('seenTo', { name: nameOf(anomaly.resolved.by) }),
  ];
  const inside = (
    <>
      <i
        aria-hidden
        className={cn(
          'mt-[5px] size-2.5 shrink-0',
          anomaly.resolved !== undefined
            ? 'rounded-full bg-ok'
            : countsAsAnomaly(anomaly.code)
              ? 'rounded-full bg-danger'
              : 'rotate-45 bg-warn',
        )}
      />
      <span className="min-w-0 flex-1 break-words">
        <b className="block font-semibold">{flagTitle(anomaly, t)}</b>
        <small className="num block text-[13px] text-ink-3">
          {facts
            .filter((fact) => fact !== undefined)
            .map((fact, index) => (
              <Fragment key={fact}>
                {index > 0 && ' · '}
                <span className={fact.length < UNBROKEN ? 'whitespace-nowrap' : undefined}>{fact}</span>
              </Fragment>
            ))}
        </small>
      </span>
    </>
  );
  const look = 'flex w-full gap-3 border-t border-line py-2.5 text-left';
  if (order === undefined) return <div className={look}>{inside}</div>;
  return (
    <button type="button" onClick={() => onOpen(order.id)} className={cn(look, 'active:bg-surface-2')}>
      {inside}
    </button>
  );
}

/** What was flagged today, the latest first. A tap shows its order. */
export function LookList({ flags, onOpen }: { flags: readonly Anomaly[]; onOpen: (orderId: string) => void }) {
  const { t } = useTranslation('manager');
  if (flags.length === 0)
    return <EmptyState icon={<ShieldCheck size={36} />} title={t('lookEmpty')} text={t('lookEmptyHelp')} />;
  return (
    <VirtualList
      label={t('look')}
      items={flags}
      keyOf={(anomaly) => anomaly.id}
      rowHeight={62}
      renderRow={(anomaly) => <Flagged anomaly={anomaly} onOpen={onOpen} />}
    />
  );
}

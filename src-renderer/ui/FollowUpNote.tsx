import { Split } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Order } from '#shared/domain/order.ts';
import { followUpsOf } from '../state/hands.ts';
import { useRows } from '../state/selectors.ts';
import { useFormats } from '../state/use-formats.ts';
import { Banner } from './Banner.tsx';
import { Button } from './Button.tsx';

/**
 * Says on an order that something of it came in after its closing, and leads from the one to the other. Nothing when
 * nothing did.
 */
export function FollowUpNote({ order, onOpen }: { order: Order; onOpen: (orderId: string) => void }) {
  const { t } = useTranslation('orders');
  const { time } = useFormats();
  const orders = useRows('order');
  const first = order.followUpOf === undefined ? undefined : orders.get(order.followUpOf);
  const later = followUpsOf(order.id, orders);
  const numberOf = (each: Order | undefined) =>
    each === undefined || each.number === '' ? t('unnumbered') : each.number;
  if (order.followUpOf === undefined && later.length === 0) return null;
  const link = (target: Order | undefined, label: string) =>
    target !== undefined && (
      <Button key={target.id} size="s" variant="link" className="shrink-0" onPress={() => onOpen(target.id)}>
        {label}
      </Button>
    );
  const icon = <Split size={20} className="shrink-0" aria-hidden />;
  return (
    <>
      {order.followUpOf !== undefined && (
        <Banner tone="warn" icon={icon} className="text-sm" action={link(first, t('followUp.showFirst'))}>
          {first?.closedAt === undefined
            ? t('followUp.of')
            : t('followUp.ofAt', { number: numberOf(first), time: time(first.closedAt) })}
        </Banner>
      )}
      {later.map((each) => (
        <Banner key={each.id} tone="warn" icon={icon} className="text-sm" action={link(each, t('followUp.showLater'))}>
          {t('followUp.has', { number: numberOf(each) })}
        </Banner>
      ))}
    </>
  );
}

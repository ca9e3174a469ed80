import { ChevronDown, ReceiptText } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Order } from '#shared/domain/order.ts';
import { shortName } from '../../i18n/format.ts';
import { useRows } from '../../state/selectors.ts';
import { useFormats } from '../../state/use-formats.ts';
import { Button } from '../../ui/Button.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { FollowUpNote } from '../../ui/FollowUpNote.tsx';
import { OrderSheet } from '../../ui/OrderSheet.tsx';
import { DonePanel } from './DonePanel.tsx';
import { OrderFooter } from './OrderFooter.tsx';
import { orderLabel } from './order-label.ts';
import { OrderLines } from './OrderLines.tsx';
import { showSheet, useTill } from './till-state.ts';

function PanelHead({ order }: { order: Order | undefined }) {
  const { t } = useTranslation('pos');
  const { time } = useFormats();
  const nextType = useTill((till) => till.nextType);
  const staff = useRows('staff');
  const opener = order === undefined ? undefined : staff.get(order.openedBy)?.name;
  const details =
    order === undefined ? [] : [order.number, opener === undefined ? '' : shortName(opener), time(order.openedAt)];
  return (
    <header className="flex items-center gap-2.5 border-b border-line py-3 pl-[18px] pr-[18px]">
      <div className="min-w-0 flex-1">
        <h2 className="truncate text-lg font-bold tracking-tight">
          {order === undefined ? t('newOrder') : orderLabel(order, t)}
        </h2>
        {order !== undefined && (
          <small className="num block truncate text-[13px] text-ink-3">
            {details.filter((part) => part !== '').join(' · ')}
          </small>
        )}
      </div>
      <Button className="shrink-0 px-3.5" onPress={() => showSheet({ kind: order === undefined ? 'seat' : 'details' })}>
        {t(`type.${order?.type ?? nextType}`)}
        <ChevronDown size={16} aria-hidden />
      </Button>
    </header>
  );
}

/** The order on the right: what is on it, what it costs, Send and Pay. */
export function OrderPanel({ order }: { order: Order | undefined }) {
  const { t } = useTranslation('pos');
  const done = useTill((till) => till.done);
  const [shownId, setShownId] = useState<string>();
  const shown = useRows('order').get(shownId ?? '');
  return (
    <aside aria-label={t('order')} role="region" className="flex min-h-0 flex-col border-l border-line bg-surface">
      {done !== undefined && order === undefined ? (
        <DonePanel done={done} />
      ) : (
        <>
          <PanelHead order={order} />
          {order !== undefined && <FollowUpNote order={order} onOpen={setShownId} />}
          {order !== undefined && order.lines.length > 0 ? (
            <OrderLines order={order} />
          ) : (
            <div className="min-h-0 flex-1">
              <EmptyState
                icon={<ReceiptText size={36} />}
                title={t('emptyOrder')}
                text={t(order === undefined ? 'emptyOrderHelp' : 'emptyOpenHelp')}
              />
            </div>
          )}
        </>
      )}
      <OrderFooter order={order} />
      {shown !== undefined && <OrderSheet order={shown} onClose={() => setShownId(undefined)} />}
    </aside>
  );
}

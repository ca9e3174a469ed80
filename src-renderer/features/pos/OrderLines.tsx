import { memo, useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Order, OrderLine } from '#shared/domain/order.ts';
import { minutesSince } from '../../i18n/format.ts';
import { useHands } from '../../state/hands.ts';
import { useRows } from '../../state/selectors.ts';
import { useFormats } from '../../state/use-formats.ts';
import { useNow } from '../../state/use-now.ts';
import { cn } from '../../ui/class-names.ts';
import { sendings, unsentLines, type Sending } from './order-view.ts';
import { showSheet, useTill } from './till-state.ts';

interface LineProps {
  line: OrderLine;
  isChosen: boolean;
  /** Who rang it up and where, on an order of many hands. */
  hand: string | undefined;
}

const Line = memo(function Line({ line, isChosen, hand }: LineProps) {
  const { t } = useTranslation('pos');
  const { amount } = useFormats();
  const isVoid = line.void !== undefined;
  const isSent = line.sentAt !== undefined;
  return (
    <li>
      <button
        type="button"
        disabled={isVoid}
        onClick={() => showSheet({ kind: 'line', lineId: line.id })}
        className={cn(
          'grid min-h-12 w-full grid-cols-[36px_minmax(0,1fr)_auto] items-start gap-2 px-[18px] py-2 text-left',
          isChosen ? 'bg-accent-soft' : 'active:bg-surface-2',
          isVoid && 'text-ink-3 line-through',
        )}
      >
        <span className="num font-bold">{line.quantity}</span>
        <span className="min-w-0">
          <b className={cn('block font-semibold [overflow-wrap:anywhere]', isSent && !isVoid && 'text-ink-2')}>
            {line.name}
          </b>
          {line.note !== '' && (
            <small className="mt-px block text-[13px] text-ink-2 [overflow-wrap:anywhere]">{line.note}</small>
          )}
          {hand !== undefined && <small className="mt-px block truncate text-[13px] text-ink-3">{hand}</small>}
          {line.void !== undefined && (
            <small className="inline-block text-[13px] text-danger">{t('voided', { reason: line.void.reason })}</small>
          )}
        </span>
        <span className="num">{amount(line.quantity * line.unitPriceMinor)}</span>
      </button>
    </li>
  );
});

function GroupHead({ title, state, tone }: { title: string; state?: string; tone?: 'ok' | 'info' }) {
  return (
    <div className="num flex items-center gap-2.5 px-[18px] pb-1 pt-2 text-xs font-semibold text-ink-3">
      <span className="uppercase tracking-[0.04em]">{title}</span>
      {state !== undefined && <em className={cn('not-italic', tone === 'ok' ? 'text-ok' : 'text-info')}>{state}</em>}
      <span aria-hidden className="h-px flex-1 bg-line" />
    </div>
  );
}

function SendingHead({ sending, now }: { sending: Sending; now: number }) {
  const { t } = useTranslation('pos');
  const { time } = useFormats();
  const title = t('sentAt', { time: time(sending.sentAt) });
  if (sending.state === 'served') {
    const state = sending.servedAt === undefined ? t('servedSome') : t('served', { time: time(sending.servedAt) });
    return <GroupHead title={title} state={state} tone="ok" />;
  }
  if (sending.state === 'ready') return <GroupHead title={title} state={t('isReady')} tone="ok" />;
  return <GroupHead title={title} state={t('inKitchen', { minutes: minutesSince(sending.sentAt, now) })} tone="info" />;
}

/** The lines: what was sent, one group for each sending with where it is, then what was not. */
export function OrderLines({ order }: { order: Order }) {
  const { t } = useTranslation('pos');
  const { t: tOrders } = useTranslation('orders');
  const tickets = useRows('ticket');
  const chosenId = useTill((till) => (till.sheet.kind === 'line' ? till.sheet.lineId : undefined));
  const now = useNow(20_000);
  const sent = useMemo(() => sendings(order, tickets), [order, tickets]);
  const unsent = useMemo(() => unsentLines(order), [order]);
  const hands = useHands(order);
  const handOf = ({ addedBy, addedOn, changed }: OrderLine) =>
    hands === undefined
      ? undefined
      : [
          hands(addedBy, addedOn),
          ...(changed === undefined ? [] : [tOrders('changedBy', { hand: hands(changed.by, changed.on) })]),
        ].join(', ');
  const scroller = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = scroller.current;
    element?.scrollTo({ top: element.scrollHeight });
  }, [order.id, order.lines.length]);
  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto py-1.5">
      {sent.map((sending) => (
        <section key={sending.sentAt}>
          <SendingHead sending={sending} now={now} />
          <ul>
            {sending.lines.map((line) => (
              <Line key={line.id} line={line} isChosen={line.id === chosenId} hand={handOf(line)} />
            ))}
          </ul>
        </section>
      ))}
      {unsent.length > 0 && (
        <section>
          {sent.length > 0 && <GroupHead title={t('notSent')} />}
          <ul>
            {unsent.map((line) => (
              <Line key={line.id} line={line} isChosen={line.id === chosenId} hand={handOf(line)} />
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

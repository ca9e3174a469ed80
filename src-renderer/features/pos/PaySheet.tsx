import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ulid } from 'ulid';
import { orderTotals, type Order } from '#shared/domain/order.ts';
import type { PaymentMethod } from '#shared/domain/payment.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { run } from '../../state/run.ts';
import { drawerShift, useSession, useTerminal } from '../../state/selectors.ts';
import { useLive } from '../../state/store.ts';
import { errorText, showToast } from '../../state/toasts.ts';
import { useFormats } from '../../state/use-formats.ts';
import { typedMinor, typeDigits } from '../../ui/amount-entry.ts';
import { AmountSheet } from '../../ui/AmountSheet.tsx';
import { Button } from '../../ui/Button.tsx';
import { cn } from '../../ui/class-names.ts';
import { Field } from '../../ui/Field.tsx';
import { Keypad } from '../../ui/Keypad.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { CashChoices } from './CashChoices.tsx';
import { orderLabel } from './order-label.ts';
import { unsentLines } from './order-view.ts';
import { paymentCalls, type Taking } from './till-actions.ts';
import { closeSheet, useTill } from './till-state.ts';

const METHODS: readonly PaymentMethod[] = ['cash', 'momo', 'card'];

/** The order as it is now, not as it was drawn. */
function freshOrder(orderId: string): Order {
  const order = useLive.getState().rows.order.get(orderId);
  if (order?.status !== 'open') throw new AppError('order/closed');
  return order;
}

/** Takes a payment and, when it pays all, puts the change on the screen. Resolves to what is left to pay. */
async function takePayment(order: Order, taking: Taking, paymentId: string, label: string): Promise<number> {
  await run(() => {
    const fresh = freshOrder(order.id);
    return paymentCalls(fresh, orderTotals(fresh).dueMinor, taking, paymentId);
  });
  const after = useLive.getState().rows.order.get(order.id) ?? order;
  const totals = orderTotals(after);
  if (after.status === 'open') return totals.dueMinor;
  useTill.setState({
    orderId: undefined,
    sheet: { kind: 'none' },
    search: '',
    done: {
      orderId: after.id,
      label,
      number: after.number,
      totalMinor: totals.totalMinor,
      givenMinor: taking.tenderedMinor ?? taking.amountMinor,
      changeMinor: (taking.tenderedMinor ?? taking.amountMinor) - taking.amountMinor,
      method: taking.method,
      sessionId: after.sessionId,
      tableName: after.tableName,
    },
  });
  return 0;
}

function Methods({ method, onMethod }: { method: PaymentMethod; onMethod: (method: PaymentMethod) => void }) {
  const { t } = useTranslation('pos');
  return (
    <div role="group" aria-label={t('payment.methods')} className="grid grid-cols-3 gap-2.5">
      {METHODS.map((each) => (
        <button
          key={each}
          type="button"
          aria-pressed={each === method}
          onClick={() => onMethod(each)}
          className={cn(
            'h-16 rounded-m text-base font-semibold',
            each === method
              ? 'border-2 border-accent bg-accent-soft text-accent'
              : 'border border-line-strong active:bg-surface-2',
          )}
        >
          {t(`payment.${each}`)}
        </button>
      ))}
    </div>
  );
}

/** What is due and how it is paid. One payment of all closes the order; several parts are fine. */
export function PaySheet({ order }: { order: Order }) {
  const { t } = useTranslation('pos');
  const { money, amount } = useFormats();
  const { deviceId } = useTerminal();
  const { staffId } = useSession();
  const hasDrawer = useLive((live) => drawerShift(live.rows.shift, deviceId, staffId) !== undefined);
  const [method, setMethod] = useState<PaymentMethod>('cash');
  const [typed, setTyped] = useState('');
  const [reference, setReference] = useState('');
  /** Stays the same until it is taken: an answer that was lost on the way does not make two payments of one. */
  const [paymentId, setPaymentId] = useState(ulid);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState('');
  /** Cash that waits for somebody to count the float. */
  const [waiting, setWaiting] = useState<Taking | undefined>();
  const { dueMinor, paidMinor } = orderTotals(order);
  const unsent = unsentLines(order).reduce((sum, line) => sum + line.quantity, 0);
  const label = orderLabel(order, t);
  const givenMinor = typed === '' ? dueMinor : typedMinor(typed);

  const finish = async (taking: Taking) => {
    const leftMinor = await takePayment(order, taking, paymentId, label);
    setPaymentId(ulid());
    setTyped('');
    setReference('');
    if (leftMinor > 0)
      showToast({
        tone: 'ok',
        text: t('payment.took', { amount: amount(taking.amountMinor), rest: amount(leftMinor) }),
      });
  };
  const take = async (taking: Taking) => {
    setError('');
    if (taking.method === 'cash' && !hasDrawer) return setWaiting(taking);
    setBusy(true);
    await finish(taking).catch((failure: unknown) => setError(errorText(failure)));
    setBusy(false);
  };
  const takeCash = (tenderedMinor: number) =>
    void take({ method: 'cash', tenderedMinor, amountMinor: Math.min(tenderedMinor, dueMinor) });
  const takeTyped = () => {
    if (givenMinor <= 0 || isBusy) return;
    if (method === 'cash') return takeCash(givenMinor);
    if (givenMinor > dueMinor) return setError(t('payment.tooMuch'));
    if (method === 'momo' && reference.trim() === '') return setError(t('payment.referenceNeeded'));
    void take({ method, amountMinor: givenMinor, reference });
  };
  const openFloat = async (floatMinor: number) => {
    if (waiting === undefined) return;
    await run([{ name: 'shift.open', input: { shiftId: ulid(), floatMinor } }]);
    setWaiting(undefined);
    await finish(waiting).catch((failure: unknown) => setError(errorText(failure)));
  };
  const type = useCallback((digits: string) => {
    setError('');
    setTyped((before) => typeDigits(before, digits));
  }, []);
  const remove = useCallback(() => setTyped((before) => before.slice(0, -1)), []);

  const restMinor = dueMinor - givenMinor;
  const takeText =
    restMinor > 0
      ? t('payment.takePart', { amount: amount(givenMinor), rest: amount(restMinor) })
      : restMinor === 0 || method !== 'cash'
        ? t('payment.takeExact', { amount: amount(givenMinor) })
        : t('payment.takeChange', { amount: amount(givenMinor), change: amount(-restMinor) });
  return (
    <Sheet title={t('payment.title')} onClose={closeSheet} isBare className="max-w-[880px]">
      <div className="grid grid-cols-[minmax(0,1fr)_380px] max-[860px]:grid-cols-1">
        <div className="flex flex-col gap-4 p-6">
          <div>
            <small className="block truncate text-sm text-ink-3">{t('payment.due', { order: label })}</small>
            <div data-testid="due" className="num truncate text-[44px] font-[780] leading-[1.1] tracking-[-0.03em]">
              {money(dueMinor)}
            </div>
            {paidMinor > 0 && (
              <p className="num text-sm font-semibold text-ok">
                {t('payment.paidSoFar', { amount: amount(paidMinor) })}
              </p>
            )}
          </div>
          <Methods
            method={method}
            onMethod={(next) => {
              setMethod(next);
              setError('');
            }}
          />
          {method === 'cash' ? (
            <CashChoices dueMinor={dueMinor} unsent={unsent} isBusy={isBusy} onTake={takeCash} />
          ) : (
            <Field
              key={method}
              isFirst={method === 'momo'}
              label={t(method === 'momo' ? 'payment.reference' : 'payment.referenceOptional')}
              help={method === 'momo' ? t('payment.referenceHelp') : undefined}
              value={reference}
              onChange={setReference}
              maxLength={80}
            />
          )}
          {error !== '' && (
            <p role="alert" className="font-semibold text-danger">
              {error}
            </p>
          )}
          <div className="mt-auto flex items-center gap-2.5 text-[13.5px] text-ink-2">
            <i aria-hidden className="size-2 shrink-0 rounded-full bg-ok" />
            <span>{order.number === '' ? t('payment.saved') : t('payment.savedNumber', { number: order.number })}</span>
          </div>
        </div>
        <div className="flex flex-col gap-3 border-l border-line bg-surface-2 p-6">
          <div className="num flex h-16 items-center justify-between gap-3 rounded-m border-2 border-line-strong bg-surface px-4 text-2xl font-bold">
            <small className="text-[13px] font-semibold text-ink-3">
              {t(method === 'cash' ? 'payment.given' : 'payment.amount')}
            </small>
            <output className={typed === '' ? 'text-ink-3' : undefined}>{amount(givenMinor)}</output>
          </div>
          <Keypad
            hasTripleZero
            onDigits={type}
            onDelete={remove}
            onEnter={takeTyped}
            isDisabled={isBusy}
            isListening={waiting === undefined}
          />
          <Button variant="strong" size="l" className="num" isDisabled={isBusy || givenMinor <= 0} onPress={takeTyped}>
            {takeText}
          </Button>
          <Button variant="quiet" onPress={closeSheet}>
            {t('backToOrder')}
          </Button>
        </div>
      </div>
      {waiting !== undefined && (
        <AmountSheet
          title={t('float.title')}
          text={t('float.text')}
          label={t('float.label')}
          submitLabel={() => t('float.open')}
          onAmount={openFloat}
          onClose={() => setWaiting(undefined)}
        />
      )}
    </Sheet>
  );
}

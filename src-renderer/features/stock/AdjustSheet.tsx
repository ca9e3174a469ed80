import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { StockItem } from '#shared/domain/stock.ts';
import { run, tryRun } from '../../state/run.ts';
import { useLive } from '../../state/store.ts';
import { errorText, showToast } from '../../state/toasts.ts';
import { Keypad } from '../../ui/Keypad.tsx';
import { ReasonPicker } from '../../ui/ReasonPicker.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { Tabs } from '../../ui/Tabs.tsx';
import { decimalSign, milliText, parseMilli, typeAmount } from './stock-amount.ts';
import { type Adjustment, ADJUSTMENTS, deltaMilli, type Mode, MODES } from './stock-list.ts';

/** The reasons that one tap chooses, and which stands there at first. */
function useReasons(type: Adjustment): { reasons: string[]; initial: string | undefined } {
  const { t } = useTranslation('stock');
  const reasons = Object.values(t(`reasons.${type}`, { returnObjects: true }));
  // Waste wants to be said; the others are what they are.
  return { reasons, initial: type === 'WASTE' ? undefined : reasons[0] };
}

/** Adds to, takes from, or counts one item. */
export function AdjustSheet({ item, onClose }: { item: StockItem; onClose: () => void }) {
  const { t, i18n } = useTranslation('stock');
  const { t: tCommon } = useTranslation();
  const [type, setType] = useState<Adjustment>('PURCHASE');
  const [mode, setMode] = useState<Mode>('in');
  const [typed, setTyped] = useState('');
  const [error, setError] = useState('');
  const [isBusy, setBusy] = useState(false);
  const { reasons, initial } = useReasons(type);
  const locale = i18n.language;
  const { unit, name, onHandMilli } = item;
  const onKey = useCallback((key: string) => setTyped((before) => typeAmount(before, key)), []);
  const onDelete = useCallback(() => setTyped((before) => before.slice(0, -1)), []);
  const amountMilli = parseMilli(typed);
  const delta = amountMilli === undefined ? 0 : deltaMilli(mode, amountMilli, onHandMilli);
  const write = (milli: number) => milliText(milli, locale);

  const save = async (reason: string) => {
    if (amountMilli === undefined) return;
    setBusy(true);
    setError('');
    let applied = 0;
    try {
      await run(() => {
        // Somebody else may have sold or adjusted it since: a count is of what is there now.
        const now = useLive.getState().rows.stockItem.get(item.id)?.onHandMilli ?? onHandMilli;
        applied = deltaMilli(mode, amountMilli, now);
        if (applied === 0) return [];
        return [{ name: 'stock.adjust', input: { stockItemId: item.id, deltaMilli: applied, type, reason } }];
      });
    } catch (failure) {
      setError(errorText(failure));
      setBusy(false);
      return;
    }
    const after = useLive.getState().rows.stockItem.get(item.id)?.onHandMilli ?? onHandMilli + applied;
    const back = { stockItemId: item.id, deltaMilli: -applied, type: 'ADJUSTMENT', reason: t('adjustedBack') };
    const undo = { label: tCommon('undo'), run: () => void tryRun([{ name: 'stock.adjust', input: back }]) };
    showToast({
      tone: 'ok',
      text: t('adjusted', { name, amount: write(after), unit }),
      ...(applied === 0 ? {} : { undo }),
    });
    onClose();
  };

  const submitLabel =
    amountMilli === undefined || (delta === 0 && mode !== 'count')
      ? t('submit.nothing')
      : delta === 0
        ? t('submit.same')
        : t('submit.ready', { delta: milliText(delta, locale, true), unit });
  return (
    <Sheet title={t('adjustLabel', { name })} onClose={onClose} className="max-w-[820px]">
      <div className="grid grid-cols-[1fr_1fr] gap-6 p-6 max-md:grid-cols-1">
        <div className="flex min-w-0 flex-col gap-4">
          <Tabs
            label={t('what')}
            tabs={ADJUSTMENTS.map((key) => ({ key, label: t(`types.${key}`) }))}
            selected={type}
            onSelect={(next) => {
              setType(next);
              setMode(MODES[next][0] ?? 'in');
              setTyped('');
            }}
            className="[&>button]:flex-1 [&>button]:px-2"
          />
          {MODES[type].length > 1 && (
            <Tabs
              label={t('how')}
              tabs={MODES[type].map((key) => ({ key, label: t(`modes.${key}`) }))}
              selected={mode}
              onSelect={setMode}
              className="[&>button]:flex-1"
            />
          )}
          <dl className="num grid grid-cols-2 gap-3">
            <div className="min-w-0">
              <dt className="text-sm font-semibold text-ink-2">{t('before')}</dt>
              <dd className="truncate text-2xl font-bold">
                {write(onHandMilli)} <small className="text-base font-semibold text-ink-3">{unit}</small>
              </dd>
            </div>
            <div className="min-w-0">
              <dt className="text-sm font-semibold text-ink-2">{t('after')}</dt>
              <dd data-testid="stock-after" className="truncate text-2xl font-bold text-accent">
                {write(onHandMilli + delta)} <small className="text-base font-semibold text-ink-3">{unit}</small>
              </dd>
            </div>
          </dl>
          <ReasonPicker
            key={type}
            label={tCommon('reason')}
            reasons={reasons}
            {...(initial === undefined ? {} : { initial })}
            ownLabel={t('ownReason')}
            submitLabel={submitLabel}
            isBlocked={delta === 0 || isBusy}
            onReason={(reason) => void save(reason)}
          />
          {error !== '' && (
            <p role="alert" className="text-sm font-semibold text-danger">
              {error}
            </p>
          )}
        </div>
        <div className="flex flex-col gap-3">
          <div className="num flex h-16 items-center justify-between gap-3 rounded-m border-2 border-line-strong px-4 text-2xl font-bold">
            <small className="text-[13px] font-semibold text-ink-3">
              {t(mode === 'count' ? 'counted' : 'amount', { unit })}
            </small>
            <output aria-label={t(mode === 'count' ? 'counted' : 'amount', { unit })}>
              {typed === '' ? write(0) : typed.replace('.', decimalSign(locale))}
            </output>
          </div>
          <Keypad decimal={decimalSign(locale)} onDigits={onKey} onDelete={onDelete} isDisabled={isBusy} />
        </div>
      </div>
    </Sheet>
  );
}

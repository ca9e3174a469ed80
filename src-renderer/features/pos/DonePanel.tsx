import { CircleCheck } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { tryRun } from '../../state/run.ts';
import { useRows } from '../../state/selectors.ts';
import { showToast } from '../../state/toasts.ts';
import { useFormats } from '../../state/use-formats.ts';
import { Button } from '../../ui/Button.tsx';
import { tableLabel } from './order-label.ts';
import type { DoneSale } from './till-state.ts';

/** Figures as large as the panel allows, whatever the currency. */
function figureSize(text: string): number {
  return Math.min(84, Math.floor(540 / Math.max(text.length, 1)));
}

/** What goes back to the guest, until the next tap starts the next order. */
export function DonePanel({ done }: { done: DoneSale }) {
  const { t } = useTranslation('pos');
  const { amount, money } = useFormats();
  const session = useRows('session').get(done.sessionId ?? '');
  const table = done.tableName === undefined ? undefined : tableLabel(done.tableName, t);
  const isChange = done.changeMinor > 0;
  const figure = amount(isChange ? done.changeMinor : done.totalMinor);
  const clear = async () => {
    if (session === undefined || table === undefined) return;
    const isDone = await tryRun([{ name: 'session.clear', input: { sessionId: session.id } }]);
    if (isDone) showToast({ tone: 'ok', text: t('done.cleared', { table }) });
  };
  return (
    <div
      role="status"
      className="flex min-h-0 flex-1 flex-col items-center justify-center gap-2 overflow-hidden p-4 text-center"
    >
      <CircleCheck size={40} className="text-ok" aria-hidden />
      <p className="text-lg font-bold">{t(isChange ? 'done.change' : 'done.paid')}</p>
      <p
        data-testid="change"
        className="num max-w-full font-[780] leading-none tracking-[-0.03em]"
        style={{ fontSize: figureSize(figure) }}
      >
        {figure}
      </p>
      <p className="num text-ink-2">
        {isChange
          ? t('done.of', { given: amount(done.givenMinor), total: money(done.totalMinor) })
          : done.method === 'cash'
            ? t('done.noChange')
            : ' '}
      </p>
      <p className="num text-sm text-ink-3">
        {done.number === ''
          ? t(`payment.${done.method}`)
          : t('done.by', { method: t(`payment.${done.method}`), number: done.number })}
      </p>
      {session?.status === 'seated' && table !== undefined && (
        <Button className="mt-3" onPress={() => void clear()}>
          {t('done.clearTable', { table })}
        </Button>
      )}
      <p className="mt-4 text-sm text-ink-3">{t('done.next')}</p>
    </div>
  );
}

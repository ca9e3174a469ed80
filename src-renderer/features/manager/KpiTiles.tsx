import { useTranslation } from 'react-i18next';
import type { KpiView } from '#shared/contract/bridge.ts';
import type { Kpis } from '#shared/domain/kpi.ts';
import { useFormats } from '../../state/use-formats.ts';
import { cn } from '../../ui/class-names.ts';
import { Figure } from '../../ui/Figure.tsx';
import { Sparkline } from '../../ui/Sparkline.tsx';

/** What stands under a figure; from the rows, and only where they give the very same figure. */
export type KpiNotes = Partial<Record<keyof Kpis, string>>;

export interface KpiTilesProps {
  view: KpiView | null;
  mark: string | undefined;
  notes: KpiNotes;
  /** Sales of today added up hour by hour; `undefined`: no data. */
  salesCurve: readonly number[] | undefined;
}

/** A long amount gets smaller letters; it is never cut off. */
const sizeOf = (text: string) => (text.length > 17 ? 'text-xl' : text.length > 14 ? 'text-2xl' : undefined);

function Value({ raw, text }: { raw: number | undefined; text: string }) {
  return (
    <span
      data-kpi-value=""
      data-value={raw}
      className={cn('whitespace-nowrap', raw === undefined ? 'text-lg font-semibold text-ink-3' : sizeOf(text))}
    >
      {text}
    </span>
  );
}

/** The nine figures. */
export function KpiTiles({ view, mark, notes, salesCurve }: KpiTilesProps) {
  const { t } = useTranslation('manager');
  const { money, amount } = useFormats();
  const kpis = view?.kpis;
  const tile = (kpi: keyof Kpis, write: (value: number) => string) => {
    const raw = kpis?.[kpi];
    return {
      kpi,
      label: t(`kpi.${kpi}`),
      value: <Value raw={raw} text={raw === undefined ? t('noData') : write(raw)} />,
      ...(mark === undefined || raw === undefined ? {} : { mark }),
      ...(notes[kpi] === undefined ? {} : { note: notes[kpi] }),
    };
  };
  const count = (value: number) => String(value);
  const toneIf = (kpi: keyof Kpis, tone: 'warn' | 'danger') => ((kpis?.[kpi] ?? 0) > 0 ? tone : 'plain');
  return (
    <section aria-label={t('tiles')} className="flex flex-col gap-3">
      <div className="grid grid-cols-[1.5fr_1.5fr_1fr_1fr_1fr] gap-3 max-[1180px]:grid-cols-6">
        <Figure
          {...tile('salesToday', money)}
          className="min-h-[132px] max-[1180px]:col-span-3"
          chart={
            salesCurve === undefined ? undefined : <Sparkline values={salesCurve} className="mt-auto h-8 text-accent" />
          }
        />
        <Figure {...tile('salesMTD', money)} className="max-[1180px]:col-span-3" />
        <Figure {...tile('paymentsMomo', amount)} className="max-[1180px]:col-span-2" />
        <Figure {...tile('paymentsCash', amount)} className="max-[1180px]:col-span-2" />
        <Figure {...tile('openOrders', count)} className="max-[1180px]:col-span-2" />
      </div>
      <div className="grid grid-cols-4 gap-3">
        <Figure {...tile('tablesOccupied', count)} size="m" className="min-h-[92px]" />
        <Figure {...tile('onShiftNow', count)} size="m" />
        <Figure {...tile('stockAtRisk', count)} size="m" tone={toneIf('stockAtRisk', 'warn')} />
        <Figure {...tile('anomaliesToday', count)} size="m" tone={toneIf('anomaliesToday', 'danger')} />
      </div>
    </section>
  );
}

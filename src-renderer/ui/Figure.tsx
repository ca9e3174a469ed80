import type { ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { cn } from './class-names.ts';

export interface FigureProps {
  label: string;
  value: ReactNode;
  /** A line under the figure: a change, a share, "no data". */
  note?: ReactNode;
  /** A mark at the top right: until when it is complete. */
  mark?: ReactNode;
  /** A sparkline. */
  chart?: ReactNode;
  size?: 'l' | 'm';
  tone?: 'plain' | 'warn' | 'danger';
  onPress?: () => void;
  /** Name in `data-kpi`. */
  kpi?: string;
  className?: string;
}

const TONE = { plain: '', warn: 'text-warn', danger: 'text-danger' } as const;

/** One number that somebody looks at from a distance. With `onPress` it is a button. */
export function Figure({
  label,
  value,
  note,
  mark,
  chart,
  size = 'l',
  tone = 'plain',
  onPress,
  kpi,
  className,
}: FigureProps) {
  const inside = (
    <>
      <span className="flex flex-wrap items-baseline justify-between gap-x-2">
        <span className="whitespace-nowrap text-sm font-semibold text-ink-2">{label}</span>
        {mark !== undefined && (
          <span className="whitespace-nowrap text-right text-xs font-semibold text-warn">{mark}</span>
        )}
      </span>
      <span
        className={cn(
          'num block truncate font-bold tracking-tight',
          size === 'l' ? 'text-3xl' : 'text-2xl',
          TONE[tone],
        )}
      >
        {value}
      </span>
      {note !== undefined && <span className="block text-[13px] font-semibold text-ink-3">{note}</span>}
      {chart}
    </>
  );
  const look = cn('flex min-w-0 flex-col gap-1 rounded-m border border-line bg-surface p-4 text-left', className);
  if (onPress === undefined) {
    return (
      <div data-kpi={kpi} className={look}>
        {inside}
      </div>
    );
  }
  return (
    <Button data-kpi={kpi} onPress={onPress} className={cn(look, 'data-[pressed]:bg-surface-2')}>
      {inside}
    </Button>
  );
}

import type { ReactNode } from 'react';
import { cn } from '../../ui/class-names.ts';

/** A titled card of the manager's page. */
export function Panel(props: { title: string; note?: ReactNode; children: ReactNode; className?: string }) {
  const { title, note, children, className } = props;
  return (
    <section
      aria-label={title}
      className={cn('flex min-h-0 min-w-0 flex-col rounded-lg border border-line bg-surface p-4', className)}
    >
      <h2 className="flex items-baseline gap-3 pb-2 text-base font-bold tracking-tight">
        {title}
        {note !== undefined && (
          <span className="num ml-auto text-right text-[13px] font-medium text-ink-3">{note}</span>
        )}
      </h2>
      {children}
    </section>
  );
}

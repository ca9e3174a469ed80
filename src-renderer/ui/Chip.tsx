import type { ReactNode } from 'react';
import { cn } from './class-names.ts';

export interface ChipProps {
  isSelected: boolean;
  onPress: () => void;
  children: ReactNode;
  className?: string;
}

/** One of a row of choices. Put chips into a `ChipRow`. */
export function Chip({ isSelected, onPress, children, className }: ChipProps) {
  return (
    <button
      type="button"
      aria-pressed={isSelected}
      onClick={onPress}
      className={cn(
        'h-12 shrink-0 whitespace-nowrap rounded-full border px-[18px] text-sm font-semibold',
        isSelected ? 'border-ink bg-ink text-bg' : 'border-line bg-surface text-ink active:bg-surface-2',
        className,
      )}
    >
      {children}
    </button>
  );
}

/** A row of chips that scrolls sideways when it is too long. */
export function ChipRow({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div role="group" aria-label={label} className="no-bar -m-1 flex gap-2 overflow-x-auto p-1">
      {children}
    </div>
  );
}

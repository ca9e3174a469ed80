import type { ReactNode } from 'react';
import { cn } from './class-names.ts';

export interface TabsProps<K extends string> {
  label: string;
  tabs: readonly { key: K; label: ReactNode }[];
  selected: K;
  onSelect: (key: K) => void;
  className?: string;
}

/** One of a few views, as a segmented control; what it selects stands in the page around it. */
export function Tabs<K extends string>({ label, tabs, selected, onSelect, className }: TabsProps<K>) {
  return (
    <div
      role="group"
      aria-label={label}
      className={cn('inline-flex rounded-m border border-line bg-surface p-1', className)}
    >
      {tabs.map(({ key, label: text }) => (
        <button
          key={key}
          type="button"
          aria-pressed={key === selected}
          onClick={() => onSelect(key)}
          className={cn(
            'min-h-11 whitespace-nowrap rounded-sm px-4 text-sm font-semibold',
            key === selected ? 'bg-ink text-bg' : 'text-ink-2 active:bg-surface-2',
          )}
        >
          {text}
        </button>
      ))}
    </div>
  );
}

import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useRef } from 'react';
import { cn } from './class-names.ts';

export interface VirtualListProps<T> {
  label: string;
  items: readonly T[];
  keyOf: (item: T) => string;
  /** Expected height of a row in px; rows measure themselves. */
  rowHeight: number;
  renderRow: (item: T, index: number) => ReactNode;
  /** Nothing in the rows takes the focus: the list itself does, so that keys can scroll it. */
  isReadOnly?: boolean;
  className?: string;
}

/** A list of any length of which only what is seen exists. */
export function VirtualList<T>({
  label,
  items,
  keyOf,
  rowHeight,
  renderRow,
  isReadOnly = false,
  className,
}: VirtualListProps<T>) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => keyOf(items[index] as T),
    overscan: 8,
  });
  return (
    <div
      ref={scroller}
      {...(isReadOnly ? { tabIndex: 0 } : {})}
      className={cn('min-h-0 flex-1 overflow-y-auto', className)}
    >
      <div role="list" aria-label={label} className="relative w-full" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ key, index, start }) => (
          <div
            key={key}
            role="listitem"
            data-index={index}
            ref={virtual.measureElement}
            aria-posinset={index + 1}
            aria-setsize={items.length}
            className="absolute inset-x-0 top-0"
            style={{ transform: `translateY(${start}px)` }}
          >
            {renderRow(items[index] as T, index)}
          </div>
        ))}
      </div>
    </div>
  );
}

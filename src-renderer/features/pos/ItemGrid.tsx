import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MenuItem } from '#shared/domain/menu.ts';
import { useFormats } from '../../state/use-formats.ts';
import { ItemTile } from './ItemTile.tsx';
import type { MenuEntry } from './menu-index.ts';

const ROW_PX = 108;
const LEAST_TILE_PX = 130;
const GAP_PX = 10;

export interface ItemGridProps {
  entries: readonly MenuEntry[];
  counts: ReadonlyMap<string, number>;
  out: ReadonlySet<string>;
  onTap: (item: MenuItem) => void;
}

/** The items of a category or a search; only the rows that are seen exist, so 20,000 items scroll like 20. */
export function ItemGrid({ entries, counts, out, onTap }: ItemGridProps) {
  const { t } = useTranslation('pos');
  const { amount } = useFormats();
  const scroller = useRef<HTMLDivElement>(null);
  const [columns, setColumns] = useState(5);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      const width = (entry?.contentRect.width ?? 0) + GAP_PX;
      if (width > GAP_PX) setColumns(Math.max(2, Math.floor(width / (LEAST_TILE_PX + GAP_PX))));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const virtual = useVirtualizer({
    count: Math.ceil(entries.length / columns),
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 3,
  });
  useEffect(() => {
    scroller.current?.scrollTo({ top: 0 });
  }, [entries]);
  return (
    <div ref={scroller} role="group" aria-label={t('items')} className="-mx-1 min-h-0 flex-1 overflow-y-auto px-1 pb-4">
      <div className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ key, index, start }) => (
          <div
            key={key}
            className="absolute inset-x-0 grid gap-2.5"
            style={{ transform: `translateY(${start}px)`, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
          >
            {entries.slice(index * columns, (index + 1) * columns).map(({ item, colour }) => (
              <ItemTile
                key={item.id}
                item={item}
                colour={colour}
                price={amount(item.priceMinor)}
                count={counts.get(item.id) ?? 0}
                is86={out.has(item.id)}
                onTap={onTap}
              />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

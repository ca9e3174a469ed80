import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { MenuItem } from '#shared/domain/menu.ts';
import { cn } from '../../ui/class-names.ts';

export interface ItemTileProps {
  item: MenuItem;
  colour: number;
  price: string;
  count: number;
  is86: boolean;
  onTap: (item: MenuItem) => void;
}

/** One item of the grid. A plain button: hundreds of them are made and thrown away while one scrolls. */
export const ItemTile = memo(function ItemTile({ item, colour, price, count, is86, onTap }: ItemTileProps) {
  const { t } = useTranslation('pos');
  const noteId = `item-note-${item.id}`;
  return (
    <div
      className={cn(
        'relative flex h-[98px] min-w-0 flex-col justify-between overflow-hidden rounded-m pb-2.5 pl-4 pr-3 pt-3',
        'has-[:focus-visible]:outline-3 has-[:focus-visible]:outline-offset-2 has-[:focus-visible]:outline-accent',
        is86
          ? 'border border-dashed border-line-strong text-ink-3'
          : 'bg-surface shadow-card has-[:active]:bg-accent-soft',
      )}
    >
      <span
        aria-hidden
        className={cn('absolute inset-y-0 left-0 w-[5px]', is86 && 'opacity-50')}
        style={{ background: `var(--cat-${colour})` }}
      />
      {/* The button reaches over the whole tile; its words are the item's name alone. */}
      <button
        type="button"
        aria-describedby={noteId}
        data-item={item.id}
        onClick={() => onTap(item)}
        className="text-left outline-none after:absolute after:inset-0 after:content-['']"
      >
        <span className="line-clamp-2 text-[15px] font-semibold leading-[1.22] [overflow-wrap:anywhere]">
          {item.name}
        </span>
      </button>
      <span id={noteId} className={cn('num flex items-end justify-between text-sm', !is86 && 'text-ink-2')}>
        {price}
        {is86 && <span className="font-extrabold text-danger">{t('out')}</span>}
        {!is86 && count > 0 && (
          <span className="absolute bottom-2 right-2 grid h-7 min-w-7 place-items-center rounded-full bg-accent px-1.5 text-sm font-bold text-accent-ink">
            <span className="sr-only">{t('onOrder', { count })}</span>
            <span aria-hidden>{count}</span>
          </span>
        )}
      </span>
    </div>
  );
});

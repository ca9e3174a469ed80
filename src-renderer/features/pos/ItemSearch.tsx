import { Search, X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { Input, SearchField, Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { useTill } from './till-state.ts';

const isMac = /mac|iphone|ipad/i.test(navigator.platform);

/** The search over all items; Ctrl/⌘ K goes there, Enter takes the first one found. */
export function ItemSearch({ onTakeFirst }: { onTakeFirst: () => void }) {
  const { t } = useTranslation('pos');
  const search = useTill((till) => till.search);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      input.current?.select();
      input.current?.focus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <SearchField
      aria-label={t('find')}
      value={search}
      onSubmit={(text) => text.trim() !== '' && onTakeFirst()}
      onChange={(text) => useTill.setState({ search: text })}
      className="relative w-[190px] shrink-0 max-[1100px]:w-[156px] max-[900px]:w-full"
    >
      <Search size={18} aria-hidden className="pointer-events-none absolute left-3.5 top-[15px] text-ink-3" />
      <Input
        ref={input}
        placeholder={t('find')}
        className="h-12 w-full rounded-m border border-line bg-surface pl-10 pr-12 text-sm placeholder:text-ink-3 [&::-webkit-search-cancel-button]:hidden"
      />
      {search === '' ? (
        <kbd
          aria-hidden
          className="pointer-events-none absolute right-2.5 top-3.5 rounded-md border border-line-strong px-1.5 py-0.5 font-sans text-[11px] font-semibold text-ink-3"
        >
          {isMac ? '⌘K' : '^K'}
        </kbd>
      ) : (
        <Button
          aria-label={t('clearSearch')}
          className="absolute right-0 top-0 grid size-12 place-items-center text-ink-2"
        >
          <X size={18} aria-hidden />
        </Button>
      )}
    </SearchField>
  );
}

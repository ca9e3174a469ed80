import { useTranslation } from 'react-i18next';
import { cn } from '../ui/class-names.ts';
import { goTo, type ScreenId } from './router.ts';
import type { Screen } from './screens.tsx';

/** The screens, icon and word. */
export function Rail({ screens, current }: { screens: readonly Screen[]; current: ScreenId | undefined }) {
  const { t } = useTranslation('shell');
  return (
    <nav
      aria-label={t('nav')}
      className="no-bar row-span-2 flex flex-col items-center gap-1 overflow-y-auto border-r border-line bg-surface py-2.5"
    >
      <div
        aria-hidden
        className="mb-2.5 grid size-10 shrink-0 place-items-center rounded-m bg-accent font-extrabold text-accent-ink"
      >
        C
      </div>
      {screens.map(({ id, icon: Icon }) => (
        <button
          key={id}
          type="button"
          aria-current={id === current ? 'page' : undefined}
          onClick={() => goTo(id)}
          className={cn(
            'grid h-[60px] w-[68px] shrink-0 place-content-center place-items-center gap-1 rounded-m text-xs',
            id === current ? 'bg-accent-soft font-semibold text-accent' : 'text-ink-2 active:bg-surface-2',
          )}
        >
          <Icon size={22} aria-hidden />
          <span className="max-w-[66px] truncate">{t(`screens.${id}`)}</span>
        </button>
      ))}
    </nav>
  );
}

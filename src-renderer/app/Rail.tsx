import { useTranslation } from 'react-i18next';
import { mayUse } from '../state/selectors.ts';
import { useLive } from '../state/store.ts';
import { cn } from '../ui/class-names.ts';
import { goTo, type ScreenId } from './router.ts';
import type { Screen } from './screens.tsx';

/** How many things of a screen wait for a person. */
function useCount(): (id: ScreenId) => number {
  const status = useLive((live) => live.status);
  const session = useLive((live) => live.session);
  const sees = mayUse(session, 'L3');
  return (id) => (id === 'sync' && sees ? (status?.tasks ?? 0) + (status?.refusedInBranch ?? 0) : 0);
}

/** The screens, icon and word. */
export function Rail({ screens, current }: { screens: readonly Screen[]; current: ScreenId | undefined }) {
  const { t } = useTranslation('shell');
  const countOf = useCount();
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
          <span className="relative">
            <Icon size={22} aria-hidden />
            {countOf(id) > 0 && (
              <span
                aria-hidden
                className="num absolute -right-4 -top-2 grid h-[18px] min-w-[18px] place-items-center rounded-full bg-danger px-1 text-[11px] font-bold text-danger-ink"
              >
                {countOf(id) > 99 ? '99+' : countOf(id)}
              </span>
            )}
          </span>
          <span className="max-w-[66px] truncate">{t(`screens.${id}`)}</span>
        </button>
      ))}
    </nav>
  );
}

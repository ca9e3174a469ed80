import { useTranslation } from 'react-i18next';
import { useLive } from '../state/store.ts';
import { cn } from '../ui/class-names.ts';
import { goTo } from './router.ts';
import { pillText } from './pill-text.ts';

const TONE = {
  ok: 'bg-ok-soft text-ok',
  warn: 'bg-warn-soft text-warn',
  danger: 'bg-danger-soft text-danger',
} as const;

/** What is saved where, in three words. A tap opens the sync centre. */
export function TruthPill() {
  const { t } = useTranslation('shell');
  const status = useLive((live) => live.status);
  const link = useLive((live) => live.link);
  const { tone, text } = pillText(status, link, t);
  return (
    <div role="status" className="shrink-0">
      <button
        type="button"
        data-testid="truth-pill"
        data-tone={tone}
        title={t('openSync')}
        onClick={() => goTo('sync')}
        className="-my-2 flex min-h-12 items-center"
      >
        <span
          className={cn(
            'num inline-flex h-[34px] items-center gap-2 whitespace-nowrap rounded-full px-3.5 text-sm font-semibold',
            TONE[tone],
          )}
        >
          <i
            aria-hidden
            className={cn(
              'size-2 bg-current',
              tone === 'ok' ? 'rounded-full' : tone === 'warn' ? 'rounded-[2px]' : 'rotate-45',
            )}
          />
          {text}
        </span>
      </button>
    </div>
  );
}

import { useTranslation } from 'react-i18next';
import { shortName } from '../i18n/format.ts';
import { lock } from '../state/live.ts';
import { useSession, useTerminal } from '../state/selectors.ts';
import { showError } from '../state/toasts.ts';
import { useFormats } from '../state/use-formats.ts';
import { useNow } from '../state/use-now.ts';
import { Avatar } from '../ui/Avatar.tsx';
import { TruthPill } from './TruthPill.tsx';

function ClockText() {
  const now = useNow(1_000);
  const { time } = useFormats();
  return <time className="num text-ink-2">{time(now)}</time>;
}

/** Where this is, what is saved, who it is. */
export function TopBar() {
  const { t } = useTranslation('shell');
  const { name } = useSession();
  const { branch, deviceName } = useTerminal();
  return (
    <header className="flex min-w-0 items-center gap-3.5 border-b border-line bg-surface px-4">
      <div className="min-w-0 truncate">
        <b className="font-semibold">{branch.name}</b> <span className="text-ink-3">· {deviceName}</span>
      </div>
      <TruthPill />
      <div className="ml-auto flex shrink-0 items-center gap-2.5">
        <ClockText />
        <button
          type="button"
          onClick={() => void lock().catch(showError)}
          className="-mr-2 flex min-h-12 items-center gap-2.5 rounded-m px-2 text-left active:bg-surface-2"
        >
          <span className="sr-only">{t('lockScreen')}</span>
          <Avatar name={name} />
          <span className="leading-[1.15]">
            <b className="block max-w-40 truncate font-semibold">{shortName(name)}</b>
            <small className="text-[13px] text-ink-3">{t('tapToLock')}</small>
          </span>
        </button>
      </div>
    </header>
  );
}

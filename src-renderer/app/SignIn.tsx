import { Search, UserRound } from 'lucide-react';
import { useState } from 'react';
import { Input, SearchField } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { SignInFace } from '#shared/contract/bridge.ts';
import { signIn } from '../state/live.ts';
import { useLive } from '../state/store.ts';
import { useTerminal } from '../state/selectors.ts';
import { useFormats } from '../state/use-formats.ts';
import { useNow } from '../state/use-now.ts';
import { Avatar } from '../ui/Avatar.tsx';
import { Button } from '../ui/Button.tsx';
import { durationText } from '../ui/duration-text.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { PersonPin } from '../ui/PersonPin.tsx';
import { TruthPill } from './TruthPill.tsx';

/** With more people than this, there is a search. */
const FEW = 12;

function Face({ face, now, onPress }: { face: SignInFace; now: number; onPress: () => void }) {
  const { t } = useTranslation('shell');
  const { t: tCommon } = useTranslation();
  const lockedMs = face.lockedUntilAt === null ? 0 : Date.parse(face.lockedUntilAt) - now;
  const note =
    lockedMs > 0
      ? t('signIn.lockedFace', { time: durationText(lockedMs) })
      : face.hasPin
        ? tCommon(`level.${face.level}`)
        : t('signIn.noPin');
  return (
    <button
      type="button"
      disabled={!face.hasPin}
      onClick={onPress}
      className="flex min-h-[72px] min-w-0 items-center gap-3 rounded-m border border-line bg-surface px-4 text-left shadow-card active:bg-accent-soft disabled:opacity-55 disabled:shadow-none"
    >
      <Avatar name={face.name} size="m" />
      <span className="min-w-0">
        <b className="block truncate text-base font-semibold">{face.name}</b>
        <small className={lockedMs > 0 ? 'num text-[13px] font-semibold text-danger' : 'text-[13px] text-ink-3'}>
          {note}
        </small>
      </span>
    </button>
  );
}

function Faces({ onChoose }: { onChoose: (face: SignInFace) => void }) {
  const { t } = useTranslation('shell');
  const { staff } = useTerminal();
  const now = useNow(1_000);
  const [search, setSearch] = useState('');
  const wanted = search.trim().toLocaleLowerCase();
  const found = staff.filter((face) => face.name.toLocaleLowerCase().includes(wanted));
  if (staff.length === 0)
    return <EmptyState icon={<UserRound size={40} />} title={t('signIn.nobody')} text={t('signIn.nobodyHelp')} />;
  return (
    <div className="my-auto flex max-h-full min-h-0 w-full max-w-[880px] flex-col gap-5">
      <h1 className="text-center text-[28px] font-bold tracking-tight">{t('signIn.title')}</h1>
      {staff.length > FEW && (
        <SearchField
          aria-label={t('signIn.find')}
          value={search}
          onChange={setSearch}
          className="relative mx-auto w-full max-w-sm"
        >
          <Search size={18} aria-hidden className="absolute left-3.5 top-[15px] text-ink-3" />
          <Input
            placeholder={t('signIn.find')}
            className="h-12 w-full rounded-m border border-line-strong bg-surface pl-11 pr-4 [&::-webkit-search-cancel-button]:hidden"
          />
        </SearchField>
      )}
      <div className="-m-2 grid min-h-0 grid-cols-[repeat(auto-fill,minmax(220px,1fr))] content-start gap-3 overflow-y-auto p-2">
        {found.map((face) => (
          <Face key={face.id} face={face} now={now} onPress={() => onChoose(face)} />
        ))}
      </div>
      {found.length === 0 && (
        <EmptyState
          icon={<Search size={36} />}
          title={t('signIn.noMatch')}
          action={<Button onPress={() => setSearch('')}>{t('signIn.clearSearch')}</Button>}
        />
      )}
    </div>
  );
}

function ClockText() {
  const { time } = useFormats();
  return <time className="num ml-auto text-ink-2">{time(useNow(1_000))}</time>;
}

/** Tap your name, then the PIN. */
export function SignIn() {
  const { t } = useTranslation('shell');
  const { branch, deviceName } = useTerminal();
  const hasStatus = useLive((live) => live.status !== null || live.link.state === 'down');
  const [face, setFace] = useState<SignInFace | undefined>();
  return (
    <div className="flex h-full flex-col">
      <header className="flex h-14 shrink-0 items-center gap-3.5 px-5">
        <div aria-hidden className="grid size-10 place-items-center rounded-m bg-accent font-extrabold text-accent-ink">
          C
        </div>
        <div className="min-w-0 truncate">
          <b className="font-semibold">{branch.name}</b> <span className="text-ink-3">· {deviceName}</span>
        </div>
        {hasStatus && <TruthPill />}
        <ClockText />
      </header>
      <main className="flex min-h-0 flex-1 flex-col items-center px-5 pb-[8vh] pt-4">
        {face === undefined ? (
          <Faces onChoose={setFace} />
        ) : (
          <section aria-label={t('signIn.pinFor', { name: face.name })} className="my-auto w-full max-w-[340px]">
            <div className="mb-3 flex flex-col items-center gap-2">
              <Avatar name={face.name} size="l" />
              <h1 className="max-w-full truncate text-xl font-bold tracking-tight">{face.name}</h1>
            </div>
            <PersonPin
              key={face.id}
              face={face}
              submitLabel={t('signIn.signIn')}
              onPin={(pin) => signIn(face.id, pin)}
            />
            <Button variant="quiet" className="mt-2 w-full" onPress={() => setFace(undefined)}>
              {t('signIn.notYou')}
            </Button>
          </section>
        )}
      </main>
    </div>
  );
}

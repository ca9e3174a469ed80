import { Clock, DoorOpen, HandCoins } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ulid } from 'ulid';
import { branchDay } from '#shared/domain/branch.ts';
import { overShortMinor, type Shift } from '#shared/domain/shift.ts';
import { run } from '../../state/run.ts';
import { mayUse, useRows, useSession, useTerminal } from '../../state/selectors.ts';
import { showToast } from '../../state/toasts.ts';
import { useFormats } from '../../state/use-formats.ts';
import { useNow } from '../../state/use-now.ts';
import { AmountSheet } from '../../ui/AmountSheet.tsx';
import { Avatar } from '../../ui/Avatar.tsx';
import { Badge } from '../../ui/Badge.tsx';
import { Button } from '../../ui/Button.tsx';
import { Card } from '../../ui/Card.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { VirtualList } from '../../ui/VirtualList.tsx';
import { CloseShiftSheet } from './CloseShiftSheet.tsx';
import { LockedPeople } from './LockedPeople.tsx';
import { NoSaleSheet } from './NoSaleSheet.tsx';
import { ownShift, shiftsOfDay } from './shift-list.ts';

type Open = { kind: 'none' } | { kind: 'open' } | { kind: 'close'; shift: Shift } | { kind: 'no-sale'; shift: Shift };

function ResultBadge({ shift }: { shift: Shift }) {
  const { t } = useTranslation('shifts');
  const { amount } = useFormats();
  const overShort = overShortMinor(shift);
  if (shift.status === 'open') return <Badge tone="info">{t('stillOpen')}</Badge>;
  if (overShort === undefined) return null;
  if (overShort === 0) return <Badge tone="ok">{t('exact')}</Badge>;
  return overShort > 0 ? (
    <Badge tone="warn">{t('over', { amount: amount(overShort) })}</Badge>
  ) : (
    <Badge tone="danger">{t('short', { amount: amount(-overShort) })}</Badge>
  );
}

function ShiftRow({ shift, onClose }: { shift: Shift; onClose: (() => void) | undefined }) {
  const { t } = useTranslation('shifts');
  const { time, amount } = useFormats();
  const { deviceId } = useTerminal();
  const name = useRows('staff').get(shift.staffId)?.name ?? shift.staffId;
  const notes = [
    shift.closedAt === undefined
      ? t('since', { time: time(shift.openedAt) })
      : t('fromTo', { from: time(shift.openedAt), to: time(shift.closedAt) }),
    t('floatWas', { amount: amount(shift.floatMinor) }),
    shift.countedMinor === undefined ? '' : t('countedNote', { amount: amount(shift.countedMinor) }),
    shift.expectedMinor === undefined ? '' : t('expected', { amount: amount(shift.expectedMinor) }),
    shift.noSales.length === 0 ? '' : t('noSales', { count: shift.noSales.length }),
    shift.deviceId === deviceId ? '' : t('otherTerminal'),
  ];
  return (
    <div className="flex min-h-16 items-center gap-3 border-b border-line px-4 py-2.5">
      <Avatar name={name} />
      <span className="min-w-0 flex-1">
        <b className="block truncate font-semibold">{name}</b>
        <small className="num block text-[13px] text-ink-3">{notes.filter((note) => note !== '').join(' · ')}</small>
      </span>
      <ResultBadge shift={shift} />
      {onClose !== undefined && (
        <Button aria-label={t('closeOf', { name })} onPress={onClose}>
          {t('closeRow')}
        </Button>
      )}
    </div>
  );
}

function OwnShift({ shift, onOpen }: { shift: Shift | undefined; onOpen: (open: Open) => void }) {
  const { t } = useTranslation('shifts');
  const { money, time } = useFormats();
  if (shift === undefined) {
    return (
      <Card className="flex flex-wrap items-center gap-4 p-5">
        <div className="min-w-0 flex-1 basis-80">
          <p className="text-lg font-bold tracking-tight">{t('noneOpen')}</p>
          <p className="text-ink-2">{t('noneOpenHelp')}</p>
        </div>
        <Button
          variant="primary"
          size="l"
          icon={<HandCoins size={20} aria-hidden />}
          onPress={() => onOpen({ kind: 'open' })}
        >
          {t('open')}
        </Button>
      </Card>
    );
  }
  return (
    <Card className="flex flex-wrap items-center gap-4 p-5">
      <div className="num min-w-0 flex-1 basis-72">
        <p className="text-sm font-semibold text-ink-2">{t('yours')}</p>
        <p className="text-2xl font-bold tracking-tight">{t('since', { time: time(shift.openedAt) })}</p>
        <p className="text-ink-2">
          {t('floatWas', { amount: money(shift.floatMinor) })}
          {shift.noSales.length > 0 && ` · ${t('noSales', { count: shift.noSales.length })}`}
        </p>
      </div>
      <Button size="l" icon={<DoorOpen size={20} aria-hidden />} onPress={() => onOpen({ kind: 'no-sale', shift })}>
        {t('noSale')}
      </Button>
      <Button variant="primary" size="l" onPress={() => onOpen({ kind: 'close', shift })}>
        {t('close')}
      </Button>
    </Card>
  );
}

/** Open with a float, open the drawer with a reason, close by a blind count. */
export function ShiftsScreen() {
  const { t } = useTranslation('shifts');
  const { money } = useFormats();
  const session = useSession();
  const { branch, deviceId } = useTerminal();
  const shifts = useRows('shift');
  const [open, setOpen] = useState<Open>({ kind: 'none' });
  const day = branchDay(branch, useNow(60_000));
  const own = useMemo(() => ownShift(shifts, deviceId, session.staffId), [shifts, deviceId, session.staffId]);
  const listed = useMemo(() => shiftsOfDay(shifts, day), [shifts, day]);
  const close = () => setOpen({ kind: 'none' });
  const openShift = async (floatMinor: number) => {
    await run([{ name: 'shift.open', input: { shiftId: ulid(), floatMinor } }]);
    close();
    showToast({ tone: 'ok', text: t('opened') });
  };
  const mayClose = (shift: Shift) =>
    shift.status === 'open' &&
    shift.deviceId === deviceId &&
    shift.staffId !== session.staffId &&
    mayUse(session, 'L3');
  return (
    <div className="mx-auto flex h-full max-w-[960px] flex-col gap-4 p-6">
      <h1 className="text-2xl font-bold tracking-tight">{t('title')}</h1>
      <OwnShift shift={own} onOpen={setOpen} />
      <LockedPeople />
      <section
        aria-label={t('today')}
        className="flex min-h-0 flex-1 flex-col overflow-hidden rounded-m border border-line bg-surface"
      >
        <h2 className="border-b border-line px-4 py-3 font-bold">{t('today')}</h2>
        {listed.length === 0 ? (
          <EmptyState icon={<Clock size={36} />} title={t('noneToday')} text={t('noneTodayHelp')} />
        ) : (
          <VirtualList
            label={t('today')}
            items={listed}
            keyOf={(shift) => shift.id}
            rowHeight={72}
            renderRow={(shift) => (
              <ShiftRow shift={shift} onClose={mayClose(shift) ? () => setOpen({ kind: 'close', shift }) : undefined} />
            )}
          />
        )}
      </section>
      {open.kind === 'open' && (
        <AmountSheet
          title={t('openTitle')}
          text={t('noneOpenHelp')}
          label={t('float')}
          submitLabel={(minor) => t('openWith', { amount: money(minor) })}
          onAmount={openShift}
          onClose={close}
        />
      )}
      {open.kind === 'close' && <CloseShiftSheet shift={open.shift} onClose={close} />}
      {open.kind === 'no-sale' && <NoSaleSheet shift={open.shift} onClose={close} />}
    </div>
  );
}

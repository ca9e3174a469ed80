import { Archive } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { HeldTerminal } from '#shared/contract/bridge.ts';
import { shortName } from '../../i18n/format.ts';
import { callTerminal } from '../../state/live.ts';
import { useRows } from '../../state/selectors.ts';
import { useLive } from '../../state/store.ts';
import { showToast } from '../../state/toasts.ts';
import { useFormats } from '../../state/use-formats.ts';
import { ApprovalSheet } from '../../ui/ApprovalSheet.tsx';
import { Button } from '../../ui/Button.tsx';
import { commandWord } from './command-word.ts';

const ASK_EVERY_MS = 60_000;

type Decision = 'accept' | 'leave';

function Held({ held, onDecide }: { held: HeldTerminal; onDecide: (decision: Decision) => void }) {
  const { t } = useTranslation('sync');
  const { dayTime } = useFormats();
  const staff = useRows('staff');
  const name = held.deviceId.slice(-6);
  return (
    <section className="flex shrink-0 flex-wrap items-start gap-x-4 gap-y-2 border-t border-line bg-warn-soft px-6 py-3">
      <Archive size={22} aria-hidden className="mt-0.5 shrink-0 text-warn" />
      <div className="min-w-0 flex-1 basis-[320px]">
        <p className="num font-semibold">{t('held.title', { name, count: held.count })}</p>
        <p className="text-sm text-ink-2">{t('held.text')}</p>
        <details className="mt-1">
          <summary className="min-h-11 cursor-pointer content-center text-sm font-semibold text-accent">
            {t('held.show')}
          </summary>
          <ul className="num max-h-40 overflow-y-auto text-sm text-ink-2">
            {held.entries.map(({ name: command, at, actorId }, index) => (
              <li key={`${at}/${index}`}>
                {[commandWord(command), shortName(staff.get(actorId)?.name ?? actorId), dayTime(at)].join(' · ')}
              </li>
            ))}
          </ul>
        </details>
      </div>
      <div className="flex gap-2">
        <Button size="s" onPress={() => onDecide('accept')}>
          {t('held.accept')}
        </Button>
        <Button size="s" variant="quiet" onPress={() => onDecide('leave')}>
          {t('held.leave')}
        </Button>
      </div>
    </section>
  );
}

/** What switched-off terminals have sent since; nothing when none did, or while the cloud cannot be asked. */
export function HeldTerminals() {
  const { t } = useTranslation('sync');
  const [terminals, setTerminals] = useState<readonly HeldTerminal[]>([]);
  const isOnline = useLive((live) => live.status?.link === 'online');
  const ask = useCallback(() => {
    callTerminal('quarantine:list', {}).then(
      ({ terminals: found, isKnown }) => isKnown && setTerminals(found),
      () => undefined,
    );
  }, []);
  useEffect(() => {
    if (!isOnline) return undefined;
    ask();
    const timer = setInterval(ask, ASK_EVERY_MS);
    return () => clearInterval(timer);
  }, [ask, isOnline]);
  const [act, setAct] = useState<{ deviceId: HeldTerminal['deviceId']; decision: Decision }>();
  return (
    <>
      {terminals.map((held) => (
        <Held key={held.deviceId} held={held} onDecide={(decision) => setAct({ deviceId: held.deviceId, decision })} />
      ))}
      {act !== undefined && (
        <ApprovalSheet
          level="L4"
          title={t(`held.${act.decision}Title`)}
          onClose={() => setAct(undefined)}
          onApprove={async (approval) => {
            const { accepted, refused } = await callTerminal('quarantine:decide', { ...act, approval });
            setAct(undefined);
            ask();
            const text = act.decision === 'accept' ? t('held.accepted', { accepted, refused }) : t('held.left');
            showToast({ tone: 'ok', text });
          }}
        />
      )}
    </>
  );
}

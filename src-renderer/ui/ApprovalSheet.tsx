import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { hasLevel, type Level } from '#shared/domain/level.ts';
import type { Approval } from '../state/run.ts';
import { useLive } from '../state/store.ts';
import { Avatar } from './Avatar.tsx';
import { Button } from './Button.tsx';
import { PersonPin } from './PersonPin.tsx';
import { Sheet } from './Sheet.tsx';

export interface ApprovalSheetProps {
  /** The least level that may approve it. */
  level: Level;
  /** What is approved, in the title. */
  title?: string;
  /** Runs the commands with the approval; what it rejects with is shown here. */
  onApprove: (approval: Approval) => Promise<void>;
  onClose: () => void;
}

/** Somebody with the right taps their name and types their PIN, for this one thing. */
export function ApprovalSheet({ level, title, onApprove, onClose }: ApprovalSheetProps) {
  const { t } = useTranslation();
  const staff = useLive((live) => live.info?.staff);
  const able = (staff ?? []).filter((face) => face.hasPin && hasLevel(face.level, level));
  const [chosenId, setChosenId] = useState<string | undefined>();
  const chosen = able.find((face) => face.id === chosenId);
  return (
    <Sheet title={title ?? t('approvalTitle')} onClose={onClose} className="max-w-[420px]">
      <div className="flex flex-col gap-4 p-6">
        {chosen === undefined ? (
          <>
            <p className="text-ink-2">{able.length === 0 ? t('approvalNobody') : t('approvalText', { level })}</p>
            <div className="flex flex-col gap-2">
              {able.map((face) => (
                <Button key={face.id} size="l" className="justify-start gap-3" onPress={() => setChosenId(face.id)}>
                  <Avatar name={face.name} />
                  <span className="truncate">{face.name}</span>
                  <span className="ml-auto text-[13px] font-medium text-ink-3">{t(`level.${face.level}`)}</span>
                </Button>
              ))}
            </div>
          </>
        ) : (
          <>
            <p className="truncate text-center text-lg font-bold">{chosen.name}</p>
            <PersonPin
              face={chosen}
              submitLabel={t('approve')}
              onPin={(pin) => onApprove({ staffId: chosen.id, pin })}
            />
            <Button variant="quiet" onPress={() => setChosenId(undefined)}>
              {t('back')}
            </Button>
          </>
        )}
      </div>
    </Sheet>
  );
}

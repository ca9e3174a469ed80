import { Inbox } from 'lucide-react';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Refusal } from '#shared/contract/bridge.ts';
import { shortName } from '../../i18n/format.ts';
import { callTerminal } from '../../state/live.ts';
import { useRows } from '../../state/selectors.ts';
import { useNamesOf, useTerminalName } from '../../state/terminals.ts';
import { useFormats } from '../../state/use-formats.ts';
import { Button } from '../../ui/Button.tsx';
import { VirtualList } from '../../ui/VirtualList.tsx';
import { commandWord } from './command-word.ts';
import { type Decision, DecisionSheet } from './DecisionSheet.tsx';
import { fixFields } from './fix-fields.ts';
import { inputWords } from './input-words.ts';
import { ListState } from './ListState.tsx';
import { useAsked } from './use-asked.ts';

const LIMIT = 200;

interface RefusedProps {
  refusal: Refusal;
  onDecide: (decision: Decision) => void;
  onOrder: (orderId: string) => void;
}

/** Where it happened: "order T1-0042, Table 4". */
function usePlaceText({ order }: Refusal): string | undefined {
  const { t } = useTranslation('sync');
  if (order === null || order.number === '') return undefined;
  const number = t('on', { number: order.number });
  return order.tableName === '' ? number : `${number}, ${order.tableName}`;
}

function Refused({ refusal, onDecide, onOrder }: RefusedProps) {
  const { t } = useTranslation('sync');
  const { dayTime, money } = useFormats();
  const staff = useRows('staff');
  const orders = useRows('order');
  const nameOf = useTerminalName();
  const place = usePlaceText(refusal);
  const { order, error, input } = refusal;
  const actor = staff.get(refusal.actorId)?.name;
  const what = input === null ? '' : inputWords(input, money);
  const facts = [
    actor === undefined ? undefined : shortName(actor),
    refusal.isOwn ? t('thisTerminal') : (nameOf(refusal.deviceId) ?? t('otherTerminal')),
    dayTime(refusal.at),
  ];
  const hasFix = input !== null && fixFields(refusal.name).length > 0;
  const subject = [commandWord(refusal.name), place ?? refusal.subject]
    .filter((part) => part !== undefined)
    .join(' · ');
  const act = (decision: Decision) => ({
    'aria-label': `${t(decision)}: ${subject}`,
    size: 's' as const,
    onPress: () => onDecide(decision),
  });
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t border-line px-6 py-3">
      <div className="min-w-0 flex-1 basis-[340px]">
        <p className="break-words font-semibold">{subject}</p>
        {what !== '' && <p className="num break-words text-sm text-ink-2">{what}</p>}
        <p className="mt-0.5 break-words text-sm font-semibold text-danger">{error.message}</p>
        <p className="num text-[13px] text-ink-3">{facts.filter((fact) => fact !== undefined).join(' · ')}</p>
      </div>
      <div className="flex flex-wrap justify-end gap-2">
        {order !== null && orders.has(order.id) && (
          <Button size="s" variant="link" onPress={() => onOrder(order.id)}>
            {t('showOrder')}
          </Button>
        )}
        {hasFix && <Button {...act('fix')}>{t('fix')}</Button>}
        {input !== null && <Button {...act('retry')}>{t('retry')}</Button>}
        <Button {...act('discard')} variant="dangerQuiet">
          {t('discard')}
        </Button>
      </div>
    </div>
  );
}

/** What the cloud refused of this terminal, and of the branch's others: why, and what to do about it. */
export function RefusedList({ onOrder }: { onOrder: (orderId: string) => void }) {
  const { t } = useTranslation('sync');
  const ask = useCallback(() => callTerminal('refusals:list', { limit: LIMIT }), []);
  const asked = useAsked(ask);
  const [act, setAct] = useState<{ refusal: Refusal; decision: Decision }>();
  useNamesOf((asked.answer?.items ?? []).map(({ deviceId }) => deviceId));
  const close = () => {
    setAct(undefined);
    asked.reload();
  };
  const empty = { icon: <Inbox size={44} />, title: t('refusedEmpty'), text: t('refusedEmptyHelp') };
  return (
    <>
      <ListState asked={asked} isEmpty={(list) => list.items.length === 0} empty={empty}>
        {(list) => (
          <>
            <VirtualList
              label={t('tabs.refused')}
              items={list.items}
              keyOf={(item) => item.commandId}
              rowHeight={104}
              renderRow={(refusal) => (
                <Refused refusal={refusal} onDecide={(decision) => setAct({ refusal, decision })} onOrder={onOrder} />
              )}
            />
            {list.total > list.items.length && (
              <p className="num border-t border-line px-6 py-3 text-sm text-ink-3">
                {t('shown', { shown: list.items.length, total: list.total })}
              </p>
            )}
          </>
        )}
      </ListState>
      {act !== undefined && <DecisionSheet {...act} onClose={close} />}
    </>
  );
}

import { Minus, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Order, OrderLine } from '#shared/domain/order.ts';
import { tryRun } from '../../state/run.ts';
import { mayUse, useSession } from '../../state/selectors.ts';
import { showError, showToast } from '../../state/toasts.ts';
import { useFormats } from '../../state/use-formats.ts';
import { ApprovalSheet } from '../../ui/ApprovalSheet.tsx';
import { Button } from '../../ui/Button.tsx';
import { Field } from '../../ui/Field.tsx';
import { IconButton } from '../../ui/IconButton.tsx';
import { ReasonPicker } from '../../ui/ReasonPicker.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { changeLine, removeLine, restoreLine, voidLine } from './till-actions.ts';
import { closeSheet } from './till-state.ts';

function UnsentLine({
  order,
  line,
  note,
  onNote,
}: {
  order: Order;
  line: OrderLine;
  note: string;
  onNote: (note: string) => void;
}) {
  const { t } = useTranslation('pos');
  const { t: tCommon } = useTranslation();
  const step = 'size-16 border border-line-strong bg-surface text-ink';
  const setQuantity = (quantity: number) => void changeLine(order.id, line.id, { quantity }).catch(showError);
  const remove = async () => {
    try {
      await removeLine(order.id, line.id);
      closeSheet();
      const undo = { label: tCommon('undo'), run: () => void restoreLine(order.id, line).catch(showError) };
      showToast({ tone: 'info', text: t('line.removed', { name: line.name }), undo });
    } catch (error) {
      showError(error);
    }
  };
  return (
    <>
      <div role="group" aria-label={t('line.quantity')} className="flex items-center justify-center gap-4">
        <IconButton
          label={`${t('line.quantity')} −`}
          icon={<Minus size={26} />}
          isDisabled={line.quantity <= 1}
          onPress={() => setQuantity(line.quantity - 1)}
          className={step}
        />
        <output aria-label={t('line.quantity')} className="num w-24 text-center text-[44px] font-bold leading-none">
          {line.quantity}
        </output>
        <IconButton
          label={`${t('line.quantity')} +`}
          icon={<Plus size={26} />}
          isDisabled={line.quantity >= 999}
          onPress={() => setQuantity(line.quantity + 1)}
          className={step}
        />
      </div>
      <Field
        label={t('line.note')}
        value={note}
        onChange={onNote}
        maxLength={200}
        placeholder={t('line.notePlaceholder')}
      />
      <Button variant="dangerQuiet" icon={<Trash2 size={18} aria-hidden />} onPress={() => void remove()}>
        {t('line.remove')}
      </Button>
    </>
  );
}

function SentLine({ order, line }: { order: Order; line: OrderLine }) {
  const { t } = useTranslation('pos');
  const session = useSession();
  const [reason, setReason] = useState('');
  const submit = (text: string) => {
    if (!mayUse(session, 'L3')) {
      setReason(text);
      return;
    }
    voidLine(order.id, line.id, text).then(closeSheet).catch(showError);
  };
  return (
    <>
      <p className="text-ink-2">{t('line.sentHint')}</p>
      <ReasonPicker
        label={t('reasonFor')}
        reasons={[t('reasons.mistake'), t('reasons.changed'), t('reasons.quality'), t('reasons.waited')]}
        ownLabel={t('reasonOwn')}
        submitLabel={t('line.void')}
        isDanger
        onReason={submit}
      />
      {reason !== '' && (
        <ApprovalSheet
          level="L3"
          title={t('line.voidTitle', { name: line.name })}
          onClose={() => setReason('')}
          onApprove={async (approval) => {
            await voidLine(order.id, line.id, reason, approval);
            closeSheet();
          }}
        />
      )}
    </>
  );
}

/** One line: how many, a note, off it goes; once it was sent, only a void with a reason. */
export function LineSheet({ order, line }: { order: Order; line: OrderLine }) {
  const { t } = useTranslation('pos');
  const { amount } = useFormats();
  const [note, setNote] = useState(line.note);
  const isSent = line.sentAt !== undefined;
  const close = () => {
    const isNew = !isSent && note.trim() !== line.note;
    if (isNew) void changeLine(order.id, line.id, { note }).catch(showError);
    closeSheet();
  };
  const mark86 = async () => {
    const isDone = await tryRun([{ name: 'menu.set86', input: { itemId: line.itemId, is86: true } }]);
    if (isDone) showToast({ tone: 'info', text: t('line.marked86', { name: line.name }) });
  };
  return (
    <Sheet title={line.name} onClose={close}>
      <div className="flex flex-col gap-5 p-6">
        <p className="num flex justify-between text-ink-2">
          <span>{t('line.each', { amount: amount(line.unitPriceMinor) })}</span>
          <b className="font-bold text-ink">{amount(line.unitPriceMinor * line.quantity)}</b>
        </p>
        {isSent ? (
          <SentLine order={order} line={line} />
        ) : (
          <UnsentLine order={order} line={line} note={note} onNote={setNote} />
        )}
        <div className="flex gap-3 border-t border-line pt-4">
          <Button variant="quiet" className="flex-1" onPress={() => void mark86()}>
            {t('line.mark86')}
          </Button>
          {!isSent && (
            <Button variant="primary" className="flex-1" onPress={close}>
              {t('line.done')}
            </Button>
          )}
        </div>
      </div>
    </Sheet>
  );
}

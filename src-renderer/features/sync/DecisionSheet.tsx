import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Refusal } from '#shared/contract/bridge.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { currencyDecimals } from '#shared/kernel/money.ts';
import { type Approval, run } from '../../state/run.ts';
import { mayUse, useSession } from '../../state/selectors.ts';
import { errorText, showToast } from '../../state/toasts.ts';
import { useFormats } from '../../state/use-formats.ts';
import { ApprovalSheet } from '../../ui/ApprovalSheet.tsx';
import { Button } from '../../ui/Button.tsx';
import { Field } from '../../ui/Field.tsx';
import { ReasonPicker } from '../../ui/ReasonPicker.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { commandWord } from './command-word.ts';
import { type FixField, fieldText, fieldValue, fixFields } from './fix-fields.ts';
import { decisionCalls } from './refusal-calls.ts';

export type Decision = 'retry' | 'fix' | 'discard';
export interface DecisionSheetProps {
  refusal: Refusal;
  decision: Decision;
  onClose: () => void;
}

type More = Parameters<typeof decisionCalls>[2];

/** What decides needs level 4: whoever has it goes on at once, but for a discard, which always takes a PIN. */
function useDecide({ refusal, decision, onClose }: DecisionSheetProps) {
  const { t } = useTranslation('sync');
  const session = useSession();
  const [asked, setAsked] = useState<More>();
  const [failure, setFailure] = useState<{ text: string; path: string | undefined }>();
  const decide = async (more: More, approval?: Approval) => {
    await run(decisionCalls(refusal, decision, more), approval);
    onClose();
    showToast({ tone: 'ok', text: t(`decided.${decision}`) });
  };
  const submit = (more: More) => {
    setFailure(undefined);
    if (decision === 'discard' || !mayUse(session, 'L4')) return setAsked(more);
    decide(more).catch((error: unknown) => {
      setFailure({ text: errorText(error), path: error instanceof AppError ? error.path : undefined });
    });
    return undefined;
  };
  const approval = asked !== undefined && (
    <ApprovalSheet
      level="L4"
      title={t(`${decision}Title`)}
      onClose={() => setAsked(undefined)}
      onApprove={(given) => decide(asked, given)}
    />
  );
  return { submit, approval, failure };
}

function Failure({ text }: { text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <p role="alert" className="text-sm font-semibold text-danger">
      {text}
    </p>
  );
}

function FixForm({ refusal, failure, onSubmit }: FixFormProps) {
  const { t } = useTranslation('sync');
  const { currency } = useFormats();
  const decimals = currencyDecimals(currency);
  const fields = fixFields(refusal.name);
  const [texts, setTexts] = useState<Record<string, string>>(() =>
    Object.fromEntries(fields.map(({ name, kind }) => [name, fieldText(kind, refusal.input?.[name], decimals)])),
  );
  const valueOf = ({ name, kind }: FixField) => fieldValue(kind, texts[name] ?? '', decimals);
  const isReady = fields.every((field) => valueOf(field) !== undefined);
  const submit = () =>
    onSubmit({ changes: Object.fromEntries(fields.map((field) => [field.name, valueOf(field) ?? null])) });
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) submit();
      }}
    >
      {fields.map((field, index) => (
        <Field
          key={field.name}
          label={t(`fields.${field.name}` as 'fields.quantity')}
          isFirst={index === 0}
          value={texts[field.name] ?? ''}
          onChange={(text) => setTexts({ ...texts, [field.name]: text })}
          inputMode={field.kind === 'text' ? 'text' : 'decimal'}
          error={
            valueOf(field) === undefined ? t('fieldWrong') : failure?.path === field.name ? failure.text : undefined
          }
        />
      ))}
      {failure !== undefined && !fields.some(({ name }) => name === failure.path) && <Failure text={failure.text} />}
      <Button type="submit" variant="primary" size="l" isDisabled={!isReady}>
        {t('fixGo')}
      </Button>
    </form>
  );
}
interface FixFormProps {
  refusal: Refusal;
  failure: { text: string; path: string | undefined } | undefined;
  onSubmit: (more: More) => void;
}

/** Decides about one refused command: tried again, fixed and tried again, or given up with a reason. */
export function DecisionSheet(props: DecisionSheetProps) {
  const { refusal, decision, onClose } = props;
  const { t } = useTranslation('sync');
  const { submit, approval, failure } = useDecide(props);
  return (
    <Sheet title={t(`${decision}Title`)} onClose={onClose}>
      <div className="flex flex-col gap-4 p-6">
        <div>
          <p className="font-semibold">{commandWord(refusal.name)}</p>
          <p className="text-sm font-semibold text-danger">{refusal.error.message}</p>
        </div>
        <p className="text-ink-2">{t(`${decision}Text`)}</p>
        {decision === 'fix' && <FixForm refusal={refusal} failure={failure} onSubmit={submit} />}
        {decision === 'retry' && (
          <>
            <Failure text={failure?.text} />
            <Button variant="primary" size="l" onPress={() => submit({})}>
              {t('retryGo')}
            </Button>
          </>
        )}
        {decision === 'discard' && (
          <ReasonPicker
            label={t('discardWhy')}
            reasons={[t('reasons.done'), t('reasons.mistake'), t('reasons.late')]}
            ownLabel={t('reasonOwn')}
            submitLabel={t('discardGo')}
            isDanger
            onReason={(reason) => submit({ reason })}
          />
        )}
      </div>
      {approval}
    </Sheet>
  );
}

import { useState } from 'react';
import { Button } from './Button.tsx';
import { Chip } from './Chip.tsx';
import { Field } from './Field.tsx';

export interface ReasonPickerProps {
  label: string;
  /** Reasons that one tap chooses. */
  reasons: readonly string[];
  ownLabel: string;
  submitLabel: string;
  isDanger?: boolean;
  /** Something else is missing: the reason can be chosen, the button waits. */
  isBlocked?: boolean;
  /** The reason that stands there at first. */
  initial?: string;
  onReason: (reason: string) => void;
}

/** A reason: one of a few, or one's own words. */
export function ReasonPicker(props: ReasonPickerProps) {
  const { label, reasons, ownLabel, submitLabel, isDanger = false, isBlocked = false, initial = '', onReason } = props;
  const [chosen, setChosen] = useState(initial);
  const [own, setOwn] = useState('');
  const reason = own.trim() === '' ? chosen : own.trim();
  return (
    <div className="flex flex-col gap-3">
      <p className="text-sm font-semibold text-ink-2">{label}</p>
      <div role="group" aria-label={label} className="flex flex-wrap gap-2">
        {reasons.map((text) => (
          <Chip
            key={text}
            isSelected={reason === text}
            onPress={() => {
              setChosen(text);
              setOwn('');
            }}
          >
            {text}
          </Chip>
        ))}
      </div>
      <Field label={ownLabel} value={own} onChange={setOwn} maxLength={200} />
      <Button
        variant={isDanger ? 'danger' : 'primary'}
        size="l"
        isDisabled={reason === '' || isBlocked}
        onPress={() => onReason(reason)}
      >
        {submitLabel}
      </Button>
    </div>
  );
}

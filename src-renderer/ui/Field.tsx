import { type ReactNode, useEffect, useRef } from 'react';
import { FieldError, Input, Label, Text, TextField, type TextFieldProps } from 'react-aria-components';
import { cn } from './class-names.ts';

export interface FieldProps extends Omit<TextFieldProps, 'className' | 'children' | 'style' | 'autoFocus'> {
  label: string;
  help?: ReactNode;
  /** Shown instead of `help` and makes the field invalid. */
  error?: string | undefined;
  placeholder?: string;
  /** Takes the focus when it appears: what is typed next belongs here. */
  isFirst?: boolean;
  className?: string;
}

/** A line of text with its label. */
export function Field({ label, help, error, placeholder, isFirst = false, className, ...rest }: FieldProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (isFirst) input.current?.focus();
  }, [isFirst]);
  return (
    <TextField {...rest} isInvalid={error !== undefined} className={cn('flex flex-col gap-1.5', className)}>
      <Label className="text-sm font-semibold text-ink-2">{label}</Label>
      <Input
        ref={input}
        {...(placeholder === undefined ? {} : { placeholder })}
        className="h-12 w-full rounded-m border border-line-strong bg-surface px-3.5 text-base placeholder:text-ink-3 data-[invalid]:border-danger"
      />
      {error === undefined ? (
        help !== undefined && (
          <Text slot="description" className="text-[13px] text-ink-3">
            {help}
          </Text>
        )
      ) : (
        <FieldError className="text-[13px] font-semibold text-danger">{error}</FieldError>
      )}
    </TextField>
  );
}

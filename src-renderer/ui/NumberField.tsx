import { Minus, Plus } from 'lucide-react';
import {
  Button,
  Group,
  Input,
  Label,
  NumberField as AriaNumberField,
  type NumberFieldProps as AriaProps,
} from 'react-aria-components';
import { cn } from './class-names.ts';

export interface NumberFieldProps extends Omit<AriaProps, 'className' | 'children' | 'style'> {
  label: string;
  className?: string;
}

/** A whole number with a minus and a plus of 56 px. */
export function NumberField({ label, className, ...rest }: NumberFieldProps) {
  const step =
    'grid size-14 place-items-center rounded-m border border-line-strong bg-surface data-[pressed]:bg-accent-soft data-[disabled]:opacity-45';
  return (
    <AriaNumberField {...rest} className={cn('flex flex-col gap-1.5', className)}>
      <Label className="text-sm font-semibold text-ink-2">{label}</Label>
      <Group className="flex items-center gap-2">
        <Button slot="decrement" className={step}>
          <Minus size={22} aria-hidden />
        </Button>
        <Input className="num h-14 w-24 rounded-m border border-line-strong bg-surface text-center text-2xl font-bold" />
        <Button slot="increment" className={step}>
          <Plus size={22} aria-hidden />
        </Button>
      </Group>
    </AriaNumberField>
  );
}

import type { ReactNode } from 'react';
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components';
import { cn } from './class-names.ts';

export interface IconButtonProps extends Omit<AriaButtonProps, 'className' | 'children' | 'style' | 'aria-label'> {
  /** What it does, for people who do not see it. */
  label: string;
  icon: ReactNode;
  className?: string;
}

/** A square of 48 px with a picture and a name. */
export function IconButton({ label, icon, className, ...rest }: IconButtonProps) {
  return (
    <AriaButton
      {...rest}
      aria-label={label}
      className={cn(
        'grid size-12 shrink-0 place-items-center rounded-m text-ink-2 data-[pressed]:bg-surface-2 data-[disabled]:opacity-45',
        className,
      )}
    >
      {icon}
    </AriaButton>
  );
}

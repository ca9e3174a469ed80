import type { ReactNode } from 'react';
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components';
import { cn } from './class-names.ts';

const VARIANTS = {
  primary: 'bg-accent text-accent-ink font-bold data-[pressed]:brightness-90',
  outline: 'border-2 border-accent text-accent font-bold data-[pressed]:bg-accent-soft',
  strong: 'bg-ink text-bg font-bold data-[pressed]:opacity-85',
  secondary: 'bg-surface border border-line-strong font-semibold data-[pressed]:bg-surface-2',
  quiet: 'text-ink-2 font-semibold data-[pressed]:bg-surface-2',
  link: 'text-accent font-semibold data-[pressed]:bg-accent-soft',
  danger: 'bg-danger text-danger-ink font-bold data-[pressed]:brightness-90',
  dangerQuiet: 'border border-danger text-danger font-semibold data-[pressed]:bg-danger-soft',
} as const;

const SIZES = {
  /** 44 px: desks. */
  s: 'min-h-11 px-4 text-sm rounded-m',
  /** 48 px: the least on till and kitchen. */
  m: 'min-h-12 px-4 text-[15px] rounded-m',
  /** 64 px: the buttons that matter. */
  l: 'min-h-16 px-4 text-lg rounded-m',
} as const;

export interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'children' | 'style'> {
  variant?: keyof typeof VARIANTS;
  size?: keyof typeof SIZES;
  icon?: ReactNode;
  /** A second, smaller line. */
  note?: ReactNode;
  children: ReactNode;
  className?: string;
}

/** A button with words on it; its visible words are its name. */
export function Button({ variant = 'secondary', size = 'm', icon, note, children, className, ...rest }: ButtonProps) {
  return (
    <AriaButton
      {...rest}
      className={cn(
        'inline-flex items-center justify-center gap-2 text-center leading-tight transition-[background-color,opacity,filter] duration-100',
        'data-[disabled]:opacity-45',
        VARIANTS[variant],
        SIZES[size],
        className,
      )}
    >
      {icon}
      {note === undefined ? (
        children
      ) : (
        <span className="min-w-0">
          <span className="block">{children}</span>
          <span className="num line-clamp-2 text-xs font-semibold leading-tight opacity-90">{note}</span>
        </span>
      )}
    </AriaButton>
  );
}

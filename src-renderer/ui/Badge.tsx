import type { ReactNode } from 'react';
import { cn } from './class-names.ts';

export const TONES = {
  ok: 'bg-ok-soft text-ok',
  warn: 'bg-warn-soft text-warn',
  danger: 'bg-danger-soft text-danger',
  info: 'bg-info-soft text-info',
  plain: 'bg-surface-2 text-ink-2',
} as const;
export type Tone = keyof typeof TONES;

/** A short word with a colour; the word alone must say it. */
export function Badge({ tone, children, className }: { tone: Tone; children: ReactNode; className?: string }) {
  return (
    <span
      className={cn(
        'num inline-flex h-6 items-center rounded-full px-2.5 text-xs font-semibold',
        TONES[tone],
        className,
      )}
    >
      {children}
    </span>
  );
}

import type { ReactNode } from 'react';
import { TONES, type Tone } from './Badge.tsx';
import { cn } from './class-names.ts';

export interface BannerProps {
  tone: Tone;
  icon?: ReactNode;
  /** A button at the end. */
  action?: ReactNode;
  children: ReactNode;
  className?: string;
}

/** A sentence across the whole width. `danger` interrupts a screen reader, the others wait. */
export function Banner({ tone, icon, action, children, className }: BannerProps) {
  return (
    <div
      role={tone === 'danger' ? 'alert' : 'status'}
      className={cn('flex min-h-12 items-center gap-3 px-4 py-2 font-semibold', TONES[tone], className)}
    >
      {icon}
      <span className="min-w-0 flex-1">{children}</span>
      {action}
    </div>
  );
}

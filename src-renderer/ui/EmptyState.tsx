import type { ReactNode } from 'react';
import { cn } from './class-names.ts';

export interface EmptyStateProps {
  icon: ReactNode;
  title: string;
  text?: ReactNode;
  action?: ReactNode;
  /** `l`: to be read from across a room. */
  size?: 'm' | 'l';
}

/** What a list says when nothing is in it, and what to do. */
export function EmptyState({ icon, title, text, action, size = 'm' }: EmptyStateProps) {
  return (
    <div className="flex h-full flex-col items-center justify-center gap-2 p-8 text-center">
      <div className="mb-1 text-ink-3" aria-hidden>
        {icon}
      </div>
      <p className={cn('font-bold tracking-tight', size === 'l' ? 'text-4xl' : 'text-lg')}>{title}</p>
      {text !== undefined && (
        <p className={cn('text-ink-2', size === 'l' ? 'max-w-2xl text-2xl' : 'max-w-sm')}>{text}</p>
      )}
      {action !== undefined && <div className="mt-3">{action}</div>}
    </div>
  );
}

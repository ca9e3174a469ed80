import type { ReactNode } from 'react';

export interface EmptyStateProps {
  icon: ReactNode;
  title: string;
  text?: ReactNode;
  action?: ReactNode;
}

/** What a list says when nothing is in it, and what to do. */
export function EmptyState({ icon, title, text, action }: EmptyStateProps) {
  return (
    <div className="flex h-full flex-col items-center justify-center gap-2 p-8 text-center">
      <div className="mb-1 text-ink-3" aria-hidden>
        {icon}
      </div>
      <p className="text-lg font-bold tracking-tight">{title}</p>
      {text !== undefined && <p className="max-w-sm text-ink-2">{text}</p>}
      {action !== undefined && <div className="mt-3">{action}</div>}
    </div>
  );
}

import type { ReactNode } from 'react';
import { cn } from './class-names.ts';

/** A surface that holds one thing. */
export function Card({ children, className }: { children: ReactNode; className?: string }) {
  return <div className={cn('rounded-m border border-line bg-surface p-4', className)}>{children}</div>;
}

import { cn } from './class-names.ts';

/** A grey place where something will be. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cn('glimmer rounded-m bg-line', className)} />;
}

import type { ReactNode } from 'react';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { ErrorState } from '../../ui/ErrorState.tsx';
import { Skeleton } from '../../ui/Skeleton.tsx';
import type { Asked } from './use-asked.ts';

export interface ListStateProps<T> {
  asked: Asked<T>;
  isEmpty: (answer: T) => boolean;
  empty: { icon: ReactNode; title: string; text: string };
  children: (answer: T) => ReactNode;
}

/** A list that is asked for: on its way, failed, empty, or there. */
export function ListState<T>({ asked, isEmpty, empty, children }: ListStateProps<T>) {
  const { answer, error, reload } = asked;
  if (error !== undefined) return <ErrorState text={error} onRetry={reload} />;
  if (answer === undefined) {
    return (
      <div className="flex flex-col gap-3 p-6">
        {Array.from({ length: 5 }, (_, index) => (
          <Skeleton key={index} className="h-12" />
        ))}
      </div>
    );
  }
  if (isEmpty(answer)) return <EmptyState {...empty} />;
  return children(answer);
}

import { CircleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from './Button.tsx';

export interface ErrorStateProps {
  title?: string;
  /** What happened, that nothing was lost, what to do. */
  text: string;
  onRetry?: () => void;
  retryLabel?: string;
}

/** What stands in the place of something that could not be shown. */
export function ErrorState({ title, text, onRetry, retryLabel }: ErrorStateProps) {
  const { t } = useTranslation();
  return (
    <div role="alert" className="flex h-full flex-col items-center justify-center gap-2 p-8 text-center">
      <CircleAlert size={36} className="text-danger" aria-hidden />
      <p className="text-lg font-bold tracking-tight">{title ?? t('failedTitle')}</p>
      <p className="max-w-md text-ink-2">{text}</p>
      {onRetry !== undefined && (
        <Button variant="secondary" className="mt-3" onPress={onRetry}>
          {retryLabel ?? t('retry')}
        </Button>
      )}
    </div>
  );
}

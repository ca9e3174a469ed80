import { Component, type ReactNode } from 'react';
import { Translation } from 'react-i18next';
import { ErrorState } from '../ui/ErrorState.tsx';

/** A screen that throws does not take the others with it. Loading anew also gets the parts of a newer version. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <Translation ns="shell">
        {(t) => (
          <ErrorState
            title={t('crashed')}
            text={t('crashedHelp')}
            retryLabel={t('reload')}
            onRetry={() => location.reload()}
          />
        )}
      </Translation>
    );
  }
}

import { useEffect, useReducer, useState } from 'react';
import { useLive } from '../../state/store.ts';
import { errorText } from '../../state/toasts.ts';

export interface Asked<T> {
  /** `undefined` while the first answer is on its way. */
  answer: T | undefined;
  error: string | undefined;
  reload: () => void;
}

/**
 * What the terminal says to a question, asked anew whenever its status changes, one question at a time. `ask` must stay
 * the same between renders; another one starts from nothing.
 */
export function useAsked<T>(ask: () => Promise<T>): Asked<T> {
  const [state, setState] = useState<{ ask: () => Promise<T>; answer?: T; error?: string }>({ ask });
  const [round, reload] = useReducer((before: number) => before + 1, 0);
  useEffect(() => {
    let isGone = false;
    let isAsking = false;
    let isStale = false;
    const run = () => {
      isStale = isAsking;
      if (isAsking) return;
      isAsking = true;
      void ask()
        .then(
          (answer) => isGone || setState({ ask, answer }),
          (error: unknown) => isGone || setState({ ask, error: errorText(error) }),
        )
        .finally(() => {
          isAsking = false;
          if (isStale && !isGone) run();
        });
    };
    run();
    const stop = useLive.subscribe((live, before) => live.status !== before.status && run());
    return () => {
      isGone = true;
      stop();
    };
  }, [ask, round]);
  const isOwn = state.ask === ask;
  return { answer: isOwn ? state.answer : undefined, error: isOwn ? state.error : undefined, reload };
}

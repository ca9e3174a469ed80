import { useEffect, useReducer, useState } from 'react';
import type { CallInput, OutboxItem } from '#shared/contract/bridge.ts';
import { callTerminal } from '../../state/live.ts';
import { useLive } from '../../state/store.ts';
import { errorText } from '../../state/toasts.ts';

export type OutboxFilter = CallInput<'outbox:list'>['filter'];
export interface Outbox {
  /** `undefined` while the first answer is on its way. */
  list: { items: OutboxItem[]; total: number } | undefined;
  error: string | undefined;
  reload: () => void;
}

const LIMIT = 200;

/** What the terminal's outbox holds; asked anew whenever its status changes, one question at a time. */
export function useOutbox(filter: OutboxFilter): Outbox {
  const [state, setState] = useState<{ filter: OutboxFilter; list?: Outbox['list']; error?: string }>({ filter });
  const [round, reload] = useReducer((before: number) => before + 1, 0);
  useEffect(() => {
    let isGone = false;
    let isAsking = false;
    let isStale = false;
    const ask = () => {
      isStale = isAsking;
      if (isAsking) return;
      isAsking = true;
      void callTerminal('outbox:list', { filter, limit: LIMIT })
        .then(
          (list) => isGone || setState({ filter, list }),
          (error: unknown) => isGone || setState({ filter, error: errorText(error) }),
        )
        .finally(() => {
          isAsking = false;
          if (isStale && !isGone) ask();
        });
    };
    ask();
    const stop = useLive.subscribe((live, before) => live.status !== before.status && ask());
    return () => {
      isGone = true;
      stop();
    };
  }, [filter, round]);
  const isOwn = state.filter === filter;
  return { list: isOwn ? state.list : undefined, error: isOwn ? state.error : undefined, reload };
}

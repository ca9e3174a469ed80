import { useCallback, useEffect, useRef, useState } from 'react';
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
  const status = useLive((live) => live.status);
  const asking = useRef<{ filter: OutboxFilter; isStale: boolean } | undefined>(undefined);
  const reload = useCallback(() => {
    const current = asking.current;
    if (current?.filter === filter) {
      current.isStale = true;
      return;
    }
    const mine = { filter, isStale: false };
    asking.current = mine;
    callTerminal('outbox:list', { filter, limit: LIMIT })
      .then((list) => asking.current === mine && setState({ filter, list }))
      .catch((error: unknown) => asking.current === mine && setState({ filter, error: errorText(error) }))
      .finally(() => {
        if (asking.current !== mine) return;
        asking.current = undefined;
        if (mine.isStale) reload();
      });
  }, [filter]);
  useEffect(reload, [reload, status]);
  const isOwn = state.filter === filter;
  return { list: isOwn ? state.list : undefined, error: isOwn ? state.error : undefined, reload };
}

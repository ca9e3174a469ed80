import { useCallback, useEffect } from 'react';
import { create } from 'zustand';
import type { TerminalsView } from '#shared/contract/bridge.ts';
import { callTerminal } from './live.ts';
import { useLive } from './store.ts';

/** The terminals of the branch, as they were last asked for. */
export const useTerminals = create<{ view: TerminalsView | undefined }>(() => ({ view: undefined }));

/** A name that is still not known is asked for again after this. */
const ASK_AGAIN_MS = 60_000;
let askedMs = Number.NEGATIVE_INFINITY;

/** Asks the terminal for the branch's terminals. Rejects with AppError. */
export async function askTerminals(): Promise<void> {
  askedMs = Date.now();
  useTerminals.setState({ view: await callTerminal('sync:terminals', {}) });
}

/** The name of a terminal; `undefined` while it is not known here. */
export function useTerminalName(): (deviceId: string | undefined) => string | undefined {
  const view = useTerminals((state) => state.view);
  const info = useLive((live) => live.info);
  return useCallback(
    (deviceId) => {
      if (deviceId === info?.deviceId) return info?.deviceName;
      return view?.terminals.find((each) => each.deviceId === deviceId)?.name;
    },
    [view, info],
  );
}

/** Sees to it that the names of these terminals are known. */
export function useNamesOf(deviceIds: readonly (string | undefined)[]): void {
  const nameOf = useTerminalName();
  const isMissing = deviceIds.some((id) => id !== undefined && nameOf(id) === undefined);
  useEffect(() => {
    if (isMissing && Date.now() - askedMs > ASK_AGAIN_MS) askTerminals().catch(() => undefined);
  }, [isMissing]);
}

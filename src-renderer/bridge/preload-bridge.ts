import {
  bridgeEvents,
  type CallInput,
  type CallOutput,
  type EventPayload,
  type PreloadApi,
} from '#shared/contract/bridge.ts';
import type { CallName, EventName } from '#shared/contract/bridge-names.ts';
import { readAnswer, type ScreenBridge } from './screen-bridge.ts';

/** The bridge inside Electron: the main process dies with its windows, so the link is always up. */
export function createPreloadBridge(api: PreloadApi): ScreenBridge {
  return {
    async call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
      return readAnswer(name, await api.call(name, input));
    },
    on<N extends EventName>(name: N, listener: (payload: EventPayload<N>) => void): () => void {
      return api.on(name, (payload) => {
        const parsed = bridgeEvents[name].safeParse(payload);
        if (parsed.success) listener(parsed.data as EventPayload<N>);
      });
    },
    onLink(listener) {
      listener({ state: 'up' });
      return () => undefined;
    },
  };
}

import { createContext, runInContext } from 'node:vm';
import type { PreloadApi } from '#shared/contract/bridge.ts';
import type { MainHost } from './main-host.ts';
import type { SenderFrame } from './messages.ts';
import { EMIT_SYMBOL, INVOKE_GLOBAL, preloadScript } from './preload-host.ts';

const OWN_FRAME: SenderFrame = { url: 'app://chefcloud/', origin: 'app://chefcloud', isTop: true };

/** A window without a browser: the built preload in a context of its own. `frame` is what main is told of the sender. */
export async function openVmWindow(
  main: MainHost,
  frame: SenderFrame = OWN_FRAME,
): Promise<{ windowId: number; api: PreloadApi }> {
  const { windowId, preload } = await main.firstWindow();
  if (preload === undefined) throw new Error('the window has no preload');
  const world: Record<PropertyKey, unknown> = {
    structuredClone,
    [INVOKE_GLOBAL]: async (channel: string, args: unknown[]) => {
      try {
        return { value: await main.request('invoke', { windowId, channel, args, frame }) };
      } catch (error) {
        return { failure: error instanceof Error ? error.message : String(error) };
      }
    },
  };
  world['window'] = world;
  world['top'] = world;
  createContext(world);
  runInContext(preloadScript(preload), world);
  main.on('send', (message) => {
    if (message.windowId !== windowId) return;
    const emit = world[Symbol.for(EMIT_SYMBOL)] as ((channel: string, args: unknown[]) => void) | undefined;
    emit?.(message.channel, message.args);
  });
  return { windowId, api: world['chefcloud'] as PreloadApi };
}

import { HttpBridge } from './http-bridge.ts';
import { createPreloadBridge } from './preload-bridge.ts';
import type { ScreenBridge } from './screen-bridge.ts';

/** Electron's bridge where the preload offers one, else the hub's. */
export function chooseBridge(): ScreenBridge {
  const api = window.chefcloud;
  return api === undefined ? new HttpBridge() : createPreloadBridge(api);
}

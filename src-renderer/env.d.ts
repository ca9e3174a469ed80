import type { PreloadApi } from '#shared/contract/bridge.ts';

declare global {
  interface Window {
    /** Set by the preload in Electron; absent in a browser. */
    chefcloud?: PreloadApi;
  }
}

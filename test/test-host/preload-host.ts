import { readFileSync } from 'node:fs';

/** The function a window calls to reach main, and the one main's messages come in by. Both are gone once the preload has run. */
export const INVOKE_GLOBAL = '__chefcloudHostInvoke';
/** Where the test puts main's messages into the page: a symbol, so that no page trips over it. */
export const EMIT_SYMBOL = 'chefcloud.test-host.emit';

/**
 * A script that runs the built preload as Electron's sandbox would: CommonJS, `require` knows `electron` alone, no
 * `process`, only in the top frame; what it exposes is frozen and crosses as copies.
 */
export function preloadScript(file: string): string {
  return HOST.replace('/*PRELOAD*/', () => readFileSync(file, 'utf8'));
}

const HOST = `(() => {
  const invokeMain = globalThis.${INVOKE_GLOBAL};
  delete globalThis.${INVOKE_GLOBAL};
  if (globalThis.window !== globalThis.window.top) return;
  const listeners = new Map();
  const ipcRenderer = {
    async invoke(channel, ...args) {
      const answer = await invokeMain(channel, structuredClone(args));
      if ('failure' in answer) throw new Error(answer.failure);
      return answer.value;
    },
    on(channel, listener) {
      if (!listeners.has(channel)) listeners.set(channel, new Set());
      listeners.get(channel).add(listener);
      return ipcRenderer;
    },
    removeListener(channel, listener) {
      listeners.get(channel)?.delete(listener);
      return ipcRenderer;
    },
  };
  Object.defineProperty(globalThis, Symbol.for('${EMIT_SYMBOL}'), {
    value: (channel, args) => {
      for (const listener of [...(listeners.get(channel) ?? [])]) listener({ sender: ipcRenderer }, ...args);
    },
  });
  const isolated = (value) => {
    if (typeof value === 'function') return (...args) => isolated(value(...args));
    if (typeof value !== 'object' || value === null || typeof value.then === 'function') return value;
    return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, part]) => [key, isolated(part)])));
  };
  const electron = {
    ipcRenderer,
    contextBridge: {
      exposeInMainWorld: (name, api) => Object.defineProperty(globalThis, name, { value: isolated(api), enumerable: true }),
    },
  };
  const require = (id) => {
    if (id === 'electron') return electron;
    throw new Error('module not found: ' + id + ' (a sandboxed preload has electron alone)');
  };
  const module = { exports: {} };
  (function (require, module, exports, process) {
/*PRELOAD*/
  })(require, module, module.exports, undefined);
})();`;

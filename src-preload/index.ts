import { contextBridge, ipcRenderer, type IpcRendererEvent } from 'electron';
// Names only: a value from a file with schemas would bring zod into the sandbox.
import { CALL_NAMES, EVENT_NAMES } from '#shared/contract/bridge-names.ts';
import type { PreloadApi } from '#shared/contract/bridge.ts';

const calls = new Set<string>(CALL_NAMES);
const events = new Set<string>(EVENT_NAMES);

const api: PreloadApi = {
  call: (name, input) =>
    calls.has(name) ? ipcRenderer.invoke(name, input) : Promise.reject(new Error(`There is no call "${name}".`)),
  on: (name, listener) => {
    if (!events.has(name)) throw new Error(`There is no event "${name}".`);
    // The event object stays here: it would hand the page the whole ipcRenderer.
    const forward = (_event: IpcRendererEvent, payload: unknown) => listener(payload);
    ipcRenderer.on(name, forward);
    return () => void ipcRenderer.removeListener(name, forward);
  },
};

contextBridge.exposeInMainWorld('chefcloud', api);

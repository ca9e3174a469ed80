// A small double of the `electron` module for a plain Node process: what src-main/electron uses, and no more. Windows
// live with the test (in Chromium, or in a vm context); this side keeps what main asked for and passes messages on.
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import type { FromMain, Recorded } from './messages.ts';

type Handler = (event: unknown, ...args: unknown[]) => unknown;
type Decide = (contents: unknown, permission: string, callback: (isGranted: boolean) => void) => void;
type Check = (contents: unknown, permission: string) => boolean;
export type HeadersListener = (
  details: { url: string; responseHeaders: Record<string, string[]> },
  callback: (answer: { responseHeaders?: Record<string, string[]> }) => void,
) => void;
export type FileHandler = (request: Request) => Promise<Response>;

/** Everything main registered, for main-process.ts to call and to report. */
export interface Registered {
  handlers: Map<string, Handler>;
  files: Map<string, FileHandler>;
  windows: Map<number, WindowDouble>;
  schemes: Recorded['schemes'];
  errorBoxes: string[];
  openings: Recorded['openings'];
  permissionRequest: Decide | undefined;
  permissionCheck: Check | undefined;
  devicePermission: unknown;
  headers: HeadersListener | undefined;
}

export interface WindowDouble extends EventEmitter {
  readonly id: number;
  readonly webContents: WebContentsDouble;
  readonly options: { width?: number; height?: number; webPreferences?: Record<string, unknown> };
  url: string;
  close(): void;
}

export interface WebContentsDouble extends EventEmitter {
  readonly id: number;
  openHandler: ((details: { url: string }) => { action: string }) | undefined;
}

/** An event whose default main may prevent. */
export function preventable<T extends object>(fields: T): T & { preventDefault(): void; isPrevented: boolean } {
  return {
    ...fields,
    isPrevented: false,
    preventDefault() {
      this.isPrevented = true;
    },
  };
}

/** Makes the double. `post` carries messages to the test; `exit` ends the process once main has quit. */
export function createElectronDouble(options: {
  userData: string;
  isPackaged: boolean;
  isFirstInstance: boolean;
  post: (message: FromMain) => void;
  exit: (code: number) => void;
}): {
  electron: Record<string, unknown> & { powerMonitor: EventEmitter };
  registered: Registered;
  becomeReady: () => void;
  quit: () => void;
} {
  const registered: Registered = {
    handlers: new Map(),
    files: new Map(),
    windows: new Map(),
    schemes: [],
    errorBoxes: [],
    openings: [],
    permissionRequest: undefined,
    permissionCheck: undefined,
    devicePermission: undefined,
    headers: undefined,
  };
  const ready = Promise.withResolvers<void>();
  const paths = new Map([
    ['userData', options.userData],
    ['appData', join(options.userData, '..')],
  ]);

  const app = Object.assign(new EventEmitter(), {
    isPackaged: options.isPackaged,
    whenReady: () => ready.promise,
    getVersion: () => '0.0.0-test',
    getPath: (name: string) => paths.get(name) ?? join(options.userData, name),
    setPath: (name: string, path: string) => void paths.set(name, path),
    requestSingleInstanceLock: () => options.isFirstInstance,
    quit: () => quit(),
    exit: (code = 0) => options.exit(code),
  });

  function quit(): void {
    const before = preventable({});
    app.emit('before-quit', before);
    if (before.isPrevented) return;
    for (const window of registered.windows.values()) window.close();
    const will = preventable({});
    app.emit('will-quit', will);
    if (will.isPrevented) return;
    app.emit('quit', {}, 0);
    options.exit(0);
  }

  let lastId = 0;
  class BrowserWindow extends EventEmitter {
    static getAllWindows = () => [...registered.windows.values()];
    readonly id = ++lastId;
    readonly options: WindowDouble['options'];
    readonly webContents: WebContentsDouble;
    url = '';
    #isDestroyed = false;

    constructor(given: WindowDouble['options']) {
      super();
      this.options = given;
      this.webContents = Object.assign(new EventEmitter(), {
        id: this.id,
        openHandler: undefined as WebContentsDouble['openHandler'],
        isDestroyed: () => this.#isDestroyed,
        // As Electron does: what cannot be cloned is an error here, not a surprise over there.
        send: (channel: string, ...args: unknown[]) =>
          options.post({ type: 'send', windowId: this.id, channel, args: structuredClone(args) }),
        setWindowOpenHandler(handler: WebContentsDouble['openHandler']) {
          this.openHandler = handler;
        },
      });
      registered.windows.set(this.id, this);
      const preload = given.webPreferences?.['preload'];
      options.post({
        type: 'window',
        windowId: this.id,
        width: given.width ?? 800,
        height: given.height ?? 600,
        preload: typeof preload === 'string' ? preload : undefined,
      });
    }
    async loadURL(url: string): Promise<void> {
      this.url = url;
      options.post({ type: 'load', windowId: this.id, url });
    }
    isDestroyed(): boolean {
      return this.#isDestroyed;
    }
    isMinimized(): boolean {
      return false;
    }
    show(): void {}
    restore(): void {}
    focus(): void {}
    close(): void {
      if (this.#isDestroyed) return;
      this.#isDestroyed = true;
      registered.windows.delete(this.id);
      this.webContents.emit('destroyed');
      this.emit('closed');
      options.post({ type: 'closed', windowId: this.id });
      if (registered.windows.size === 0) app.emit('window-all-closed');
    }
  }

  const electron = {
    app,
    BrowserWindow,
    ipcMain: {
      handle(channel: string, handler: Handler) {
        if (registered.handlers.has(channel))
          throw new Error(`Attempted to register a second handler for '${channel}'`);
        registered.handlers.set(channel, handler);
      },
      removeHandler: (channel: string) => void registered.handlers.delete(channel),
    },
    protocol: {
      registerSchemesAsPrivileged: (schemes: Recorded['schemes']) => void registered.schemes.push(...schemes),
      handle: (scheme: string, handler: FileHandler) => void registered.files.set(scheme, handler),
    },
    session: {
      defaultSession: {
        setPermissionRequestHandler: (handler: Decide) => (registered.permissionRequest = handler),
        setPermissionCheckHandler: (handler: Check) => (registered.permissionCheck = handler),
        setDevicePermissionHandler: (handler: unknown) => (registered.devicePermission = handler),
        webRequest: { onHeadersReceived: (listener: HeadersListener) => (registered.headers = listener) },
      },
    },
    dialog: { showErrorBox: (title: string, text: string) => void registered.errorBoxes.push(`${title}: ${text}`) },
    powerMonitor: new EventEmitter(),
    // Reversible and plainly no encryption: the specs look at what is kept, not at how strong a keychain is.
    safeStorage: {
      isEncryptionAvailable: () => true,
      encryptString: (text: string) => Buffer.from(`sealed:${Buffer.from(text).toString('base64')}`),
      decryptString: (sealed: Buffer) => Buffer.from(sealed.toString().slice('sealed:'.length), 'base64').toString(),
    },
  };
  return { electron, registered, becomeReady: () => ready.resolve(), quit };
}

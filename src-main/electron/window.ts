import { BrowserWindow, type Session } from 'electron';
import { APP_ORIGIN, CONTENT_SECURITY_POLICY, isAtOrigin, type ScreenSource } from './app-origin.ts';

const RELOAD_AFTER_MS = 500;

export interface WindowOptions {
  source: ScreenSource;
  preload: string;
  isPackaged: boolean;
  log: (line: string) => void;
}

/** Opens one screen: sandboxed, isolated, bound to our own origin, and reloaded by itself when its process dies. */
export function openWindow(options: WindowOptions): BrowserWindow {
  const window = new BrowserWindow({
    width: 1280,
    height: 800,
    minWidth: 800,
    minHeight: 600,
    show: false,
    title: 'ChefCloud',
    autoHideMenuBar: true,
    backgroundColor: '#0f172a',
    webPreferences: {
      preload: options.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: !options.isPackaged,
    },
  });
  window.once('ready-to-show', () => window.show());
  keepInside(window, options.source.origin);
  recover(window, options);
  void window.loadURL(options.source.url).catch((error: Error) => options.log(`screen: ${error.message}`));
  return window;
}

/** The page stays where it is: no navigation, no new window, no embedded browser. */
function keepInside(window: BrowserWindow, origin: string): void {
  const { webContents } = window;
  webContents.on('will-navigate', (event) => {
    if (!isAtOrigin(event.url, origin)) event.preventDefault();
  });
  webContents.on('will-redirect', (event) => {
    if (!isAtOrigin(event.url, origin)) event.preventDefault();
  });
  webContents.on('will-frame-navigate', (event) => {
    if (!event.isMainFrame || !isAtOrigin(event.url, origin)) event.preventDefault();
  });
  webContents.on('will-attach-webview', (event) => event.preventDefault());
  webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
}

/** A screen that crashed comes back: everything it showed is in the terminal's store. */
function recover(window: BrowserWindow, { log, source }: WindowOptions): void {
  window.webContents.on('render-process-gone', (_event, details) => {
    if (details.reason === 'clean-exit') return;
    log(`screen: its process ended (${details.reason}); loading it again`);
    // Not at once: a process that dies while it starts would otherwise keep the machine busy.
    setTimeout(() => {
      if (!window.isDestroyed())
        void window.loadURL(source.url).catch((error: Error) => log(`screen: ${error.message}`));
    }, RELOAD_AFTER_MS);
  });
  window.on('unresponsive', () => log('screen: it does not answer'));
}

/** What holds for every page of the app: no permissions, and our policy on whatever is loaded. */
export function lockSession(session: Session, source: ScreenSource): void {
  session.setPermissionRequestHandler((_contents, _permission, decide) => decide(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  // A development server injects scripts; the policy is for our own files, and these are what is shipped.
  if (source.origin !== APP_ORIGIN) return;
  session.webRequest.onHeadersReceived((details, answer) => {
    answer({
      responseHeaders: {
        ...withoutPolicy(details.responseHeaders),
        'Content-Security-Policy': [CONTENT_SECURITY_POLICY],
      },
    });
  });
}

function withoutPolicy(headers: Record<string, string[]> | undefined): Record<string, string[]> {
  const kept = Object.entries(headers ?? {}).filter(([name]) => name.toLowerCase() !== 'content-security-policy');
  return Object.fromEntries(kept);
}

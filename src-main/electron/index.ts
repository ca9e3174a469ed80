import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { app, BrowserWindow, dialog, powerMonitor, protocol, session } from 'electron';
import { AppError } from '#shared/kernel/errors.ts';
import { systemClock } from '../core/system-clock.ts';
import { createTerminal, type Terminal } from '../core/terminal.ts';
import { APP_SCHEME, screenSource } from './app-origin.ts';
import { createIpcBridge, type IpcBridge } from './ipc.ts';
import { keychainSeal } from './safe-storage.ts';
import { createScreenFiles } from './screen-files.ts';
import { startUpdater } from './updater.ts';
import { lockSession, openWindow } from './window.ts';

const NOT_ENROLLED = 'This terminal is not enrolled yet. Start ChefCloud once with --cloud=ADDRESS and --enrol=CODE.';

const log = (line: string): void => console.error(`chefcloud: ${line}`);

/** A command-line argument `--name=value` or `--name value`. */
function argument(name: string): string | undefined {
  const index = process.argv.findIndex((text) => text === `--${name}` || text.startsWith(`--${name}=`));
  const found = process.argv[index];
  if (found === undefined) return undefined;
  return found.includes('=') ? found.slice(found.indexOf('=') + 1) : process.argv[index + 1];
}

// Before the lock: Electron keeps one instance per userData folder, so that is one per data folder.
const dataDir = resolve(argument('data') ?? join(app.getPath('appData'), 'ChefCloud', 'terminal'));
mkdirSync(join(dataDir, 'electron'), { recursive: true });
app.setPath('userData', join(dataDir, 'electron'));
protocol.registerSchemesAsPrivileged([
  { scheme: APP_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
]);

if (app.requestSingleInstanceLock()) {
  // Never a top-level await on whenReady: Electron becomes ready only after this module has run to its end.
  void app.whenReady().then(start).catch(giveUp);
} else {
  app.quit();
}

async function start(): Promise<void> {
  const source = screenSource(app.isPackaged, process.env['ELECTRON_RENDERER_URL']);
  const cloudUrl = argument('cloud');
  const keySeal = keychainSeal();
  const backups = argument('backups') ?? process.env['CHEFCLOUD_BACKUPS'];
  const terminal = createTerminal({
    dataDir,
    clock: systemClock,
    host: 'electron',
    version: app.getVersion(),
    log,
    ...(cloudUrl === undefined ? {} : { cloudUrl }),
    ...(keySeal === undefined ? {} : { keySeal }),
    ...(backups === undefined || backups === '' ? {} : { backupsDir: resolve(backups) }),
  });
  const code = argument('enrol');
  if (!terminal.isEnrolled) {
    if (code === undefined || cloudUrl === undefined) throw new AppError('device/unknown', NOT_ENROLLED);
    await terminal.enrol({ cloudUrl, code, deviceName: argument('name') ?? 'Counter' });
  }
  await terminal.start();

  protocol.handle(APP_SCHEME, createScreenFiles(join(import.meta.dirname, '../renderer')));
  lockSession(session.defaultSession, source);
  const bridge = createIpcBridge(terminal, source.origin, log);
  const open = (): void => {
    const preload = join(import.meta.dirname, '../preload/index.cjs');
    bridge.attach(openWindow({ source, preload, isPackaged: app.isPackaged, log }));
  };
  open();

  app.on('second-instance', () => {
    const [window] = BrowserWindow.getAllWindows();
    if (window === undefined) return open();
    if (window.isMinimized()) window.restore();
    window.focus();
  });
  app.on('activate', () => {
    if (BrowserWindow.getAllWindows().length === 0) open();
  });
  app.on('window-all-closed', () => app.quit());
  powerMonitor.on('resume', () => terminal.wake());
  const stopUpdater = await startUpdater({
    isPackaged: app.isPackaged,
    resourcesPath: process.resourcesPath,
    clock: systemClock,
    log,
    load: async () => (await import('electron-updater')).default.autoUpdater,
  });
  quitCleanly(terminal, bridge, stopUpdater);
}

/** The store is closed before the process ends; an update that waits is installed after that, by the quit itself. */
function quitCleanly(terminal: Terminal, bridge: IpcBridge, stopUpdater: () => void): void {
  let isClosed = false;
  app.on('will-quit', (event) => {
    if (isClosed) return;
    event.preventDefault();
    isClosed = true;
    stopUpdater();
    bridge.close();
    void Promise.resolve(terminal.close())
      .catch((error: unknown) => log(`closing: ${String(error)}`))
      .finally(() => app.quit());
  });
}

/** Says why the app cannot start, in words, and ends. */
function giveUp(error: unknown): void {
  log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  const text =
    error instanceof AppError ? error.message : 'ChefCloud could not start. Nothing was lost; start it again.';
  dialog.showErrorBox('ChefCloud', text);
  app.exit(1);
}

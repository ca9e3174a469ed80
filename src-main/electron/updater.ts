import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '#shared/kernel/clock.ts';

const CHECK_EVERY_MS = 4 * 3_600_000;

/** The part of electron-updater's `autoUpdater` that is used. */
export interface Updater {
  autoDownload: boolean;
  autoInstallOnAppQuit: boolean;
  allowDowngrade: boolean;
  checkForUpdates(): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'update-downloaded', listener: (info: { version: string }) => void): unknown;
}

export interface UpdaterHost {
  isPackaged: boolean;
  /** Where the installer put `app-update.yml`; without that file no update server is configured. */
  resourcesPath: string | undefined;
  clock: Clock;
  log: (line: string) => void;
  load: () => Promise<Updater>;
}

/**
 * Looks for updates at the start and every four hours, downloads them in the background and leaves the installing to
 * the next quit: service is never interrupted. Does nothing in a run from source or without an update server.
 * Returns the function that stops looking.
 */
export async function startUpdater(host: UpdaterHost): Promise<() => void> {
  const isConfigured = host.resourcesPath !== undefined && existsSync(join(host.resourcesPath, 'app-update.yml'));
  if (!host.isPackaged || !isConfigured) return () => undefined;
  const updater = await host.load();
  updater.autoDownload = true;
  updater.autoInstallOnAppQuit = true;
  updater.allowDowngrade = false;
  updater.on('error', (error) => host.log(`update: ${error.message}`));
  updater.on('update-downloaded', ({ version }) =>
    host.log(`update: version ${version} is installed at the next quit`),
  );

  let cancel = (): void => undefined;
  const look = (): void => {
    // A failed check also arrives as 'error'; the rejection must not end the app.
    void updater.checkForUpdates().catch(() => undefined);
    cancel = host.clock.after(CHECK_EVERY_MS, look);
  };
  look();
  return () => cancel();
}

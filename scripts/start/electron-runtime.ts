import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How long a start waits for the runtime to come; then the app is served to the browser and the download goes on. */
const WAIT_MS = 15_000;

export type ElectronRuntime =
  | { isThere: true; executable: string }
  /** `download` still runs; it is ended with the start script. */
  | { isThere: false; why: string; download: ChildProcess | undefined };

/** Electron's program, when its runtime was downloaded before. Asks the package's own files, since `import 'electron'` would download. */
function installedElectron(root: string): string | undefined {
  const folder = join(root, 'node_modules', 'electron');
  const pathFile = join(folder, 'path.txt');
  const override = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  const name = existsSync(pathFile) ? readFileSync(pathFile, 'utf8') : 'electron';
  const executable = override === undefined ? join(folder, 'dist', name) : join(override, name);
  return existsSync(executable) ? executable : undefined;
}

/** Finds the Electron runtime, or lets its package download it for a short while. */
export async function findElectron(root: string): Promise<ElectronRuntime> {
  const executable = installedElectron(root);
  if (
    process.platform === 'linux' &&
    process.env['DISPLAY'] === undefined &&
    process.env['WAYLAND_DISPLAY'] === undefined
  ) {
    return { isThere: false, why: 'there is no display here', download: undefined };
  }
  if (executable !== undefined) return { isThere: true, executable };
  const script = join(root, 'node_modules', 'electron', 'install.js');
  if (!existsSync(script)) return { isThere: false, why: 'its package is not installed', download: undefined };

  const download = spawn(process.execPath, [script], { stdio: 'ignore', cwd: root });
  const ended = new Promise<boolean>((resolve) => {
    download.once('exit', (code) => resolve(code === 0));
    download.once('error', () => resolve(false));
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), WAIT_MS);
  });
  const result = await Promise.race([ended, late]);
  clearTimeout(timer);
  if (result === 'late') return { isThere: false, why: 'its download takes longer; the next start has it', download };
  const found = installedElectron(root);
  if (found !== undefined) return { isThere: true, executable: found };
  return { isThere: false, why: 'it could not be downloaded', download: undefined };
}

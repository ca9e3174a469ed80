import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { DataFolder } from './data-folder.ts';
import { ManagedProcess } from './managed-process.ts';
import { LOOPBACK } from './ports.ts';

const RESTART_MS = 1_000;

export interface ServiceOptions {
  root: string;
  version: string;
  folder: DataFolder;
  /** The app's port; the cloud has the next one. */
  port: number;
  /** A folder on a second drive for the terminal's backups. */
  backupsDir: string | undefined;
  /** Whether the processes start again when their sources change. */
  isWatching: boolean;
  say: (line: string) => void;
}

/** The processes of one start: the cloud, and the hub or Electron. Each is started again when it dies. */
export class Service {
  readonly #options: ServiceOptions;
  readonly setupToken = randomBytes(24).toString('base64url');
  #cloud: ManagedProcess | undefined;
  #hub: ManagedProcess | undefined;
  #others: ChildProcess[] = [];

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  get appUrl(): string {
    return `http://${LOOPBACK}:${this.#options.port}`;
  }

  get cloudUrl(): string {
    return `http://${LOOPBACK}:${this.#options.port + 1}`;
  }

  async startCloud(): Promise<void> {
    const { root, folder, port } = this.#options;
    this.#cloud = this.#managed('the cloud', join(root, 'src-cloud', 'main.ts'), 'cloud.log', [], {
      PORT: String(port + 1),
      HOST: LOOPBACK,
      DATA_DIR: folder.cloudDir,
      CHEFCLOUD_SETUP_TOKEN: this.setupToken,
      FRONTEND_URL: this.appUrl,
      LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'warn',
    });
    await this.#cloud.start();
  }

  async startHub(): Promise<void> {
    const { root, folder, port } = this.#options;
    const args = ['--data', folder.terminalDir, '--port', String(port), '--cloud', this.cloudUrl];
    if (this.#options.backupsDir !== undefined) args.push('--backups', this.#options.backupsDir);
    this.#hub = this.#managed('the app', join(root, 'src-main', 'hub', 'main.ts'), 'hub.log', args, {});
    await this.#hub.start();
    if (!this.#options.isWatching) return;
    const watcher = join(root, 'scripts', 'start', 'watch-screens.ts');
    this.adopt(spawn(process.execPath, [watcher], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }));
  }

  /** Opens the app in Electron; `onClosed` when its last window has been closed. */
  async startElectron(executable: string, onClosed: () => void): Promise<void> {
    const { root, folder } = this.#options;
    const own = [`--data=${folder.terminalDir}`, `--cloud=${this.cloudUrl}`];
    if (this.#options.backupsDir !== undefined) own.push(`--backups=${this.#options.backupsDir}`);
    // Chromium's sandbox cannot be had by root.
    if (process.getuid?.() === 0) own.push('--no-sandbox');
    const developing = [join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js'), 'dev', '--watch', '--'];
    const [command, args] = this.#options.isWatching
      ? [process.execPath, [...developing, ...own]]
      : [executable, [root, ...own]];
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
    this.adopt(child);
    child.once('exit', onClosed);
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
  }

  /** A process that must not outlive this one. */
  adopt(child: ChildProcess): void {
    this.#others.push(child);
  }

  /** Ends everything, the app before the cloud, so that its last words arrive. */
  async stop(): Promise<void> {
    for (const child of this.#others) child.kill('SIGTERM');
    await this.#hub?.stop();
    await this.#cloud?.stop();
  }

  #managed(name: string, script: string, log: string, args: string[], env: Record<string, string>): ManagedProcess {
    const { folder, say } = this.#options;
    return new ManagedProcess({
      name,
      script,
      args,
      env,
      isWatching: this.#options.isWatching,
      logFile: join(folder.logsDir, log),
      restartMs: Number(process.env['CHEFCLOUD_RESTART_MS'] ?? RESTART_MS),
      onRestart: (pauseMs) =>
        say(`chefcloud: ${name} has stopped; starting it again in ${pauseMs / 1000} s. Nothing is lost.`),
    });
  }
}

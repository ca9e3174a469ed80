import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { AppError } from '#shared/kernel/errors.ts';

export interface StartOptions {
  /** The app's port; the cloud listens on the next one. */
  port: number;
  dataDir: string;
  /** A folder on a second drive for the terminal's backups. */
  backupsDir: string | undefined;
  /** Whether a window or a browser is opened. */
  isOpening: boolean;
  /** Begin with a new demo restaurant; the data that is there is moved aside. */
  isFresh: boolean;
  isHelp: boolean;
  /** `npm run dev`: cloud, app and screens follow their sources. */
  isWatching: boolean;
}

export const START_HELP = `npm start [-- options]

Starts a demo restaurant: the cloud, a terminal and the app.

  --port P     the app's port (4600); the cloud listens on P+1
  --data DIR   where everything is kept (a folder in your home folder)
  --backups DIR  a folder on a second drive, for the terminal's backups and a second mirror (or CHEFCLOUD_BACKUPS)
  --no-open    open no window and no browser, only serve
  --fresh      begin with a new restaurant; the old data is moved aside, not deleted
  --help       this text

npm run dev takes the same options: the cloud, the app and the screens then follow their sources.`;

const OPTIONS = {
  port: { type: 'string', default: '4600' },
  data: { type: 'string' },
  backups: { type: 'string' },
  'no-open': { type: 'boolean', default: false },
  fresh: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  watch: { type: 'boolean', default: false },
} as const;

/** Reads the command line. Throws `input/invalid` with words for whoever typed it. */
export function parseStartOptions(args: readonly string[], env: NodeJS.ProcessEnv): StartOptions {
  let values;
  try {
    ({ values } = parseArgs({ args: [...args], options: OPTIONS, strict: true }));
  } catch (error) {
    throw new AppError('input/invalid', `${error instanceof Error ? error.message : 'Unknown option.'} See --help.`);
  }
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_534) {
    throw new AppError('input/invalid', `--port takes a number from 1 to 65534, not "${values.port}".`);
  }
  const backups = values.backups ?? env['CHEFCLOUD_BACKUPS'] ?? '';
  return {
    port,
    backupsDir: backups === '' ? undefined : resolve(backups),
    dataDir: resolve(values.data ?? defaultDataDir(env)),
    isOpening: !values['no-open'],
    isFresh: values.fresh,
    isHelp: values.help,
    isWatching: values.watch,
  };
}

function defaultDataDir(env: NodeJS.ProcessEnv): string {
  if (process.platform === 'win32')
    return join(env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'ChefCloud');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'ChefCloud');
  return join(env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'chefcloud');
}

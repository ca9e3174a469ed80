import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import pg from 'pg';
import { freePort } from './free-port.ts';

/** A PostgreSQL of our own, in a temporary folder, flushing to disk as in production. */
export interface PostgresServer {
  /** Connects as its superuser; ends in `/postgres`. */
  url: string;
  version: string;
  /** Its files: `data` is the cluster. */
  folder: string;
  /**
   * Ends it without a chance to put anything in order, and waits until it answers again on the same data; needs
   * `isKeptAlive`. `kill`: kill -9 of all its processes; `immediate`: as `pg_ctl stop -m immediate`; `backend`: kill -9 of one
   * connection's process, after which the server throws all others out and recovers.
   */
  crash(how: PostgresCrash): Promise<void>;
  stop(): Promise<void>;
}
export type PostgresCrash = 'kill' | 'immediate' | 'backend';

export interface PostgresOptions {
  /** It is started again whenever it ends. */
  isKeptAlive?: boolean;
  /** More settings, `name=value`. */
  settings?: readonly string[];
  /** What stands before the server on its command line, such as strace with its options. */
  wrapper?: readonly string[];
}

/** The folder with `initdb` and `postgres` of the newest version on this machine, or undefined. */
export function findPostgresBinaries(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    process.env['PG_BIN'],
    ...versions.map((version) => join(debian, version, 'bin')),
    '/opt/homebrew/opt/postgresql@15/bin',
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  return folders.find(
    (folder) => folder !== undefined && existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')),
  );
}

interface Account {
  uid: number;
  gid: number;
}

/** PostgreSQL refuses to run as root: another account of this machine, or undefined when we are not root. */
function unprivileged(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) =>
        Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      continue;
    }
  }
  throw new Error(
    'not run: PostgreSQL does not run as root, and this machine has neither a postgres nor a nobody account',
  );
}

// Runs the server ("$@") until our end of its stdin closes, which it does in whatever way we end, kill -9 included; then an
// immediate shutdown (nothing of a test's database is needed afterwards) and its folder ($0) goes.
const KEEPER = `
  exec 3<&0
  { cat <&3 >/dev/null; : >"$0/ending"
    while [ -d "$0" ]; do kill -QUIT "$(head -n 1 "$0/data/postmaster.pid")"; sleep 0.1; done; } >/dev/null 2>&1 &
  while :; do
    "$@" 3<&-; code=$?
    [ -n "$KEEP_ALIVE" ] && [ ! -e "$0/ending" ] || break
    sleep 0.05
  done
  rm -rf "$0"
  exit $code
`;

/** Starts a server from `binaries` on a free port of the loopback. */
export async function startPostgres(binaries: string, options: PostgresOptions = {}): Promise<PostgresServer> {
  const account = unprivileged();
  const folder = mkdtempSync(join(tmpdir(), 'chefcloud-pg-'));
  if (account !== undefined) chownSync(folder, account.uid, account.gid);
  const data = join(folder, 'data');
  const env = { ...process.env, HOME: folder, KEEP_ALIVE: options.isKeptAlive === true ? 'yes' : '' };
  const how = { ...account, cwd: folder, env };
  execFileSync(
    join(binaries, 'initdb'),
    ['-D', data, '-U', 'chefcloud', '--auth=trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...how, stdio: 'ignore' },
  );
  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${folder}`,
    'max_connections=200',
    'shared_buffers=128MB',
    ...(options.settings ?? []),
  ];
  const command = [
    ...(options.wrapper ?? []),
    join(binaries, 'postgres'),
    '-D',
    data,
    '-p',
    String(port),
    ...settings.flatMap((each) => ['-c', each]),
  ];
  const server = spawn('/bin/sh', ['-c', KEEPER, folder, ...command], {
    ...how,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const url = `postgres://chefcloud@127.0.0.1:${port}/postgres`;
  try {
    const version = await firstAnswer(url, server);
    const crash = async (kind: PostgresCrash): Promise<void> => {
      endWithoutOrder(data, kind);
      await firstAnswer(url, server);
    };
    return { url, version, folder, crash, stop: () => stop(server, folder) };
  } catch (error) {
    await stop(server, folder);
    throw error;
  }
}

/** Asks until the server answers. A server that ends instead is an error at once. */
async function firstAnswer(url: string, server: ChildProcess): Promise<string> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    if (server.exitCode !== null) throw new Error(`PostgreSQL ended with ${server.exitCode} while it started`);
    const client = new pg.Client({ connectionString: url });
    // It may end between two questions.
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ server_version: string }>('show server_version');
      await client.end();
      return rows[0]?.server_version ?? 'unknown';
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function endWithoutOrder(data: string, how: PostgresCrash): void {
  const postmaster = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
  if (how === 'immediate') {
    process.kill(postmaster, 'SIGQUIT');
    return;
  }
  const children = childrenOf(postmaster);
  const backends = children.filter(({ title }) => /\d+\.\d+\.\d+\.\d+\(\d+\)/.test(title));
  const busy = backends.find(({ title }) => !title.endsWith(' idle')) ?? backends[0];
  const victims =
    how === 'kill' ? [postmaster, ...children.map(({ pid }) => pid)] : busy === undefined ? [] : [busy.pid];
  for (const pid of victims) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      // It has ended meanwhile.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }
}

/** The processes of a server, with what they say of themselves (`postgres: owner database 127.0.0.1(51234) idle`). */
function childrenOf(parent: number): { pid: number; title: string }[] {
  const found: { pid: number; title: string }[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const isChild =
        / \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\)/, ''))?.[1] === String(parent);
      if (!isChild) continue;
      const title = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      found.push({ pid: Number(name), title });
    } catch {
      continue; // it has ended meanwhile
    }
  }
  return found;
}

async function stop(server: ChildProcess, folder: string): Promise<void> {
  if (server.exitCode === null && server.signalCode === null) {
    const gone = once(server, 'exit');
    server.stdin?.end();
    await gone;
  }
  rmSync(folder, { recursive: true, force: true });
}

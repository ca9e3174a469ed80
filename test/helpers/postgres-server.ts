import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
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
  stop(): Promise<void>;
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
  "$@" & server=$!
  { cat <&3 >/dev/null; kill -QUIT $server; } 2>/dev/null &
  wait $server; code=$?
  rm -rf "$0"
  exit $code
`;

/** Starts a server from `binaries` on a free port of the loopback. */
export async function startPostgres(binaries: string): Promise<PostgresServer> {
  const account = unprivileged();
  const folder = mkdtempSync(join(tmpdir(), 'chefcloud-pg-'));
  if (account !== undefined) chownSync(folder, account.uid, account.gid);
  const data = join(folder, 'data');
  const options = { ...account, cwd: folder, env: { ...process.env, HOME: folder } };
  execFileSync(
    join(binaries, 'initdb'),
    ['-D', data, '-U', 'chefcloud', '--auth=trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    {
      ...options,
      stdio: 'ignore',
    },
  );
  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${folder}`,
    'max_connections=200',
    'shared_buffers=128MB',
  ];
  const command = [
    join(binaries, 'postgres'),
    '-D',
    data,
    '-p',
    String(port),
    ...settings.flatMap((each) => ['-c', each]),
  ];
  const server = spawn('/bin/sh', ['-c', KEEPER, folder, ...command], {
    ...options,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const url = `postgres://chefcloud@127.0.0.1:${port}/postgres`;
  try {
    const version = await firstAnswer(url, server);
    return { url, version, stop: () => stop(server, folder) };
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

async function stop(server: ChildProcess, folder: string): Promise<void> {
  if (server.exitCode === null && server.signalCode === null) {
    const gone = once(server, 'exit');
    server.stdin?.end();
    await gone;
  }
  rmSync(folder, { recursive: true, force: true });
}

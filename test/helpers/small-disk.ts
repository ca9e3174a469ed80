import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

// A mount name space of its own: what is mounted in it is gone with its last process, however that ends.
const AS_ROOT = ['unshare', '--mount'];
const AS_ANYBODY = ['unshare', '--user', '--map-root-user', '--mount'];

function works([file = '', ...args]: readonly string[]): boolean {
  const tried = spawnSync(file, [...args, 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs /mnt'], { stdio: 'ignore' });
  return tried.status === 0;
}
const mounting = [AS_ROOT, AS_ANYBODY].find(works);

/** Why no small disk can be had on this machine, as a sentence; undefined when one can. */
export const smallDiskProblem: string | undefined =
  mounting === undefined ? 'a small file system cannot be mounted on this machine' : undefined;

/**
 * Runs a TypeScript program in a process that has a real file system of `megabytes` at `folder`, mounted over what was there; the
 * program gets `folder` and `more` as its arguments. Returns the JSON of the last line that it printed. Rejects with its words when it fails.
 */
export async function onSmallDisk(
  program: string,
  folder: string,
  megabytes: number,
  more: readonly string[],
): Promise<unknown> {
  const [file = '', ...args] = mounting ?? [];
  const script = `mount -t tmpfs -o size=${megabytes}m,mode=0700 tmpfs "$1"; shift; exec "$@"`;
  const command = ['sh', '-e', '-c', script, 'sh', folder, process.execPath, program, folder, ...more];
  const { stdout } = await run(file, [...args, ...command], { cwd: join(import.meta.dirname, '..', '..') });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

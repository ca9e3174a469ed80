import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** Brings `out/` up to the sources; quick when it is. Rejects with the tools' own words when it cannot be built. */
export async function buildIfStale(root: string): Promise<void> {
  const child = spawn(process.execPath, [join(root, 'scripts', 'build.ts')], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`the app could not be built:\n${output}`);
}

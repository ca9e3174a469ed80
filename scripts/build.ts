// Builds the app's three bundles into out/, unless out/ is already made from exactly these sources.
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { root, runTool } from './run.ts';

const SOURCES = ['src-shared/**', 'src-main/**', 'src-preload/**', 'src-renderer/**', 'electron.vite.config.ts'];
// What decides besides the sources: dependencies, and the scripts' own idea of building.
const SETTINGS = ['package.json', 'package-lock.json', 'tsconfig.base.json', 'scripts/build.ts'];
const PRODUCTS = ['out/main/index.js', 'out/preload/index.cjs', 'out/renderer/index.html'];
const stamp = join(root, 'out', '.stamp');

/** Builds when needed and says what it did; resolves to the exit code. Two at once build once. */
async function build(): Promise<number> {
  const fingerprint = fingerprintOf([...SOURCES, ...SETTINGS]);
  if (isBuilt(fingerprint)) {
    console.log('build: out/ is up to date');
    return 0;
  }
  return withLock(join(root, '.cache', 'locks', 'build'), async () => {
    if (isBuilt(fingerprint)) {
      console.log('build: out/ was just built by another command');
      return 0;
    }
    const beganMs = performance.now();
    rmSync(stamp, { force: true });
    const { code, output } = await runTool('electron-vite/bin/electron-vite.js', ['build'], { isQuiet: true });
    if (code !== 0) {
      console.error(output);
      return code;
    }
    const missing = PRODUCTS.filter((file) => !existsSync(join(root, file)));
    if (missing.length > 0) {
      console.error(`${output}\nbuild: it ended well, but without ${missing.join(', ')}`);
      return 1;
    }
    mkdirSync(join(root, 'out'), { recursive: true });
    writeFileSync(stamp, fingerprint);
    console.log(
      `build: out/ built in ${((performance.now() - beganMs) / 1000).toFixed(1)} s (main, preload, renderer)`,
    );
    return 0;
  });
}

function isBuilt(fingerprint: string): boolean {
  const isThere = [...PRODUCTS, 'out/.stamp'].every((file) => existsSync(join(root, file)));
  return isThere && readFileSync(stamp, 'utf8') === fingerprint;
}

function fingerprintOf(patterns: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of globSync(patterns, { cwd: root }).toSorted()) {
    const path = join(root, file);
    if (statSync(path).isFile()) hash.update(`${file}\n`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

process.exitCode = await build();

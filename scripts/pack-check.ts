// Packs the app for this platform with a stand-in for Electron's runtime, and looks at what came out: proves
// electron-builder.yml where the runtime cannot be downloaded. Installers are made by the workflow.
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, runNode, runTool } from './run.ts';

// Where @electron/fuses finds the switches in Electron's binary: after this mark come the version of the list, its
// length, and a character per switch.
const FUSE_MARK = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const FUSES = '101100011';
const WANTED_FUSES = '010011001';
// Runtime files that electron-builder copies or renames on Linux.
const RUNTIME = [
  'LICENSE',
  'LICENSES.chromium.html',
  'chrome-sandbox',
  'chrome_crashpad_handler',
  'icudtl.dat',
  'resources.pak',
];

if (process.platform !== 'linux')
  throw new Error('pack:check knows only the Linux runtime; the workflow packs the others');
const folder = mkdtempSync(join(tmpdir(), 'chefcloud-pack-'));
try {
  process.exitCode = await check(join(folder, 'electron'), join(folder, 'packed'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function check(runtime: string, output: string): Promise<number> {
  const built = await runNode('scripts/build.ts', []);
  if (built.code !== 0) return built.code;
  makeStandIn(runtime);
  const args = ['--dir', '--publish', 'never', `-c.electronDist=${runtime}`, `-c.directories.output=${output}`];
  const packed = await runTool('electron-builder/cli.js', args);
  if (packed.code !== 0) return packed.code;

  const problems = problemsOf(join(output, 'linux-unpacked'));
  for (const problem of problems) console.error(`pack:check: ${problem}`);
  if (problems.length === 0) console.log('pack:check: the app packs, with its bundles, its binaries and its fuses');
  return problems.length === 0 ? 0 : 1;
}

function makeStandIn(runtime: string): void {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/electron/package.json'), 'utf8')) as {
    version: string;
  };
  mkdirSync(join(runtime, 'resources'), { recursive: true });
  for (const file of RUNTIME) writeFileSync(join(runtime, file), '', { mode: 0o755 });
  writeFileSync(join(runtime, 'version'), version);
  const fuses = Buffer.concat([Buffer.from(FUSE_MARK), Buffer.from([1, FUSES.length]), Buffer.from(FUSES)]);
  writeFileSync(join(runtime, 'electron'), Buffer.concat([Buffer.from('#!/bin/sh\nexit 0\n'), fuses]), { mode: 0o755 });
}

function problemsOf(app: string): string[] {
  const archive = join(app, 'resources', 'app.asar');
  if (!existsSync(archive)) return ['there is no resources/app.asar'];
  const files = JSON.stringify(headerOf(archive));
  const problems: string[] = [];
  for (const file of ['index.cjs', 'index.html', 'package.json', 'better-sqlite3']) {
    if (!files.includes(`"${file}"`)) problems.push(`app.asar lacks ${file}`);
  }
  for (const source of ['src-main', 'src-cloud', 'test']) {
    if (files.includes(`"${source}"`)) problems.push(`app.asar holds ${source}`);
  }
  if (globSync('resources/app.asar.unpacked/node_modules/better-sqlite3/**/*.node', { cwd: app }).length === 0) {
    problems.push("better-sqlite3's binary is not unpacked");
  }
  const binary = readFileSync(join(app, 'chefcloud'));
  const at = binary.indexOf(FUSE_MARK) + FUSE_MARK.length + 2;
  const fuses = binary.subarray(at, at + FUSES.length).toString();
  if (fuses !== WANTED_FUSES) problems.push(`the fuses are ${fuses}, not ${WANTED_FUSES}`);
  return problems;
}

/** The list of files of an asar archive: a JSON text behind four little-endian numbers, the last one its length. */
function headerOf(archive: string): unknown {
  const bytes = readFileSync(archive);
  return JSON.parse(bytes.subarray(16, 16 + bytes.readUInt32LE(12)).toString('utf8'));
}

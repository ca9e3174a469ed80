// `npm run dev -- --data DIR --cloud URL`: the app in Electron, rebuilt and reloaded as the sources change.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, runTool } from './run.ts';

if (!existsSync(join(root, 'node_modules/electron/path.txt'))) {
  console.error("dev: Electron's runtime is not here yet. Download it once with: npx install-electron");
  process.exit(1);
}
const { code } = await runTool('electron-vite/bin/electron-vite.js', [
  'dev',
  '--watch',
  '--',
  ...process.argv.slice(2),
]);
process.exitCode = code;

// Lints the named folders (on the whole checkout type-aware oxlint does not end) and says how many files it read.
import { globSync } from 'node:fs';
import { root, runTool } from './run.ts';

const FOLDERS = ['src-shared', 'src-main', 'src-preload', 'src-renderer', 'src-cloud', 'test', 'bench', 'scripts'];
const OPTIONS = ['--type-aware', '--deny-warnings', '--report-unused-disable-directives'];

// oxlint says nothing about a folder that is not there: a green over no files.
const empty = FOLDERS.filter((folder) => globSync(`${folder}/**/*.{ts,tsx,mjs}`, { cwd: root }).length === 0);
const configs = globSync('*.config.ts', { cwd: root });

const { code, output } = await runTool('oxlint/bin/oxlint', [
  ...OPTIONS,
  ...process.argv.slice(2),
  ...FOLDERS,
  ...configs,
]);
// "Finished in 3s on 265 files with 202 rules"
const files = Number(/\bon .*?(\d+).*? files?\b/.exec(output)?.[1] ?? 0);
console.log(`lint: ${files} files read`);
if (empty.length > 0) console.error(`lint: no file in ${empty.join(', ')}`);
process.exitCode = code === 0 && (files === 0 || empty.length > 0) ? 1 : code;

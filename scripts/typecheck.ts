// Type-checks every leaf of tsconfig.json and says how many files of its folders each one read: 0 is red.
import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { root, runTool } from './run.ts';

interface Config {
  references?: { path: string }[];
  include?: string[];
}
const TSC = 'typescript/bin/tsc';

const read = (name: string): Config => JSON.parse(readFileSync(join(root, name), 'utf8')) as Config;
const leaves = (read('tsconfig.json').references ?? []).map(({ path }) => path.replace('./', ''));

const counts = await Promise.all(
  leaves.flatMap((leaf) => {
    const listed = runTool(TSC, ['-p', leaf, '--listFilesOnly'], { isQuiet: true });
    return (read(leaf).include ?? []).map(async (include) => {
      const files = (await listed).output.split('\n').map((file) => relative(root, file).split(sep).join('/'));
      const isIncluded = (file: string): boolean =>
        include.includes('*')
          ? !file.includes('/') && file.endsWith(include.replace('*', ''))
          : file.startsWith(`${include}/`);
      return { leaf, include, count: files.filter(isIncluded).length };
    });
  }),
);
for (const { leaf, include, count } of counts) console.log(`${leaf}: ${count} files of ${include}`);

const { code } = await runTool(TSC, ['-b', ...process.argv.slice(2)]);
const empty = counts.filter(({ count }) => count === 0);
for (const { leaf, include } of empty) console.error(`typecheck: ${leaf} read no file of ${include}`);
process.exitCode = code === 0 && (empty.length > 0 || leaves.length === 0) ? 1 : code;

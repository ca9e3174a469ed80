// `npm test`: every check of the project, in stages, with their times. The last line is "N passed, N failed" (tests).
// With CI=true or --ci a stage that cannot run is red; at a desk it is only said loudly.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBrowser } from './ensure-browser.mjs';
import { root, type Run, runNode, runTool } from './run.ts';

interface Stage {
  name: string;
  /** May throw to say that the stage cannot run, and why. */
  run(): Promise<Run>;
}
interface Result {
  name: string;
  seconds: number;
  isRed: boolean;
  words: string;
}
interface Counts {
  passed: number;
  failed: number;
}

if (process.argv.includes('--ci')) process.env['CI'] = 'true';
const isCi = process.env['CI'] === 'true';
const VITEST_REPORT = '.cache/reports/vitest.json';
const PLAYWRIGHT_REPORT = '.cache/reports/playwright.json';
const quiet = { isQuiet: true };

const cheap: Stage[] = [
  { name: 'lint', run: () => runNode('scripts/lint.ts', [], quiet) },
  { name: 'types', run: () => runNode('scripts/typecheck.ts', [], quiet) },
  { name: 'build', run: () => runNode('scripts/build.ts', [], quiet) },
  { name: 'format', run: () => runTool('prettier/bin/prettier.cjs', ['--check', '.'], quiet) },
  { name: 'knip', run: () => runTool('knip/bin/knip.js', ['--no-progress'], quiet) },
];
const vitest: Stage = {
  name: 'unit, store, cloud',
  run: () => {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${VITEST_REPORT}`];
    return runTool('vitest/vitest.mjs', ['run', '--coverage', ...reporters]);
  },
};
const playwright: Stage = {
  name: 'e2e',
  run: () => runTool('@playwright/test/cli.js', ['test'], { env: { CHROMIUM: ensureBrowser() } }),
};
/** As many seeds as fit into a minute, on both cores. */
const simulation: Stage = { name: 'sim', run: () => runNode('scripts/sim.ts', ['--minutes', '1']) };

for (const report of [VITEST_REPORT, PLAYWRIGHT_REPORT]) rmSync(join(root, report), { force: true });
const results: Result[] = [];
// Two at a time: each is busy on about one core.
const queue = [...cheap];
await Promise.all(
  [1, 2].map(async () => {
    for (let stage = queue.shift(); stage !== undefined; stage = queue.shift())
      results.push(await runStage(stage, true));
  }),
);
for (const stage of [vitest, simulation, playwright]) results.push(await runStage(stage, false));

console.log('\nStages:');
for (const { name, seconds, words } of results)
  console.log(`  ${name.padEnd(20)}${seconds.toFixed(1).padStart(7)} s  ${words}`);
console.log(`  ${'all'.padEnd(20)}${(performance.now() / 1000).toFixed(1).padStart(7)} s`);
const counts = [countVitest(), countPlaywright()];
const isRed = results.some((result) => result.isRed) || counts.some(({ failed }) => failed > 0);
console.log(isRed ? 'RED' : 'green');
console.log(`${sum(counts, 'passed')} passed, ${sum(counts, 'failed')} failed`);
process.exitCode = isRed ? 1 : 0;

async function runStage(stage: Stage, isCaptured: boolean): Promise<Result> {
  const { name } = stage;
  const beganMs = performance.now();
  let code = 1;
  let output = '';
  try {
    ({ code, output } = await stage.run());
  } catch (error) {
    output = `not run: ${error instanceof Error ? error.message : String(error)}`;
    code = isCi ? 1 : 0;
    console.log(`\n*** ${name}: ${output} ***\n`);
  }
  // A stage may run in part, and says so itself.
  const notRun = [...new Set(output.match(/not run: [^\n*]+/g))];
  const isRed = code !== 0 || (isCi && notRun.length > 0);
  const seeds = /^\d+ seeds(?=,)/m.exec(output) ?? [];
  const words = [isRed ? 'RED' : 'green', ...seeds, ...notRun].join(', ');
  const seconds = (performance.now() - beganMs) / 1000;
  if (isCaptured && isRed) console.log(output.trimEnd());
  console.log(`== ${name}: ${words} (${seconds.toFixed(1)} s)`);
  return { name, seconds, isRed, words };
}

function countVitest(): Counts {
  interface Report {
    numPassedTests: number;
    numFailedTests: number;
    testResults: { status: string; assertionResults: { status: string }[] }[];
  }
  const report = read(VITEST_REPORT) as Report | undefined;
  if (report === undefined) return { passed: 0, failed: 1 };
  // A file that cannot even be loaded has no failing test of its own.
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((each) => each.status !== 'failed'),
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + brokenFiles.length };
}

function countPlaywright(): Counts {
  interface Report {
    stats: { expected: number; unexpected: number; flaky: number };
    errors: unknown[];
  }
  const result = results.find(({ name }) => name === playwright.name);
  if (result !== undefined && !result.isRed && result.words.includes('not run')) return { passed: 0, failed: 0 };
  const report = read(PLAYWRIGHT_REPORT) as Report | undefined;
  if (report === undefined) return { passed: 0, failed: 1 };
  return { passed: report.stats.expected, failed: report.stats.unexpected + report.stats.flaky + report.errors.length };
}

function read(file: string): unknown {
  const path = join(root, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

function sum(all: readonly Counts[], key: keyof Counts): number {
  return all.reduce((total, counts) => total + counts[key], 0);
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAULTS, type FaultCounts, FEWEST_OF_A_KIND, noFaults, type SimSettings } from './faults.ts';
import type { RunResult } from './run-seed.ts';
import { shrink } from './shrink.ts';
import { type SimWorker, startWorker } from './worker-pool.ts';

export interface RunnerOptions {
  /** The settings of run number 0, 1, 2 …; undefined: there are no more. */
  next(index: number): SimSettings | undefined;
  workers: number;
  /** Begins no seed after this time. */
  untilMs: number;
  /** Red unless every kind of fault has happened often enough. */
  isFull: boolean;
  /** Failing seeds are made smaller and written down. */
  isShrinking: boolean;
  say(line: string): void;
}

export interface RunnerResult {
  seeds: number;
  broken: RunResult[];
  counts: FaultCounts;
  confirmed: number;
  /** Of one seed on one core, mean. */
  seedMs: number;
  isGreen: boolean;
}

/** After this many failing seeds there is enough to look at. */
const ENOUGH_BROKEN = 3;

/** Runs seeds on several processes at once, until they or the time run out. */
export async function runSeeds(options: RunnerOptions): Promise<RunnerResult> {
  const { say } = options;
  const counts = noFaults();
  const broken: RunResult[] = [];
  let index = 0;
  let seeds = 0;
  let confirmed = 0;
  let busyMs = 0;
  const work = async (worker: SimWorker): Promise<void> => {
    while (broken.length < ENOUGH_BROKEN && (seeds === 0 || Date.now() < options.untilMs)) {
      const settings = options.next(index);
      if (settings === undefined) return;
      index += 1;
      const result = await worker.run(settings);
      seeds += 1;
      confirmed += result.confirmed;
      busyMs += result.wallMs;
      for (const fault of FAULTS) counts[fault] += result.counts[fault];
      if (seeds % 50 === 0) say(`  ${seeds} seeds …`);
      if (result.broken === undefined) continue;
      say(`seed ${settings.seed} is RED: ${result.broken.detail.slice(0, MOST_WORDS)}`);
      if (options.isShrinking) say('  looking for the smallest run that shows it …');
      const least = options.isShrinking ? await shrink(result, (smaller) => worker.run(smaller)) : result;
      broken.push(least);
      say(`  repeat it with: ${commandOf(least.settings)}`);
      if (options.isShrinking) say(`  written down: ${writeDown(least)}`);
    }
  };
  const workers = await Promise.all(Array.from({ length: options.workers }, () => startWorker()));
  try {
    await Promise.all(workers.map(work));
  } finally {
    for (const worker of workers) worker.stop();
  }
  const rare = options.isFull ? FAULTS.filter((fault) => counts[fault] < FEWEST_OF_A_KIND) : [];
  for (const fault of rare) say(`RED: ${fault} happened only ${counts[fault]} times, ${FEWEST_OF_A_KIND} are needed`);
  const isGreen = broken.length === 0 && rare.length === 0;
  return { seeds, broken, counts, confirmed, seedMs: busyMs / Math.max(1, seeds), isGreen };
}

const MOST_WORDS = 1_500;

/** The one command that repeats a run. */
export function commandOf({ seed, steps, terminals, elsewhere, faults }: SimSettings): string {
  const list = faults.length === 0 ? 'none' : faults.join(',');
  return `npm run sim -- --seed ${seed} --steps ${steps} --terminals ${terminals} --elsewhere ${elsewhere} --faults ${list}`;
}

function writeDown({ settings, broken }: RunResult): string {
  const folder = join(import.meta.dirname, 'regressions');
  mkdirSync(folder, { recursive: true });
  const name = `${broken?.invariant ?? 'unknown'}-${settings.seed}.json`;
  const detail = broken?.detail.slice(0, MOST_WORDS);
  writeFileSync(join(folder, name), `${JSON.stringify({ settings, broken: { ...broken, detail } }, null, 2)}\n`);
  return `test/simulation/regressions/${name}`;
}

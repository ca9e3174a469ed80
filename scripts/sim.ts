// `npm run sim -- --seeds N [--seed S] [--minutes M]`: the whole product in simulated time, under faults, from seeds.
// One seed (`--seed S` alone) is printed event by event. `--steps`, `--terminals`, `--elsewhere`, `--faults` make a run smaller.
import { parseArgs } from 'node:util';
import { type Fault, FAULTS, settingsOf, type SimSettings } from '../test/simulation/faults.ts';
import { createRandom } from '../test/simulation/random.ts';
import { runSeeds } from '../test/simulation/runner.ts';
import { startWorker } from '../test/simulation/worker-pool.ts';

const FULL_RUN = 500;
const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    minutes: { type: 'string' },
    workers: { type: 'string', default: '2' },
    steps: { type: 'string' },
    terminals: { type: 'string' },
    elsewhere: { type: 'string' },
    faults: { type: 'string' },
    'no-shrink': { type: 'boolean', default: false },
  },
});

const first = wholeNumber('seed', values.seed) ?? 1;
const count = wholeNumber('seeds', values.seeds);
const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
const isOne = values.seed !== undefined && count === undefined && minutes === undefined;
process.exitCode = (isOne ? await runOne() : await runMany()) ? 0 : 1;

function settingsFor(seed: number): SimSettings {
  const settings = settingsOf(seed, createRandom(`settings ${seed}`));
  const given = values.faults;
  return {
    ...settings,
    steps: wholeNumber('steps', values.steps) ?? settings.steps,
    terminals: wholeNumber('terminals', values.terminals) ?? settings.terminals,
    elsewhere: wholeNumber('elsewhere', values.elsewhere) ?? settings.elsewhere,
    faults: given === undefined ? settings.faults : given === 'none' ? [] : given.split(',').map(faultOf),
  };
}

async function runOne(): Promise<boolean> {
  const worker = await startWorker();
  const settings = settingsFor(first);
  const { broken, hash, confirmed, wallMs, virtualMs } = await worker.run(settings, true);
  worker.stop();
  console.log(`${JSON.stringify(settings)}`);
  console.log(
    `seed ${first}: ${confirmed} confirmed commands in ${(virtualMs / 1000).toFixed(0)} simulated s, ${(wallMs / 1000).toFixed(1)} s, trace ${hash}`,
  );
  console.log(broken === undefined ? 'green' : `RED: ${broken.detail}`);
  return broken === undefined;
}

async function runMany(): Promise<boolean> {
  const beganMs = Date.now();
  const most = count ?? (minutes === undefined ? 50 : Number.POSITIVE_INFINITY);
  const result = await runSeeds({
    next: (index) => (index < most ? settingsFor(first + index) : undefined),
    workers: wholeNumber('workers', values.workers) ?? 2,
    untilMs: minutes === undefined ? Number.POSITIVE_INFINITY : beganMs + minutes * 60_000,
    isFull: most >= FULL_RUN && Number.isFinite(most) && values.faults === undefined,
    isShrinking: !values['no-shrink'],
    say: (line) => console.log(line),
  });
  console.log('\nFaults that happened:');
  for (const fault of FAULTS) console.log(`  ${fault.padEnd(24)}${String(result.counts[fault]).padStart(7)}`);
  console.log(
    `${result.seeds} seeds, ${result.confirmed} confirmed commands, ${(result.seedMs / 1000).toFixed(1)} s of a core a seed, ${((Date.now() - beganMs) / 1000).toFixed(0)} s`,
  );
  console.log(result.isGreen ? 'green' : 'RED');
  return result.isGreen;
}

function faultOf(name: string): Fault {
  const found = FAULTS.find((fault) => fault === name);
  if (found === undefined) throw new Error(`--faults: there is no "${name}". There are: ${FAULTS.join(', ')}, or none`);
  return found;
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new Error(`--${name}: a whole number, not "${text}"`);
  return Number(text);
}

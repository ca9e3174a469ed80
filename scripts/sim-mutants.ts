// `npm run sim:mutants -- [--only NN,NN] [--seeds N]`: plants known bugs one at a time in a copy of the sources and shows that each is
// caught: by the simulation, or (a missing flush, which no simulated crash can show) by the flush proof of `npm run crash`.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { settingsOf, type SimSettings } from '../test/simulation/faults.ts';
import { createRandom } from '../test/simulation/random.ts';
import type { RunResult } from '../test/simulation/run-seed.ts';
import type { SimWorker, startWorker } from '../test/simulation/worker-pool.ts';

const ROOT = join(import.meta.dirname, '..');
const PATCHES = join(ROOT, 'test', 'simulation', 'mutants');
const COPIED = /^(src-.*|test|scripts|package\.json|tsconfig.*\.json|vitest\.config\.ts)$/;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    seeds: { type: 'string', default: '120' },
    first: { type: 'string', default: '1' },
  },
});
const mostSeeds = Number(values.seeds);
const firstSeed = Number(values.first);
if (!Number.isInteger(mostSeeds) || mostSeeds < 1 || !Number.isInteger(firstSeed) || firstSeed < 1) {
  console.error('--seeds and --first want whole numbers from 1');
  process.exit(2);
}

/** A known bug. The lines before the first `diff` or `---` of its file say what it is and who has to catch it. */
interface Mutant {
  name: string;
  what: string;
  by: 'simulation' | 'trace';
  file: string;
}

interface Caught {
  by: string;
  seeds: number;
}

function listMutants(): Mutant[] {
  const wanted = values.only === '' ? [] : values.only.split(',');
  return readdirSync(PATCHES)
    .filter((file) => file.endsWith('.patch'))
    .toSorted()
    .filter((file) => wanted.length === 0 || wanted.some((start) => file.startsWith(start)))
    .map((file) => {
      const head = readFileSync(join(PATCHES, file), 'utf8').split(/^(?:diff|---) /m)[0] ?? '';
      const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(head)?.[1] ?? '';
      return {
        name: file.slice(0, -'.patch'.length),
        what: field('What'),
        by: field('By') === 'trace' ? 'trace' : 'simulation',
        file: join(PATCHES, file),
      };
    });
}

const work = mkdtempSync(join(tmpdir(), 'chefcloud-mutants-'));
const base = join(work, 'base');

/** A copy of the sources as they were when this began: nobody's edit in between is taken for a mutant's. */
function copySources(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from))
    if (COPIED.test(name)) cpSync(join(from, name), join(to, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(to, 'node_modules'));
}

const startIn = async (folder: string): Promise<SimWorker> => {
  const pool = (await import(pathToFileURL(join(folder, 'test', 'simulation', 'worker-pool.ts')).href)) as {
    startWorker: typeof startWorker;
  };
  return pool.startWorker();
};

/** A worker that begins anew when a run has ended its process. */
class Hunter {
  readonly #folder: string;
  #worker: SimWorker | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What a seed breaks; undefined when it is green, or says nothing since the process did not live through it. */
  async run(settings: SimSettings): Promise<RunResult['broken']> {
    this.#worker ??= await startIn(this.#folder);
    try {
      return (await this.#worker.run(settings)).broken;
    } catch (error) {
      console.log(
        `        seed ${settings.seed} says nothing: ${error instanceof Error ? error.message : String(error)}`,
      );
      this.#worker = undefined;
      return undefined;
    }
  }

  stop(): void {
    this.#worker?.stop();
  }
}

const healthy = new Hunter(base);

/** Seeds one after the other until one goes red that is green without the mutant: else it says nothing about the mutant. */
async function hunt(folder: string): Promise<Caught | undefined> {
  const hunter = new Hunter(folder);
  try {
    for (let index = 0; index < mostSeeds; index += 1) {
      const seed = firstSeed + index;
      const settings = settingsOf(seed, createRandom(`settings ${seed}`));
      const broken = await hunter.run(settings);
      if (broken !== undefined && (await healthy.run(settings)) === undefined)
        return { by: broken.detail.replaceAll('\n', ' ').slice(0, 160), seeds: index + 1 };
    }
    return undefined;
  } finally {
    hunter.stop();
  }
}

/** The flush proof under a trace of the system calls; it is red when a confirmation has no flush before it. */
function trace(folder: string): Caught | undefined {
  const proof = spawnSync(process.execPath, ['scripts/crash/main.ts', '--trace-only', '--engine', 'pglite'], {
    cwd: folder,
    encoding: 'utf8',
    // Where there is no strace the proof is not run, and that is no proof: red.
    env: { ...process.env, CI: 'true' },
  });
  const said = `${proof.stdout}\n${proof.stderr}`;
  const line = said.split('\n').find((each) => /without a flush|RED|not run/.test(each));
  if (proof.status === 0 || line === undefined || line.includes('not run')) return undefined;
  return { by: `flush proof (${line.trim().slice(0, 60)})`, seeds: 0 };
}

async function tryMutant({ name, what, by, file }: Mutant): Promise<boolean> {
  const folder = join(work, name);
  copySources(base, folder);
  const beganMs = Date.now();
  const seconds = (): string => `${((Date.now() - beganMs) / 1000).toFixed(0)} s`;
  try {
    // Outside of any repository, and to the letter: a patch that has to be guessed at is out of date.
    const applied = spawnSync('git', ['apply', '--unsafe-paths', '--whitespace=nowarn', file], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, GIT_CEILING_DIRECTORIES: work },
    });
    if (applied.status !== 0) {
      console.log(`RED     ${name}: does not apply any more: ${applied.stderr.trim()}`);
      return false;
    }
    const caught = by === 'trace' ? trace(folder) : await hunt(folder);
    if (caught === undefined) {
      const how = by === 'trace' ? 'by the flush proof' : `in ${mostSeeds} seeds`;
      console.log(`RED     ${name}: not caught ${how}, ${seconds()}: ${what}`);
      return false;
    }
    const after = by === 'trace' ? '' : `, seed${caught.seeds === 1 ? '' : 's'}: ${caught.seeds}`;
    console.log(`caught  ${name}${after}, ${seconds()}: ${caught.by}`);
    return true;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

let isGreen = true;
try {
  copySources(ROOT, base);
  const mutants = listMutants();
  for (const mutant of mutants) isGreen = (await tryMutant(mutant)) && isGreen;
  console.log(isGreen ? `All ${mutants.length} mutants were caught.` : 'RED');
} finally {
  healthy.stop();
  rmSync(work, { recursive: true, force: true });
}
process.exitCode = isGreen ? 0 : 1;

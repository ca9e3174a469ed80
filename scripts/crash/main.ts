// `npm run crash`: real processes on real files, killed at random moments under load; see HELP.
import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { AppError } from '#shared/kernel/errors.ts';
import { findPostgresBinaries } from '../../test/helpers/postgres-server.ts';
import { CrashRun, type CrashResult, FEWEST_SALES } from './crash-run.ts';
import { findTraceProblem } from './strace.ts';
import type { FlushProof } from './till-flush.ts';
import { runTrace } from './trace-run.ts';

const HELP = `npm run crash -- [options]

Rings up sales on real terminals against a real cloud, each in a process of its own, and kills them (kill -9) at random moments.
A checker that is never killed keeps its own record of every sale that a terminal confirmed, and holds it against both stores.

  --rounds N       rounds of crashes on each engine (default 10)
  --engine E       postgres, pglite or both (default both)
  --seed S         another choice of victims and sales
  --tills N        terminals that sell (default 2)
  --check-every N  compare the stores after so many rounds, and at the end (default 20)
  --trace          afterwards, the flush proof: a till and PostgreSQL under a trace of their system calls (strace), which shows for each
                   confirmed command and each acknowledged push a flush between its last write and its confirmation
  --trace-only     the flush proof alone
  --help           this text

Ends with 0 when nothing was lost or doubled and every round had at least ${FEWEST_SALES} confirmed sales, with 1 when not, with 2 when
the options cannot be read.`;

const options = {
  rounds: { type: 'string', default: '10' },
  engine: { type: 'string', default: 'both' },
  seed: { type: 'string', default: '1' },
  tills: { type: 'string', default: '2' },
  'check-every': { type: 'string', default: '20' },
  trace: { type: 'boolean', default: false },
  'trace-only': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

function wholeNumber(name: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new AppError('input/invalid', `--${name} ${text}: a whole number from 1`);
  return Number(text);
}

type Wanted = ReturnType<typeof readArguments>;

function readArguments() {
  const { values } = parseArgs({ options, strict: true });
  const { engine } = values;
  if (engine !== 'postgres' && engine !== 'pglite' && engine !== 'both')
    throw new AppError('input/invalid', `--engine ${engine}: postgres, pglite or both`);
  return {
    isHelp: values.help,
    isTraced: values.trace || values['trace-only'],
    isCrashed: !values['trace-only'],
    engines: engine === 'both' ? (['postgres', 'pglite'] as const) : [engine],
    rounds: wholeNumber('rounds', values.rounds),
    seed: wholeNumber('seed', values.seed),
    tills: wholeNumber('tills', values.tills),
    checkEvery: wholeNumber('check-every', values['check-every']),
  };
}

function tell(engine: string, result: CrashResult): void {
  const { rounds, sales, fewestSales, commands, checks, elapsedMs, problems } = result;
  const kills = Object.entries(result.kills).map(([kind, count]) => `${kind} ${count}`);
  for (const problem of problems) console.error(`${engine}: ${problem}`);
  console.log(
    `${engine}: ${rounds} rounds, ${sales} sales confirmed under fire (at least ${fewestSales} a round), ${commands} commands, ` +
      `kills: ${kills.join(', ')}; ${checks} comparisons, ${problems.length === 0 ? '0 lost, 0 doubled' : 'RED'}, ` +
      `${(elapsedMs / 1000).toFixed(1)} s (${(elapsedMs / 1000 / Math.max(rounds, 1)).toFixed(2)} s a round)`,
  );
}

async function main(): Promise<number> {
  let wanted: Wanted;
  try {
    wanted = readArguments();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\nSee npm run crash -- --help.`);
    return 2;
  }
  if (wanted.isHelp) {
    console.log(HELP);
    return 0;
  }
  const isCrashRed = wanted.isCrashed && (await crash(wanted));
  const isTraceRed = wanted.isTraced && (await trace(wanted.engines));
  return isCrashRed || isTraceRed ? 1 : 0;
}

/** Says loudly that a part cannot run here; returns whether that is red, as it is where CI asks. */
function notRun(why: string): boolean {
  console.error(`\n*** not run: ${why} ***\n`);
  return process.env['CI'] === 'true';
}

const NO_POSTGRES = 'no PostgreSQL on this machine (initdb and postgres)';

/** Returns whether anything was wrong. */
async function crash(wanted: Wanted): Promise<boolean> {
  let isRed = false;
  for (const engine of wanted.engines) {
    const postgresBinaries = engine === 'postgres' ? findPostgresBinaries() : undefined;
    if (engine === 'postgres' && postgresBinaries === undefined) {
      isRed = notRun(NO_POSTGRES) || isRed;
      continue;
    }
    const run = new CrashRun({
      ...wanted,
      ...(postgresBinaries === undefined ? {} : { postgresBinaries }),
      say: (line) => console.log(`${engine}: ${line}`),
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => {
        run.abandon();
        process.exit(128 + constants.signals[signal]);
      });
    const result = await run.run();
    tell(engine, result);
    isRed ||= result.problems.length > 0;
  }
  return isRed;
}

const TRACED_SALES = 30;

/** Returns whether a flush was missing. */
async function trace(engines: Wanted['engines']): Promise<boolean> {
  const problem = findTraceProblem();
  if (problem !== undefined) return notRun(`${problem}; the flush proof is left out`);
  const isPostgresAsked = engines.some((engine) => engine === 'postgres');
  const postgresBinaries = isPostgresAsked ? findPostgresBinaries() : undefined;
  const isMissing = isPostgresAsked && postgresBinaries === undefined && notRun(NO_POSTGRES);
  const { till, postgres } = await runTrace({
    ...(postgresBinaries === undefined ? {} : { postgresBinaries }),
    sales: TRACED_SALES,
  });
  tellProof('till', 'confirmations', till);
  if (postgres !== undefined) tellProof('postgres', 'acknowledged commands', postgres);
  return isMissing || till.problems.length > 0 || (postgres?.problems.length ?? 0) > 0;
}

function tellProof(where: string, what: string, { proven, flushes, problems }: FlushProof): void {
  for (const line of problems.slice(0, 5)) console.error(`${where}: ${line}`);
  const verdict =
    problems.length === 0 ? 'each flushed before it was given' : `RED: ${problems.length} without a flush`;
  console.log(`trace of ${where}: ${proven} ${what}, ${flushes} flushes of its log, ${verdict}`);
}

process.exitCode = await main();

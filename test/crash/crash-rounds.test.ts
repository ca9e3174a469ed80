import { expect, test } from 'vitest';
import { CrashRun, FEWEST_SALES } from '../../scripts/crash/crash-run.ts';
import { hasPostgres } from '../helpers/engines.ts';
import { findPostgresBinaries } from '../helpers/postgres-server.ts';

// Seconds on a machine that has nothing else to do.
const TIMEOUT_MS = 240_000;

// `npm run crash -- --rounds 200` is the same with more rounds.
const binaries = hasPostgres ? findPostgresBinaries() : undefined;
const engines = [
  { name: 'PGlite', postgres: {}, rounds: 1 },
  ...(binaries === undefined ? [] : [{ name: 'PostgreSQL', postgres: { postgresBinaries: binaries }, rounds: 2 }]),
];

test.each(engines)(
  'real processes on $name, killed at random moments under load: nothing lost, nothing twice',
  async ({ postgres, rounds }) => {
    const said: string[] = [];
    const seed = Date.now() % 1_000_000;
    const run = new CrashRun({ ...postgres, rounds, seed, tills: 2, checkEvery: 2, say: (line) => said.push(line) });
    const result = await run.run();
    expect({ seed, problems: result.problems, said }).toMatchObject({ problems: [] });
    expect(result.rounds).toBe(rounds);
    expect(result.fewestSales).toBeGreaterThanOrEqual(FEWEST_SALES);
    expect(Object.values(result.kills).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(rounds);
  },
  TIMEOUT_MS,
);

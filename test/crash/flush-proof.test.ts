import { describe, expect, test } from 'vitest';
import { findTraceProblem } from '../../scripts/crash/strace.ts';
import { runTrace } from '../../scripts/crash/trace-run.ts';
import { hasPostgres } from '../helpers/engines.ts';
import { findPostgresBinaries } from '../helpers/postgres-server.ts';

const problem = findTraceProblem();
if (problem !== undefined) {
  if (process.env['CI'] === 'true')
    throw new Error(`not run: ${problem}. With CI=true that is an error: install strace.`);
  console.error(`\n*** not run: ${problem}; the flush proof is left out ***\n`);
}
const binaries = hasPostgres ? findPostgresBinaries() : undefined;
const places = problem === undefined ? [binaries === undefined ? {} : { postgresBinaries: binaries }] : [];

describe('nothing is called safe before the disk has it', () => {
  test('this machine can trace system calls, or it was said that it cannot', () => {
    expect(places.length === 1 || problem !== undefined).toBe(true);
  });

  test.each(places)('each confirmed command of a till, and each acknowledged one in the cloud', async (place) => {
    const { till, postgres } = await runTrace({ ...place, sales: 8 });
    expect(till.problems).toEqual([]);
    expect(till.proven).toBeGreaterThan(8);
    expect(postgres?.problems ?? []).toEqual([]);
    // Without PostgreSQL there is only the till to look at.
    expect(postgres?.proven ?? Number.POSITIVE_INFINITY).toBeGreaterThan(8 * 4);
    expect(postgres === undefined).toBe(binaries === undefined);
  });
});

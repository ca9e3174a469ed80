import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Fault, FAULTS, settingsOf, type SimSettings } from './faults.ts';
import { createRandom } from './random.ts';
import { type SimWorker, startWorker } from './worker-pool.ts';

const folder = join(import.meta.dirname, 'regressions');
const regressions = readdirSync(folder).filter((name) => name.endsWith('.json'));

// Three runs one after the other, on a machine that does other things too.
vi.setConfig({ testTimeout: 180_000 });

let worker: SimWorker;
beforeAll(async () => {
  worker = await startWorker();
});
afterAll(() => {
  worker.stop();
});

const settings = (seed: number, faults: readonly Fault[]): SimSettings => ({
  seed,
  steps: 25,
  terminals: 3,
  elsewhere: 1,
  faults,
});

describe('the simulation', () => {
  test('a day without faults is green', async () => {
    const result = await worker.run(settings(1, []));
    expect(result.broken).toBeUndefined();
    expect(result.confirmed).toBeGreaterThan(10);
    expect(FAULTS.filter((fault) => result.counts[fault] > 0)).toEqual(['twoTerminalsOneOrder']);
  });

  test('the same seed gives the same run, event by event, whatever ran between', async () => {
    const first = await worker.run(settings(2, FAULTS));
    const other = await worker.run(settings(3, FAULTS));
    const again = await worker.run(settings(2, FAULTS));
    expect(again.hash).toBe(first.hash);
    expect(again.counts).toEqual(first.counts);
    expect(other.hash).not.toBe(first.hash);
  });

  test('seeds have faults of their own', () => {
    const chosen = [1, 2, 3, 4, 5].map((seed) => settingsOf(seed, createRandom(`settings ${seed}`)).faults.join());
    expect(new Set(chosen).size).toBe(5);
  });
});

describe('runs that once were red', () => {
  test.each(regressions)('%s is green', async (name) => {
    const { settings: smaller } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { settings: SimSettings };
    const result = await worker.run(smaller);
    expect(result.broken).toBeUndefined();
  });
});

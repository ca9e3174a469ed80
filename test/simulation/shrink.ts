import type { SimSettings } from './faults.ts';
import type { RunResult } from './run-seed.ts';

const MOST_RUNS = 60;

/**
 * Looks for smaller settings with which the same invariant still breaks: fewer steps, kinds of faults, terminals.
 * Returns the smallest that was found; `broken` itself when none is smaller.
 */
export async function shrink(
  broken: RunResult,
  run: (settings: SimSettings) => Promise<RunResult>,
): Promise<RunResult> {
  let best = broken;
  let runs = 0;
  const tries = async (change: Partial<SimSettings>): Promise<boolean> => {
    if (runs >= MOST_RUNS) return false;
    runs += 1;
    const result = await run({ ...best.settings, ...change });
    if (result.broken?.invariant !== broken.broken?.invariant) return false;
    best = result;
    return true;
  };
  const fewerSteps = async (): Promise<void> => {
    for (let part = 0.5; part < 0.98; part = (1 + part) / 2)
      while (best.settings.steps > 1 && (await tries({ steps: Math.floor(best.settings.steps * part) })));
  };
  const fewerFaults = async (): Promise<void> => {
    for (
      let size = Math.ceil(best.settings.faults.length / 2);
      size >= 1;
      size = size === 1 ? 0 : Math.ceil(size / 2)
    ) {
      for (let from = 0; from < best.settings.faults.length;) {
        const { faults } = best.settings;
        const isLess = await tries({ faults: [...faults.slice(0, from), ...faults.slice(from + size)] });
        if (!isLess) from += size;
      }
    }
  };
  await fewerSteps();
  if (best.settings.elsewhere > 0) await tries({ elsewhere: 0 });
  await fewerFaults();
  while (best.settings.terminals > 1 && (await tries({ terminals: best.settings.terminals - 1 })));
  await fewerSteps();
  return best;
}

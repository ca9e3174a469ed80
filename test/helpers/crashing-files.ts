import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const STEPS = [
  'renameSync',
  'rmSync',
  'mkdirSync',
  'copyFileSync',
  'writeFileSync',
  'fsyncSync',
  'openSync',
  'readdirSync',
] as const;

/**
 * Runs `work` while the file system fails for good from its `step`th call on, as seen by a process that dies there. Returns whether it came
 * so far; what `work` rejects with then is swallowed.
 */
export async function crashAt(step: number, work: () => Promise<unknown>): Promise<boolean> {
  const real = new Map(STEPS.map((name) => [name, fs[name]]));
  let calls = 0;
  for (const name of STEPS) {
    const original = fs[name] as (...args: unknown[]) => unknown;
    (fs as unknown as Record<string, unknown>)[name] = (...args: unknown[]): unknown => {
      calls += 1;
      if (calls > step) throw new Error('killed here');
      return original(...args);
    };
  }
  syncBuiltinESMExports();
  try {
    await work();
    return calls > step;
  } catch (error) {
    if (calls <= step) throw error;
    return true;
  } finally {
    for (const [name, original] of real) (fs as unknown as Record<string, unknown>)[name] = original;
    syncBuiltinESMExports();
  }
}

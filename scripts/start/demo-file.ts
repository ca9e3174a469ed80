import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { Level } from '#shared/domain/level.ts';

/** Who can sign in to the demo restaurant, kept so that each start can print it again. */
export const DemoFile = z.object({
  /** False while the restaurant is being made: an interrupted first start begins again. */
  isComplete: z.boolean(),
  people: z.array(
    z.object({
      name: z.string(),
      level: Level,
      pin: z.string(),
      email: z.string().optional(),
      password: z.string().optional(),
    }),
  ),
});
export type DemoFile = z.infer<typeof DemoFile>;

/** Reads the file; undefined when there is none that can be read. */
export function readDemoFile(file: string): DemoFile | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return DemoFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Writes the file for its owner's eyes only: there are passwords in it. */
export function writeDemoFile(file: string, demo: DemoFile): void {
  writeFileSync(file, `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
}

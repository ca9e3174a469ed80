import { mkdirSync, mkdtempSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { type Build, nextBuild, thisBuild } from './builds.ts';
import { CloudCopies } from './cloud-copies.ts';
import { ownChanceAndTime } from './determinism.ts';
import { ownIo } from './own-io.ts';
import { createRandom } from './random.ts';
import { createRestaurant, type EnrolledFolder } from './restaurant.ts';
import { CloudHost } from './sim-cloud.ts';
import { SimTime } from './sim-time.ts';
import { Work } from './work.ts';

export const STARTS_AT = '2026-03-02T09:00:00.000Z';

/** What one worker makes once for all its seeds: an engine, two versions, a restaurant with enrolled terminals. */
export interface Lab {
  lite: PGlite;
  copies: CloudCopies;
  /** The copy of the cloud as every run begins. */
  start: string;
  enrolled: readonly EnrolledFolder[];
  thisBuild: Build;
  nextBuild: Build;
  folder: string;
  close(): Promise<void>;
}

export async function openLab(): Promise<Lab> {
  // Before the product is read: it may take hold of functions at once.
  await ownIo();
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'chefcloud-sim-'));
  const builds = { thisBuild: await thisBuild(), nextBuild: await nextBuild() };
  const lite = await PGlite.create();
  const time = new SimTime(STARTS_AT);
  ownChanceAndTime(createRandom('lab'), () => time.nowMs);
  const host = new CloudHost(lite, builds.thisBuild, time, new Work());
  await host.start();
  const template = join(folder, 'enrolled');
  mkdirSync(template);
  const enrolled = await createRestaurant(host, builds.thisBuild, time, template);
  host.kill();
  const copies = await CloudCopies.of(lite);
  return {
    lite,
    copies,
    start: await copies.take(),
    enrolled,
    ...builds,
    folder,
    close: async () => {
      await lite.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

// One process of the simulation: makes its lab, then runs what it is told, one seed after the other.
import { openLab } from './lab.ts';
import { runSeed } from './run-seed.ts';
import { SimCrash } from './sim-types.ts';
import type { WorkerAnswer, WorkerOrder } from './worker-messages.ts';

const tell = (answer: WorkerAnswer): void => void process.send?.(answer);

// What a dead process still had under way ends in nobody's hands; anything else is a fault of the product, and loud.
process.on('unhandledRejection', (error) => {
  if (!(error instanceof SimCrash)) throw error;
});
const lab = await openLab();
let running: Promise<void> = Promise.resolve();
process.on('message', ({ settings, isTold }: WorkerOrder) => {
  const say = isTold ? (line: string) => void process.stdout.write(`${line}\n`) : undefined;
  // One run at a time, whoever asks: they share the engine and the folders.
  running = running
    .then(async () => tell({ result: await runSeed(lab, settings, say) }))
    .catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(1);
    });
});
process.on('disconnect', () => {
  void lab.close().then(() => process.exit(0));
});
tell({ isReady: true });

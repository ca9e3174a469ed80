// One process of the simulation: makes its lab, then runs what it is told, one seed after the other.
import { openLab } from './lab.ts';
import { runSeed } from './run-seed.ts';
import type { WorkerAnswer, WorkerOrder } from './worker-messages.ts';

const tell = (answer: WorkerAnswer): void => void process.send?.(answer);

const lab = await openLab();
process.on('message', ({ settings, isTold }: WorkerOrder) => {
  const say = isTold ? (line: string) => void process.stdout.write(`${line}\n`) : undefined;
  runSeed(lab, settings, say).then(
    (result) => tell({ result }),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => {
  void lab.close().then(() => process.exit(0));
});
tell({ isReady: true });

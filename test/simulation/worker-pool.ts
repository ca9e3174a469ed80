import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { SimSettings } from './faults.ts';
import type { RunResult } from './run-seed.ts';
import type { WorkerAnswer, WorkerOrder } from './worker-messages.ts';

/** One worker as its runner sees it: seeds go in, results come out, one at a time. */
export interface SimWorker {
  run(settings: SimSettings, isTold?: boolean): Promise<RunResult>;
  stop(): void;
}

/** Starts a process with a lab of its own. Rejects when it cannot be made. */
export async function startWorker(): Promise<SimWorker> {
  const child = fork(join(import.meta.dirname, 'worker.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // Whatever runs this has options of its own.
    execArgv: [],
  });
  await answerOf(child);
  return {
    run: async (settings, isTold = false) => {
      const order: WorkerOrder = { settings, isTold };
      child.send(order);
      const answer = await answerOf(child);
      if ('result' in answer) return answer.result;
      throw new Error('a worker of the simulation began anew');
    },
    stop: () => {
      if (child.connected) child.disconnect();
    },
  };
}

function answerOf(child: ChildProcess): Promise<WorkerAnswer> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`a worker of the simulation ended (${code})`));
    child.once('exit', ended);
    child.once('message', (answer) => {
      child.off('exit', ended);
      resolve(answer as WorkerAnswer);
    });
  });
}

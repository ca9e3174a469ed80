import i18next from 'i18next';
import type { CallInput, CallOutput } from '#shared/contract/bridge.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { callTerminal, takeAnswer } from './live.ts';
import { useLive } from './store.ts';
import { showError } from './toasts.ts';

export type Call = CallInput<'command:run'>['commands'][number];
export type Approval = NonNullable<CallInput<'command:run'>['approval']>;
export type RunResult = CallOutput<'command:run'>;

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs commands on the terminal, all in one transaction or none. One at a time and in the order of the taps: `commands`
 * may be a function, which then sees the rows that the taps before it left (an empty list runs nothing).
 * Rejects with AppError.
 */
export function run(
  commands: readonly Call[] | (() => readonly Call[]),
  approval?: Approval,
): Promise<RunResult | undefined> {
  const mine = last.then(async () => {
    const calls = typeof commands === 'function' ? commands() : commands;
    if (calls.length === 0) return undefined;
    // At once, instead of after the time-out of each tap.
    if (useLive.getState().link.state === 'down') throw new AppError('server/busy', i18next.t('shell:lostTap'));
    const answer = await callTerminal('command:run', {
      commands: [...calls],
      ...(approval === undefined ? {} : { approval }),
    });
    takeAnswer(answer.rows, answer.revision);
    return answer;
  });
  last = mine.catch(() => undefined);
  return mine;
}

/** As `run`, but says what went wrong in a toast. Resolves to whether it was done. */
export async function tryRun(
  commands: readonly Call[] | (() => readonly Call[]),
  approval?: Approval,
): Promise<boolean> {
  try {
    await run(commands, approval);
    return true;
  } catch (error) {
    showError(error);
    return false;
  }
}

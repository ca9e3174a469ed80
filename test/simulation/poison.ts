import type { Command } from '#shared/commands/define-command.ts';

const poisoned = new Set<string>();

/** From now on this command's `execute` throws when a poisoned one is run again: in the cloud, and in every rebase. */
export function makePoisonable(command: Command): void {
  const { execute } = command;
  command.execute = (state, input, ctx, more) => {
    if (ctx.isRecorded && poisoned.has(ctx.commandId)) throw new TypeError(`poison: ${ctx.commandId}`);
    return execute(state, input, ctx, more);
  };
}

export function poison(commandId: string): void {
  poisoned.add(commandId);
}

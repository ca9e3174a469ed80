import type { Bridge, CallOutput } from '#shared/contract/bridge.ts';
import type { CallName } from '#shared/contract/bridge-names.ts';
import { bridgeCalls, readWireError } from '#shared/contract/bridge.ts';
import { AppError } from '#shared/kernel/errors.ts';

/** Whether the terminal behind this screen answers. `sinceMs`: the last moment it was heard. */
export type Link = { state: 'connecting' } | { state: 'up' } | { state: 'down'; sinceMs: number };

/** A bridge that also knows whether its terminal is there. */
export interface ScreenBridge extends Bridge {
  /** Calls `listener` with every change of the link. Returns the function that ends the subscription. */
  onLink(listener: (link: Link) => void): () => void;
}

/** Reads an answer as it crossed the border. Throws AppError: the terminal's own, or `internal` when it cannot be read. */
export function readAnswer<N extends CallName>(name: N, answer: unknown): CallOutput<N> {
  if (typeof answer !== 'object' || answer === null || !('ok' in answer)) throw new AppError('internal');
  if (answer.ok === true && 'value' in answer) {
    const parsed = bridgeCalls[name].output.safeParse(answer.value);
    if (!parsed.success)
      throw new AppError('internal', 'The terminal answered something this screen does not know. Reload it.');
    return parsed.data as CallOutput<N>;
  }
  const error = 'error' in answer ? answer.error : undefined;
  const { code, message } = readWireError(error);
  const more = readMore(error);
  throw new AppError(code, message, more);
}

function readMore(error: unknown): { path?: string; retryAfterMs?: number } {
  if (typeof error !== 'object' || error === null) return {};
  const more: { path?: string; retryAfterMs?: number } = {};
  if ('path' in error && typeof error.path === 'string') more.path = error.path;
  if ('retryAfterMs' in error && typeof error.retryAfterMs === 'number') more.retryAfterMs = error.retryAfterMs;
  return more;
}

import { AppError } from '#shared/kernel/errors.ts';
import { CloudError } from './cloud-client.ts';
import type { Hold } from './link-state.ts';

/** What an error holds up, in words for people. Every error that stops the queue has a name here. */
export function holdOf(error: unknown): Hold {
  if (error instanceof CloudError) return holdOfAnswer(error);
  if (error instanceof AppError && error.code.startsWith('store/')) return { cause: 'disk', text: error.message };
  return { cause: 'failing', text: 'Something went wrong on this terminal. Nothing is lost; it is tried again.' };
}

function holdOfAnswer({ status, wire }: CloudError): Hold {
  // Seen only when the cloud answers other questions meanwhile; else the terminal is offline, and that says it.
  if (status === 0 || (status === 502 && wire.code !== 'internal') || status === 504)
    return { cause: 'failing', text: 'What this terminal sends does not get through to the cloud. It is tried again.' };
  if (status === 401 || status === 403) return { cause: 'refused', text: wire.message };
  if (status === 426 || wire.code === 'command/unknown') return { cause: 'upgrade', text: wire.message };
  if (status === 429 || wire.code === 'server/busy') return { cause: 'busy', text: wire.message };
  return { cause: 'failing', text: wire.message };
}

import { create } from 'zustand';
import type { Ticket } from '#shared/domain/ticket.ts';
import { tryRun, type Call } from '../../state/run.ts';
import { useLive } from '../../state/store.ts';
import { showToast } from '../../state/toasts.ts';

/** Tickets that were bumped here and whose answer is on its way: they have left the board already. */
export const useLeaving = create<{ ids: ReadonlySet<string> }>(() => ({ ids: new Set() }));

function setLeaving(id: string, isLeaving: boolean): void {
  const ids = new Set(useLeaving.getState().ids);
  if (isLeaving) ids.add(id);
  else ids.delete(id);
  useLeaving.setState({ ids });
}

/** The ticket as it is when its turn comes; somebody else may have bumped it meanwhile. */
function callIf(ticketId: string, statuses: readonly Ticket['status'][], call: Call): readonly Call[] {
  const ticket = useLive.getState().rows.ticket.get(ticketId);
  return ticket !== undefined && statuses.includes(ticket.status) ? [call] : [];
}

export interface BumpTexts {
  done: string;
  undo: string;
}

/** Takes a ticket off the board at once; it comes back when the terminal refuses. */
export async function bump(ticketId: string, texts: BumpTexts): Promise<void> {
  if (useLeaving.getState().ids.has(ticketId)) return;
  setLeaving(ticketId, true);
  const call = { name: 'ticket.bump', input: { ticketId } };
  const isDone = await tryRun(() => callIf(ticketId, ['new', 'started'], call));
  setLeaving(ticketId, false);
  if (isDone)
    showToast({ tone: 'ok', text: texts.done, undo: { label: texts.undo, run: () => void recall(ticketId) } });
}

export function recall(ticketId: string): Promise<boolean> {
  const call = { name: 'ticket.recall', input: { ticketId } };
  return tryRun(() => callIf(ticketId, ['bumped', 'served'], call));
}

export function serve(ticketId: string): Promise<boolean> {
  const call = { name: 'ticket.serve', input: { ticketId } };
  return tryRun(() => callIf(ticketId, ['bumped'], call));
}

/** Marks a line as done, or as not done after all; the first one starts the ticket. */
export function toggleLine(ticketId: string, lineId: string): Promise<boolean> {
  return tryRun(() => {
    const line = useLive
      .getState()
      .rows.ticket.get(ticketId)
      ?.lines.find((each) => each.lineId === lineId);
    if (line === undefined || line.cancelledAt !== undefined) return [];
    const input = { ticketId, lineId, isDone: line.doneAt === undefined };
    return callIf(ticketId, ['new', 'started'], { name: 'ticket.bumpLine', input });
  });
}

import { useEffect, useRef } from 'react';
import type { Ticket } from '#shared/domain/ticket.ts';
import { ring, wakeChime } from './chime.ts';

/** What has come since `known`: new tickets, and lines that were cancelled on tickets that stand here. Pure. */
export function newsOf(
  known: ReadonlySet<string>,
  board: readonly Ticket[],
): { keys: Set<string>; isNew: boolean; isCancelled: boolean } {
  const keys = new Set<string>();
  let isNew = false;
  let isCancelled = false;
  for (const ticket of board) {
    keys.add(ticket.id);
    // A ticket that was called back is no news.
    if (!known.has(ticket.id) && ticket.recalledAt === undefined) isNew = true;
    for (const line of ticket.lines) {
      if (line.cancelledAt === undefined) continue;
      const key = `${ticket.id}/${line.lineId}`;
      keys.add(key);
      if (known.has(ticket.id) && !known.has(key)) isCancelled = true;
    }
  }
  return { keys, isNew, isCancelled };
}

/** Rings when something new comes onto the board; not for what stands there at first, nor for another choice of station. */
export function useBell(board: readonly Ticket[], stationId: string | undefined): void {
  const known = useRef<{ stationId: string | undefined; keys: Set<string> } | undefined>(undefined);
  useEffect(() => {
    const before = known.current;
    const { keys, isNew, isCancelled } = newsOf(before?.keys ?? new Set(), board);
    known.current = { stationId, keys };
    if (before === undefined || before.stationId !== stationId) return;
    if (isCancelled) ring('cancelled');
    else if (isNew) ring('new');
  }, [board, stationId]);
  useEffect(() => {
    wakeChime();
    addEventListener('pointerdown', wakeChime);
    addEventListener('keydown', wakeChime);
    return () => {
      removeEventListener('pointerdown', wakeChime);
      removeEventListener('keydown', wakeChime);
    };
  }, []);
}

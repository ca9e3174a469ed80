import type { Terminal } from '../../src-main/core/terminal.ts';

export interface Backlog {
  /** Commands that the cloud has not acknowledged. */
  waiting: number;
  /** Commands whose rows have not arrived, those waiting included. */
  unsettled: number;
}

const LOOK_EVERY_MS = 20;
/** Longer than the terminal's longest pause between two tries. */
const GIVE_UP_MS = 180_000;

/** Waits until the backlog is as wanted, or until nothing has moved for three minutes. */
export async function untilSettled(terminal: Terminal, isEnough: (backlog: Backlog) => boolean): Promise<void> {
  let last = { waiting: -1, unsettled: -1 };
  let movedMs = performance.now();
  for (;;) {
    const backlog = terminal.backlog();
    if (isEnough(backlog)) return;
    if (backlog.waiting !== last.waiting || backlog.unsettled !== last.unsettled) movedMs = performance.now();
    else if (performance.now() - movedMs > GIVE_UP_MS) return;
    last = backlog;
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_EVERY_MS);
    });
  }
}

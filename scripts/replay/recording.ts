import type { ReplayOptions } from './arguments.ts';
import { type Expected, expectedFigures } from './expected.ts';
import { readMenu, type RecordedMenu } from './menu-file.ts';
import { readOrders, type RecordedOrder } from './orders-file.ts';
import type { Reject } from './rejects.ts';

/** Both files of a recording, read and added up. */
export interface Recording {
  menu: RecordedMenu;
  orders: RecordedOrder[];
  expected: Expected;
  /** The lines of both files that cannot be used. */
  rejects: Reject[];
  /** What a person should know about how the files were read. */
  notes: string[];
}

/** Reads the files named by the options. Throws AppError when one of them cannot be used. */
export async function readRecording(options: ReplayOptions): Promise<Recording> {
  const menu = await readMenu(options.menuPath, options.currency);
  const { dashedDates } = options;
  const today = new Date().toISOString().slice(0, 10);
  const { orders, rejects, strayMoments, suspectSteps } = await readOrders(options.ordersPath, menu.items, {
    dashedDates,
    today,
  });
  const notes: string[] = [];
  if (strayMoments > 0) {
    notes.push(
      `${strayMoments} lines name another day or time than the first line of their order; they count with their order.`,
    );
  }
  if (suspectSteps > 0) {
    const other = dashedDates === 'year-month-day' ? 'year-day-month' : 'year-month-day';
    notes.push(
      `Dates with dashes are read as ${dashedDates}. Read so, ${suspectSteps} orders lie before the one above them in the file; ` +
        `read as ${other} none does. If day and month were exchanged in the file, add --dates ${other}.`,
    );
  }
  return {
    menu,
    orders,
    expected: expectedFigures(orders, options.currency),
    rejects: [...menu.rejects, ...rejects],
    notes,
  };
}

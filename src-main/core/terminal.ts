import { AppError } from '#shared/kernel/errors.ts';
import { openStore } from '../store/store.ts';
import { createEnrolledTerminal, type EnrolledTerminal } from './enrolled-terminal.ts';
import { createScreens } from './screens.ts';
import { enrolTerminal, findEnrolment } from './enrolment.ts';
import type { Terminal, TerminalOptions } from './terminal-types.ts';

export type { DayTotals, EnrolOptions, KeySeal, Screen, Terminal, TerminalOptions } from './terminal-types.ts';

/** Opens the terminal that lives in `dataDir`. Throws AppError (`store/…`) when the folder cannot be used. */
export function createTerminal(options: TerminalOptions): Terminal {
  const { dataDir, clock, log } = options;
  const store = openStore(dataDir, log);
  const screens = createScreens({ log, personOf: (staffId) => parts?.personOf(staffId) ?? null });
  let parts: EnrolledTerminal | undefined;
  // An enrolled folder without its key can still be enrolled again.
  let problem: AppError | undefined;
  let isStarted = false;
  let isClosed = false;

  const enrolled = (): EnrolledTerminal => {
    if (parts === undefined) throw problem ?? new AppError('device/unknown');
    return parts;
  };
  const assemble = (): void => {
    const enrolment = findEnrolment(store);
    if (enrolment === undefined) return;
    try {
      parts = createEnrolledTerminal(options, { store, enrolment, terminal, screens });
      problem = undefined;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      log(`terminal: ${error.message}`);
      problem = error;
    }
  };

  const terminal: Terminal = {
    get isEnrolled() {
      return parts !== undefined;
    },
    enrol: async (request) => {
      const result = await enrolTerminal(
        { store, dataDir, clock, fetch: options.fetch ?? fetch, keySeal: options.keySeal },
        request,
      );
      await parts?.stop();
      assemble();
      // So that people can sign in at once. Without it the next start brings the rows.
      await enrolled().firstPull();
      if (isStarted) enrolled().startSyncing();
      return result;
    },
    start: () => {
      isStarted = true;
      parts?.startSyncing();
      return Promise.resolve();
    },
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await parts?.stop();
      screens.closeAll();
      store.checkpoints.run();
      store.close();
    },
    execute: (request) => enrolled().execute(request),
    openScreen: (screen) => screens.open(screen),
    handleCall: async (screen, name, input) => enrolled().handleCall(screen, name, input),
    status: () => enrolled().status(),
    backlog: () => enrolled().backlog(),
    whenSettled: () => enrolled().whenSettled(),
    wake: () => parts?.retryNow(),
    info: () => enrolled().info(),
    kpis: () => enrolled().kpis(),
    dayTotals: () => enrolled().dayTotals(),
    find: (kind, id) => store.entities.find(kind, id),
    list: (kind) => store.entities.listAll(kind),
  };
  try {
    assemble();
  } catch (error) {
    store.close();
    throw error;
  }
  return terminal;
}

import { AppError } from '#shared/kernel/errors.ts';
import { openHealedStore } from '../store/open-healed-store.ts';
import { isDamage, storeError } from '../store/store-errors.ts';
import { openStore, type Store } from '../store/store.ts';
import { createEnrolledTerminal, type EnrolledTerminal } from './enrolled-terminal.ts';
import { createScreens } from './screens.ts';
import { enrolTerminal, findEnrolment } from './enrolment.ts';
import { findCopiesFolder, type Safekeeping, startSafekeeping } from './safekeeping.ts';
import type { Terminal, TerminalOptions } from './terminal-types.ts';

export type { DayTotals, EnrolOptions, KeySeal, Screen, Terminal, TerminalOptions } from './terminal-types.ts';

// A disk that damages the file again and again is not healed by putting it back again and again.
const MAX_HEALINGS = 2;

/**
 * Opens the terminal that lives in `dataDir`, and heals its data where that is needed (store/open-healed-store.ts).
 * Throws AppError (`store/…`) when the folder cannot be used.
 */
export function createTerminal(options: TerminalOptions): Terminal {
  const { dataDir, clock, log } = options;
  const isKeptSafe = options.isKeptSafe ?? true;
  const open = (isDamaged: boolean): Store =>
    isKeptSafe
      ? openHealedStore({ dataDir, copiesFolder: findCopiesFolder(options), nowMs: clock.now(), log, isDamaged })
      : openStore(dataDir, log);
  const screens = createScreens({ log, personOf: (staffId) => parts?.personOf(staffId) ?? null });
  let store = open(false);
  let parts: EnrolledTerminal | undefined;
  let safekeeping: Safekeeping | undefined;
  // An enrolled folder without its key can still be enrolled again.
  let problem: AppError | undefined;
  let isStarted = false;
  let isClosed = false;
  let healings = 0;
  let healing: Promise<void> | undefined;

  const enrolled = (): EnrolledTerminal => {
    if (parts === undefined) throw problem ?? new AppError('device/unknown');
    return parts;
  };
  const assemble = (): void => {
    const enrolment = findEnrolment(store);
    if (enrolment === undefined) return;
    try {
      if (isKeptSafe)
        safekeeping ??= startSafekeeping({
          store,
          dataDir,
          copiesFolder: findCopiesFolder(options),
          clock,
          log,
          branch: enrolment.branch,
          onChange: () => parts?.noteWarning(),
          onDamage: noteDamage,
        });
      store.onDamage = (error) => noteDamage(String(error));
      parts = createEnrolledTerminal(options, { store, enrolment, terminal, screens, safekeeping });
      problem = undefined;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      log(`terminal: ${error.message}`);
      problem = error;
    }
  };

  /** The file was found damaged while the terminal works: it is put back, and the terminal goes on. */
  const noteDamage = (reason: string): void => {
    if (!isKeptSafe || isClosed || healing !== undefined) return;
    log(`terminal: the database is damaged: ${reason}`);
    if (healings >= MAX_HEALINGS) {
      safekeeping?.warnOfDisk();
      return;
    }
    healings += 1;
    // Not in the middle of whatever has met the damage.
    healing = Promise.resolve()
      .then(heal)
      .catch((error: unknown) => {
        log(`terminal: the database could not be put back: ${String(error)}`);
        problem = error instanceof AppError ? error : new AppError('store/damaged');
      })
      .finally(() => {
        healing = undefined;
      });
  };
  const heal = async (): Promise<void> => {
    const ending = parts;
    parts = undefined;
    problem = new AppError('store/damaged', 'The data file is damaged and is being put back. Try again in a moment.');
    // What a screen shows may not be what is put back: people sign in again and see it anew.
    screens.checkSessions();
    await ending?.stop().catch((error: unknown) => log(`terminal: ${String(error)}`));
    await safekeeping?.abandon();
    safekeeping = undefined;
    try {
      store.close();
    } catch (error) {
      log(`terminal: ${String(error)}`);
    }
    store = open(true);
    assemble();
    if (isStarted && !isClosed) enrolled().startSyncing();
  };
  /** Damage that reading meets; writing tells by itself. */
  const noticing = (error: unknown): unknown => {
    if (isDamage(error)) noteDamage(String(error));
    return storeError(error);
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
      await healing;
      await parts?.stop();
      await safekeeping?.close();
      screens.closeAll();
      store.checkpoints.run();
      store.close();
    },
    execute: (request) => {
      try {
        return enrolled().execute(request);
      } catch (error) {
        throw noticing(error);
      }
    },
    openScreen: (screen) => screens.open(screen),
    handleCall: async (screen, name, input) => {
      try {
        return await enrolled().handleCall(screen, name, input);
      } catch (error) {
        throw noticing(error);
      }
    },
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

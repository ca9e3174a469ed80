import { setImmediate as nextTurn } from 'node:timers/promises';
import type { KpiView, LiveRow, PathReport, SessionInfo, SyncStatus } from '#shared/contract/bridge.ts';
import type { EventName } from '#shared/contract/bridge-names.ts';
import { hasLevel } from '#shared/domain/level.ts';
import type { Log } from '#shared/kernel/log.ts';
import { isSeenBy } from './live-rows.ts';
import type { Screen, ScreenOptions } from './terminal-types.ts';

export interface ScreensOptions {
  log: Log;
  /** Who somebody is now; null when they may not be signed in here any more. */
  personOf(staffId: string): SessionInfo | null;
}

/** All screens of a terminal, their sessions, and what each of them hears. */
export interface Screens {
  open(options: ScreenOptions): Screen;
  readonly count: number;
  session(screen: Screen): SessionInfo | null;
  signIn(screen: Screen, person: SessionInfo): void;
  signOut(screen: Screen): void;
  /** Rows of the view that have changed; long lists go out in pieces. */
  sendRows(rows: readonly LiveRow[], revision: number): void;
  sendStatus(status: SyncStatus): void;
  sendKpis(view: KpiView): void;
  /** How far a test of the path is, to the screen that asked for it. */
  sendPath(screen: Screen, report: PathReport): void;
  /** Whether anybody is signed in who sees the figures. */
  hasKpiWatcher(): boolean;
  /** People have changed: ends the sessions of those who may not be here any more, tells new levels. */
  checkSessions(): void;
  closeAll(): void;
}

const PIECE_ROWS = 500;

class OpenScreen implements Screen {
  person: SessionInfo | null = null;
  readonly send: (name: EventName, payload: unknown) => void;
  readonly #close: (screen: OpenScreen) => void;
  constructor(send: (name: EventName, payload: unknown) => void, close: (screen: OpenScreen) => void) {
    this.send = send;
    this.#close = close;
  }
  get session(): SessionInfo | null {
    return this.person;
  }
  close(): void {
    this.#close(this);
  }
}

export function createScreens({ log, personOf }: ScreensOptions): Screens {
  const open = new Set<OpenScreen>();

  const known = (screen: Screen): OpenScreen | undefined =>
    screen instanceof OpenScreen && open.has(screen) ? screen : undefined;

  const emit = (screen: OpenScreen, name: EventName, payload: unknown): void => {
    try {
      screen.send(name, payload);
    } catch (error) {
      // A screen that is going away must not undo what the terminal has done.
      log(`screen: ${name} could not be sent: ${String(error)}`);
    }
  };

  const emitRows = (rows: readonly LiveRow[], revision: number): void => {
    for (const screen of open) {
      const { person } = screen;
      if (person === null) continue;
      const seen = rows.filter((row) => isSeenBy(row.kind, person.level));
      if (seen.length > 0) emit(screen, 'live:rows', { rows: seen, revision });
    }
  };

  const setPerson = (screen: OpenScreen, person: SessionInfo | null): void => {
    screen.person = person;
    emit(screen, 'session:changed', { session: person });
  };

  return {
    open: (options) => {
      const screen = new OpenScreen(options.onEvent, (closing) => open.delete(closing));
      open.add(screen);
      return screen;
    },
    get count() {
      return open.size;
    },
    session: (screen) => known(screen)?.person ?? null,
    signIn: (screen, person) => {
      const found = known(screen);
      if (found !== undefined) setPerson(found, person);
    },
    signOut: (screen) => {
      const found = known(screen);
      if (found !== undefined && found.person !== null) setPerson(found, null);
    },
    sendRows: (rows, revision) => {
      if (rows.length <= PIECE_ROWS) return emitRows(rows, revision);
      void (async () => {
        for (let from = 0; from < rows.length; from += PIECE_ROWS) {
          emitRows(rows.slice(from, from + PIECE_ROWS), revision);
          await nextTurn();
        }
      })();
      return undefined;
    },
    sendStatus: (status) => {
      for (const screen of open) emit(screen, 'live:status', status);
    },
    sendKpis: (view) => {
      for (const screen of open) {
        if (screen.person !== null && hasLevel(screen.person.level, 'L4')) emit(screen, 'live:kpis', view);
      }
    },
    sendPath: (screen, report) => {
      const found = known(screen);
      if (found !== undefined) emit(found, 'sync:path', report);
    },
    hasKpiWatcher: () => [...open].some((screen) => screen.person !== null && hasLevel(screen.person.level, 'L4')),
    checkSessions: () => {
      for (const screen of open) {
        if (screen.person === null) continue;
        const now = personOf(screen.person.staffId);
        const isSame = now !== null && now.level === screen.person.level && now.name === screen.person.name;
        if (!isSame) setPerson(screen, now);
      }
    },
    closeAll: () => open.clear(),
  };
}

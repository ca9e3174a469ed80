import type { CallOutput, KpiView, SessionInfo, SyncStatus, TerminalInfo } from '#shared/contract/bridge.ts';
import type { CallName } from '#shared/contract/bridge-names.ts';
import type { Ref } from '#shared/domain/entity.ts';
import { mayAct } from '#shared/domain/staff.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { AppError } from '#shared/kernel/errors.ts';
import type { Store } from '../store/store.ts';
import { syncRows } from '../store/sync-rows.ts';
import { createCloudClient } from '../sync/cloud-client.ts';
import { createDeviceClient } from '../sync/device-client.ts';
import { createDeviceTokens } from '../sync/device-token.ts';
import { holdOf } from '../sync/hold-of.ts';
import { createLinkState } from '../sync/link-state.ts';
import { testPath } from '../sync/path-test.ts';
import { pullOnce, startSync, type Sync } from '../sync/sync-engine.ts';
import type { SyncStore } from '../sync/sync-store.ts';
import { type BridgeContext, handleBridgeCall } from './bridge-calls.ts';
import { findDeviceKey, signerOf } from './device-key.ts';
import type { Enrolment } from './enrolment.ts';
import { startIdleWork } from './idle-work.ts';
import { createKpiBoard, FRESH_MS } from './kpi-board.ts';
import { liveRow, liveRowsOf } from './live-rows.ts';
import { createPins } from './pin.ts';
import { createQuarantineDesk } from './quarantine.ts';
import { createCommandRunner } from './run-commands.ts';
import type { Safekeeping } from './safekeeping.ts';
import type { Screens } from './screens.ts';
import { createTerminalsBoard } from './terminals-board.ts';
import { createThrottle } from './throttle.ts';
import type { DayTotals, ExecuteRequest, ExecuteResult, Screen, Terminal, TerminalOptions } from './terminal-types.ts';

/** The working parts of a terminal that belongs to a branch. */
export type EnrolledTerminal = ReturnType<typeof createEnrolledTerminal>;

interface TerminalParts {
  store: Store;
  enrolment: Enrolment;
  terminal: Terminal;
  screens: Screens;
  /** Missing for a terminal of which no copies are kept. */
  safekeeping: Safekeeping | undefined;
}

const STATUS_EVERY_MS = 200;
const KPIS_EVERY_MS = 1_000;

/** Puts store, commands, sync, screens and bridge together. `terminal` is what the bridge works on. */
export function createEnrolledTerminal(
  options: TerminalOptions,
  { store, enrolment, terminal, screens, safekeeping }: TerminalParts,
) {
  const { clock, log } = options;
  const fetchFn = options.fetch ?? fetch;
  const { entities, outbox, orderDays } = store;
  const { deviceId, organisation } = enrolment;
  const key = findDeviceKey(options.dataDir, options.keySeal);
  if (key?.certificate === undefined || key.pinPepper === undefined) {
    throw new AppError(
      'store/damaged',
      'The key file of this terminal is missing. Enrol it again with a new code; its sales are kept.',
    );
  }
  const pins = createPins(store, clock, Buffer.from(key.pinPepper, 'base64url'));
  const runner = createCommandRunner(store, clock, enrolment);
  const idleWork = startIdleWork(store, clock, log, options.keptDays);
  const today = (): string => runner.dayOf(clock.now());
  const kpiBoard = createKpiBoard(store, clock, deviceId, today);
  const terminalsBoard = createTerminalsBoard(store, clock, enrolment);
  const waiters = new Set<{ resolve: () => void; reject: (error: Error) => void }>();
  let sync: Sync | undefined;
  let revision = 0;
  let cancelStale: (() => void) | undefined;

  const personOf = (staffId: string): SessionInfo | null => {
    const person = entities.find('staff', staffId);
    if (person === undefined || !mayAct(person, 'L1', enrolment.branch.id)) return null;
    return { staffId: person.id, name: person.name, level: person.level };
  };

  const lastContact = Number(store.meta.find('lastContactAt') ?? Number.NaN);
  const link = createLinkState(clock, Number.isNaN(lastContact) ? undefined : lastContact, () => {
    if (!link.isOnline) kpiBoard.silence();
    statusThrottle.call();
    kpisThrottle.call();
  });

  /** What is said of a hold: the way being cut explains all that is not this terminal's own disk. */
  const shownHold = () => (link.isOnline || link.hold?.cause === 'disk' ? link.hold : undefined);
  const status = (): SyncStatus => {
    const hold = shownHold();
    const { refusals, others } = entities.countTasks();
    const { waiting, oldestWaitingAt, refused } = outbox.counts();
    const warnings = safekeeping?.warnings() ?? [];
    return {
      link: link.isOnline ? 'online' : 'offline',
      offlineSinceAt: link.offlineSinceMs === undefined ? null : isoAt(link.offlineSinceMs),
      lastContactAt: link.lastContactMs === undefined ? null : isoAt(link.lastContactMs),
      waiting,
      oldestWaitingAt,
      refused,
      trouble: hold?.text ?? null,
      ...(hold === undefined ? {} : { hold: { cause: hold.cause, sinceAt: isoAt(hold.sinceMs) } }),
      ...(link.clockOffsetMs === undefined ? {} : { clockOffsetMs: link.clockOffsetMs }),
      tasks: others,
      refusedInBranch: Math.max(refused, refusals),
      ...(warnings.length === 0 ? {} : { warnings }),
    };
  };
  const statusThrottle = createThrottle(clock, STATUS_EVERY_MS, () => {
    if (screens.count > 0) screens.sendStatus(status());
  });
  const kpisThrottle = createThrottle(clock, KPIS_EVERY_MS, () => {
    if (screens.hasKpiWatcher()) screens.sendKpis(kpiBoard.view());
  });

  /** After a commit: screens, pill and figures hear of it. */
  const committed = (): void => {
    idleWork.noteCommit();
    safekeeping?.noteCommit();
    statusThrottle.call();
    if (!kpiBoard.isLive()) kpisThrottle.call();
  };

  const settleWaiters = (): void => {
    if (waiters.size === 0 || outbox.counts().unsettled > 0) return;
    for (const waiter of waiters) waiter.resolve();
    waiters.clear();
  };

  const onChanged = (refs: readonly Ref[]): void => {
    revision += 1;
    committed();
    if (refs.some((ref) => ref.kind === 'staff')) screens.checkSessions();
    if (screens.count === 0) return;
    const rows = refs
      .filter((ref) => ref.kind !== 'pin')
      .flatMap((ref) => {
        try {
          return [liveRow(ref.kind, ref.id, entities.find(ref.kind, ref.id))];
        } catch (error) {
          log(`store: ${String(error)}`);
          return [];
        }
      });
    screens.sendRows(rows, revision);
  };

  const syncStore: SyncStore = syncRows({
    store,
    clock,
    log,
    orgId: organisation.id,
    deviceId,
    onChanged,
    onLamport: (lamport) => runner.seeLamport(lamport),
  });

  const client = createCloudClient({ cloudUrl: options.cloudUrl ?? enrolment.cloudUrl, clock, fetch: fetchFn, link });
  const identity = { deviceId, certificate: key.certificate, sign: signerOf(key) };
  /** A disk that takes nothing is said by the pill, not only by the tap that met it. */
  const runOrSay: typeof runner.run = (request) => {
    try {
      const done = runner.run(request);
      link.setHold('disk', undefined);
      return done;
    } catch (error) {
      if (error instanceof AppError && error.code.startsWith('store/')) link.setHold('disk', holdOf(error));
      throw error;
    }
  };

  const startSyncing = (): void => {
    sync ??= startSync({
      store: syncStore,
      client,
      identity,
      clock,
      fetch: fetchFn,
      link,
      log,
      random: Math.random,
      onKpis: (event) => {
        kpiBoard.take(event);
        terminalsBoard.take(event);
        screens.sendKpis(kpiBoard.view());
        // When the cloud falls silent, its figures give way to the terminal's own.
        cancelStale?.();
        cancelStale = clock.after(FRESH_MS, () => kpisThrottle.call());
      },
      onProgress: () => {
        statusThrottle.call();
        settleWaiters();
      },
    });
  };

  /** Something harmless that is as durable as a sale. */
  const writeToDisk = (): void => {
    const text = isoAt(clock.now());
    store.write(() => store.meta.save('pathTestAt', text));
    if (store.meta.find('pathTestAt') !== text) throw new AppError('store/damaged');
  };
  const bridge: BridgeContext = {
    terminal,
    store,
    screens,
    pins,
    today,
    revision: () => revision,
    personOf,
    quarantine: createQuarantineDesk(createDeviceClient(client, createDeviceTokens(client, identity, clock))),
    terminals: () => terminalsBoard.view(status()),
    testPath: (onProgress) =>
      testPath({ store: syncStore, client, identity, clock, writeToDisk, watchStream: sync?.watchStream, onProgress }),
  };

  return {
    personOf,
    status,
    noteWarning: () => statusThrottle.call(),
    startSyncing,
    /** Brings the branch's rows. Throws AppError when the cloud does not give them. */
    firstPull: () => pullOnce({ store: syncStore, client, identity, clock, log }),
    execute: (request: ExecuteRequest): ExecuteResult => {
      const { results, changed } = runOrSay(request);
      revision += 1;
      const rows = liveRowsOf(changed);
      if (screens.count > 0) {
        screens.sendRows(rows, revision);
        if (changed.some((row) => row.kind === 'staff')) screens.checkSessions();
      }
      committed();
      if (request.calls.some(({ name }) => name === 'shift.close')) safekeeping?.suggestBackup();
      sync?.wake();
      return { results, rows };
    },
    handleCall: <N extends CallName>(screen: Screen, name: N, input: unknown): Promise<CallOutput<N>> =>
      handleBridgeCall(bridge, screen, name, input),
    info: (): TerminalInfo => ({
      organisation: entities.find('organisation', organisation.id) ?? organisation,
      branch: entities.find('branch', enrolment.branch.id) ?? enrolment.branch,
      deviceId,
      deviceName: enrolment.deviceName,
      deviceCode: enrolment.deviceCode,
      host: options.host,
      version: options.version,
      staff: entities
        .listAll('staff')
        .filter((person) => mayAct(person, 'L1', enrolment.branch.id))
        .map(({ id, name, level }) => ({
          id,
          name,
          level,
          lockedUntilAt: pins.lockedUntilAt(id),
          hasPin: entities.find('pin', id) !== undefined,
        })),
      session: null,
    }),
    kpis: (): KpiView => kpiBoard.view(),
    dayTotals: (): DayTotals[] => orderDays.listSums('0000-01-01', '9999-12-31'),
    backlog: () => {
      const { waiting, unsettled } = outbox.counts();
      return { waiting, unsettled };
    },
    retryNow: () => sync?.retryNow(),
    whenSettled: (): Promise<void> =>
      new Promise((resolve, reject) => {
        waiters.add({ resolve, reject });
        settleWaiters();
      }),
    stop: async (): Promise<void> => {
      await sync?.stop();
      idleWork.stop();
      statusThrottle.stop();
      kpisThrottle.stop();
      cancelStale?.();
      for (const waiter of waiters)
        waiter.reject(new AppError('internal', 'The terminal was closed before everything had arrived.'));
      waiters.clear();
      terminalsBoard.save();
      if (link.lastContactMs !== undefined) {
        const at = String(link.lastContactMs);
        store.write(() => store.meta.save('lastContactAt', at));
      }
    },
  };
}

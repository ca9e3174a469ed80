import { z } from 'zod';
import type { SyncStatus, TerminalsView } from '#shared/contract/bridge.ts';
import { type KpiEvent, TerminalSeen } from '#shared/contract/cloud-wire.ts';
import type { Clock } from '#shared/kernel/clock.ts';
import type { Store } from '../store/store.ts';
import type { Enrolment } from './enrolment.ts';
import { FRESH_MS } from './kpi-board.ts';

const KEY = 'terminals';
/** What the cloud said last is worth a write this often: it is shown, with its age, after a start without a cloud. */
const SAVE_EVERY_MS = 5 * 60_000;
const Saved = z.object({ asOf: z.iso.datetime(), terminals: z.array(TerminalSeen) });
type Saved = z.infer<typeof Saved>;

/** The terminals of the branch: the cloud's word while it is fresh, else the last there was. */
export interface TerminalsBoard {
  take(event: KpiEvent): void;
  /** `status`: what this terminal knows of itself, which is truer than what the cloud heard. */
  view(status: SyncStatus): TerminalsView;
  /** Keeps the last word for the next start. */
  save(): void;
}

export function createTerminalsBoard(store: Store, clock: Clock, enrolment: Enrolment): TerminalsBoard {
  let last: Saved | undefined = read(store);
  let heardMs: number | undefined;
  let savedMs = clock.now();

  const save = (): void => {
    if (last === undefined || heardMs === undefined) return;
    const text = JSON.stringify(last);
    savedMs = clock.now();
    store.write(() => store.meta.save(KEY, text));
  };

  const own = (status: SyncStatus): TerminalSeen => {
    const seen: TerminalSeen = {
      deviceId: enrolment.deviceId,
      name: enrolment.deviceName,
      branchId: enrolment.branch.id,
      lastHeardAt: status.lastContactAt,
      isOnline: status.link === 'online',
      pendingCount: status.waiting,
      oldestPendingAt: status.oldestWaitingAt,
    };
    return status.clockOffsetMs === undefined ? seen : { ...seen, clockOffsetMs: status.clockOffsetMs };
  };

  return {
    take: ({ status: { asOf, terminals } }) => {
      last = { asOf, terminals };
      heardMs = clock.now();
      if (clock.now() - savedMs >= SAVE_EVERY_MS) save();
    },
    view: (status) => {
      const others = (last?.terminals ?? []).filter(({ deviceId }) => deviceId !== enrolment.deviceId);
      const isFresh = heardMs !== undefined && clock.now() - heardMs < FRESH_MS;
      return {
        asOf: last?.asOf ?? null,
        isLive: isFresh && status.link === 'online',
        terminals: [own(status), ...others],
      };
    },
    save,
  };
}

function read(store: Store): Saved | undefined {
  try {
    return Saved.safeParse(JSON.parse(store.meta.find(KEY) ?? 'null')).data;
  } catch {
    return undefined;
  }
}

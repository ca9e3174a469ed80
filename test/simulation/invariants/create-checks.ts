import { Ledger } from '../ledger/ledger.ts';
import type { Checks, SimWorld } from '../sim-types.ts';
import { type CloudState, readCloudState } from './cloud-state.ts';
import {
  allAnswered,
  answeredIsStored,
  countersLead,
  deviceOrder,
  gapFreeOutbox,
  gapFreeSeries,
  nothingLost,
  nothingFailsInside,
  physicalNeverRefused,
  receiptsUnique,
  refusalSaid,
  sameText,
} from './command-laws.ts';
import { dayRowsTrue, kpisTrue, replicaEqual, terminalDaysTrue } from './figure-laws.ts';
import type { Law } from './law.ts';
import { booksBalance, givenBackOnce, paymentsOnce, shiftsStand } from './money-laws.ts';
import { closedIsFinal, closedStays, linesOnce, ordersOpened, sentOnce, stockAddsUp } from './order-laws.ts';
import { SoleActorLaws } from './sole-actor-laws.ts';
import { ViewLaws } from './view-laws.ts';

/** Hold whenever the cloud's rows are looked at, whatever is on its way. */
const ALWAYS: readonly Law[] = [
  nothingLost,
  answeredIsStored,
  sameText,
  deviceOrder,
  gapFreeSeries,
  gapFreeOutbox,
  countersLead,
  physicalNeverRefused,
  nothingFailsInside,
  refusalSaid,
  receiptsUnique,
  paymentsOnce,
  givenBackOnce,
  booksBalance,
  shiftsStand,
  linesOnce,
  sentOnce,
  closedStays,
  closedIsFinal,
  stockAddsUp,
  dayRowsTrue,
  terminalDaysTrue,
];

/** Hold once everything has healed and arrived. */
const AT_END: readonly Law[] = [allAnswered, ordersOpened, replicaEqual, kpisTrue];

/** The checks of a run, with a ledger of their own. */
export function createChecks(world: SimWorld): Checks {
  const ledger = new Ledger();
  const views = new ViewLaws(world, ledger);
  const soles = new SoleActorLaws(world, ledger);
  const hold = (laws: readonly Law[], cloud: CloudState): void => {
    for (const law of laws) law.holds({ world, ledger, cloud });
  };
  return {
    confirmed: (command) => ledger.confirmed(command),
    diskLost: (deviceId, commandIds) => {
      ledger.diskLost(deviceId, commandIds);
      views.forget(deviceId);
    },
    cloudRestored: () => ledger.cloudRestored(),
    poisoned: (commandId) => ledger.poisoned(commandId),
    afterStep: () => {
      views.check(false);
      soles.check(false);
    },
    atRest: async () => {
      views.check(true);
      soles.check(true);
      hold(ALWAYS, await readCloudState(world));
    },
    atEnd: async () => {
      views.check(true);
      soles.check(true);
      const cloud = await readCloudState(world);
      hold([...ALWAYS, ...AT_END], cloud);
    },
  };
}

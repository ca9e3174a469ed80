import {
  bridgeCalls,
  type CallOutput,
  type CallParsed,
  type PathReport,
  type SessionInfo,
  type TerminalsView,
} from '#shared/contract/bridge.ts';
import type { CallName } from '#shared/contract/bridge-names.ts';
import { hasLevel } from '#shared/domain/level.ts';
import { isPinLongEnough } from '#shared/domain/staff.ts';
import { AppError, invalidInput } from '#shared/kernel/errors.ts';
import type { Store } from '../store/store.ts';
import { expectedInDrawer } from './fill-input.ts';
import type { QuarantineDesk } from './quarantine.ts';
import { listRefusals } from './refusals.ts';
import { isSeenBy, snapshotRows } from './live-rows.ts';
import type { Pins } from './pin.ts';
import { findNewestCommand } from './run-commands.ts';
import type { Screens } from './screens.ts';
import type { Screen, Terminal } from './terminal-types.ts';

export interface BridgeContext {
  terminal: Terminal;
  store: Store;
  screens: Screens;
  pins: Pins;
  today(): string;
  revision(): number;
  /** Who somebody is on this terminal; null when they may not sign in. */
  personOf(staffId: string): SessionInfo | null;
  quarantine: QuarantineDesk;
  terminals(): TerminalsView;
  testPath(onProgress: (report: PathReport) => void): Promise<PathReport>;
}

interface Caller {
  screen: Screen;
  /** Null only for calls that anybody may make. */
  session: SessionInfo | null;
}

type Handlers = {
  [N in CallName]: (
    context: BridgeContext,
    input: CallParsed<N>,
    caller: Caller,
  ) => CallOutput<N> | Promise<CallOutput<N>>;
};

function signedIn(caller: Caller): SessionInfo {
  if (caller.session === null) throw new AppError('auth/missing');
  return caller.session;
}

const handlers: Handlers = {
  'terminal:info': ({ terminal, screens }, _input, { screen }) => ({
    ...terminal.info(),
    session: screens.session(screen),
  }),
  'session:signIn': async ({ pins, screens, personOf }, { staffId, pin }, { screen }) => {
    await pins.check(staffId, pin);
    const person = personOf(staffId);
    if (person === null) throw new AppError('auth/wrong-pin');
    screens.signIn(screen, person);
    return person;
  },
  'session:lock': ({ screens }, _input, { screen }) => {
    screens.signOut(screen);
    return {};
  },
  'live:snapshot': ({ terminal, store, today, revision }, _input, caller) => {
    const { level } = signedIn(caller);
    return {
      rows: snapshotRows(store.entities, level, today()),
      status: terminal.status(),
      kpis: hasLevel(level, 'L4') ? terminal.kpis() : null,
      revision: revision(),
    };
  },
  'command:run': async ({ terminal, pins, revision }, { commands, approval }, caller) => {
    const { staffId: actorId, level } = signedIn(caller);
    for (const [index, { name, input }] of commands.entries()) {
      const command = findNewestCommand(name);
      if (approval === undefined && command?.needsPin(input) === true) throw new AppError('auth/pin-needed');
      // A PIN becomes a hash only in here, by its own call.
      if (command !== undefined && name !== 'staff.setPin') continue;
      throw new AppError('input/invalid', `commands.${index}.name: there is no command "${name}"`, {
        path: `commands.${index}.name`,
      });
    }
    if (approval !== undefined) await pins.check(approval.staffId, approval.pin);
    const result = terminal.execute({
      actorId,
      calls: commands,
      ...(approval === undefined ? {} : { approvedBy: approval.staffId }),
    });
    return {
      results: result.results,
      rows: result.rows.filter((row) => isSeenBy(row.kind, level)),
      revision: revision(),
    };
  },
  'shift:drawer': ({ store }, { shiftId }) => {
    const shift = store.entities.find('shift', shiftId);
    if (shift === undefined) throw new AppError('shift/not-found');
    return { expectedMinor: shift.expectedMinor ?? expectedInDrawer(shift, store.entities) };
  },
  'outbox:list': ({ store }, { filter, limit }) => store.outbox.list(filter, limit),
  'staff:setPin': async ({ terminal, store, pins }, { staffId, pin }, caller) => {
    const { staffId: actorId } = signedIn(caller);
    const person = store.entities.find('staff', staffId);
    if (person === undefined) throw new AppError('staff/not-found');
    if (!isPinLongEnough(pin, person.level)) {
      throw new AppError('input/invalid', 'pin: level 4 and above need six digits', { path: 'pin' });
    }
    const pinHash = await pins.hash(pin);
    terminal.execute({ actorId, calls: [{ name: 'staff.setPin', input: { staffId, pinHash } }] });
    return {};
  },
  'staff:liftLock': ({ pins }, { staffId }) => {
    pins.liftLock(staffId);
    return {};
  },
  'sync:now': ({ terminal }) => {
    terminal.wake();
    return {};
  },
  'sync:terminals': ({ terminals }) => terminals(),
  'sync:testPath': ({ testPath, screens }, _input, { screen }) =>
    testPath((report) => screens.sendPath(screen, report)),
  'refusals:list': ({ store, terminal }, { limit }) => listRefusals(store, terminal.info().deviceId, limit),
  'quarantine:list': ({ quarantine }) => quarantine.list(),
  'quarantine:decide': async ({ quarantine, pins }, { approval, ...what }) => {
    await pins.check(approval.staffId, approval.pin);
    return quarantine.decide(approval.staffId, what);
  },
  'tasks:history': ({ store }, { limit }) => ({ tasks: store.entities.listResolved(limit) }),
};

/** One call of a screen: its input by schema, its right by the session, then the work. Rejects with AppError. */
export async function handleBridgeCall<N extends CallName>(
  context: BridgeContext,
  screen: Screen,
  name: N,
  rawInput: unknown,
): Promise<CallOutput<N>> {
  if (!Object.hasOwn(bridgeCalls, name)) throw new AppError('route/unknown');
  const { needs, input } = bridgeCalls[name];
  const session = context.screens.session(screen);
  if (needs !== 'anybody') {
    if (session === null) throw new AppError('auth/missing');
    if (!hasLevel(session.level, needs)) throw new AppError('auth/forbidden');
  }
  const parsed = input.safeParse(rawInput ?? {});
  if (!parsed.success) throw invalidInput(parsed.error.issues);
  const handler = handlers[name] as (context: BridgeContext, input: unknown, caller: Caller) => Promise<CallOutput<N>>;
  return handler(context, parsed.data, { screen, session });
}

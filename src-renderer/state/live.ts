import type { CallInput, CallOutput, EventPayload, LiveRow, SessionInfo } from '#shared/contract/bridge.ts';
import type { CallName, EventName } from '#shared/contract/bridge-names.ts';
import { AppError } from '#shared/kernel/errors.ts';
import type { ScreenBridge } from '../bridge/screen-bridge.ts';
import { RowGate } from './row-gate.ts';
import { emptyRows, withRows } from './rows.ts';
import { applyRows, useLive } from './store.ts';

let bridge: ScreenBridge | undefined;
const gate = new RowGate();
/** Counts snapshots asked for, so that the answer to an older question is dropped. */
let round = 0;
/** Events that came while a snapshot was on its way. */
let buffered: { rows: LiveRow[]; revision: number | undefined }[] | undefined;

function theBridge(): ScreenBridge {
  if (bridge === undefined) throw new AppError('internal');
  return bridge;
}

/** Any call of the bridge. Rejects with AppError. */
export function callTerminal<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
  return theBridge().call(name, input);
}

/** Listens to an event of the terminal that is not part of what every screen shows. Returns the function that stops. */
export function onTerminal<N extends EventName>(name: N, listener: (payload: EventPayload<N>) => void): () => void {
  return theBridge().on(name, listener);
}

/** Binds the store to the terminal: asks who is there, listens, and starts anew whenever the terminal comes back. */
export function startLive(screenBridge: ScreenBridge): void {
  bridge = screenBridge;
  bridge.on('live:rows', (event) => {
    const arrival = { rows: event.rows, revision: event.revision };
    if (buffered === undefined) applyRows(gate.pass(arrival.rows, arrival.revision));
    else buffered.push(arrival);
  });
  bridge.on('live:status', (status) => useLive.setState({ status }));
  bridge.on('live:kpis', (kpis) => useLive.setState({ kpis }));
  bridge.on('session:changed', ({ session }) => void changeSession(session));
  bridge.onLink((link) => {
    useLive.setState({ link });
    if (link.state === 'up') void refresh();
    else if (link.state === 'down' && useLive.getState().phase === 'starting') useLive.setState({ phase: 'failed' });
  });
}

/** Asks the terminal for everything again. */
export async function refresh(): Promise<void> {
  try {
    const info = await callTerminal('terminal:info', {});
    useLive.setState({ info, phase: 'ready', failure: '' });
    await changeSession(info.session, true);
  } catch (error) {
    if (useLive.getState().phase === 'ready') return;
    useLive.setState({ phase: 'failed', failure: error instanceof Error ? error.message : '' });
  }
}

async function changeSession(session: SessionInfo | null, isForced = false): Promise<void> {
  const before = useLive.getState().session;
  const isSame = before?.staffId === session?.staffId && before?.level === session?.level;
  if (isSame && !isForced) return;
  useLive.setState({ session });
  if (session === null) {
    round += 1;
    buffered = undefined;
    useLive.setState({ hasRows: false, rows: emptyRows(), kpis: null });
    return;
  }
  await loadSnapshot();
}

async function loadSnapshot(): Promise<void> {
  const mine = ++round;
  buffered = [];
  try {
    const snapshot = await callTerminal('live:snapshot', {});
    if (mine !== round) return;
    gate.reset();
    let rows = withRows(emptyRows(), snapshot.rows);
    gate.pass(snapshot.rows, snapshot.revision);
    for (const arrival of buffered) rows = withRows(rows, gate.pass(arrival.rows, arrival.revision));
    buffered = undefined;
    useLive.setState({ hasRows: true, rows, status: snapshot.status, kpis: snapshot.kpis });
  } catch (error) {
    if (mine !== round) return;
    buffered = undefined;
    if (error instanceof AppError && error.code === 'auth/missing') await changeSession(null);
    else if (useLive.getState().link.state === 'up') setTimeout(() => mine === round && void loadSnapshot(), 1_000);
  }
}

/** Signs in with a PIN. Rejects with AppError `auth/wrong-pin`, `auth/locked` and others. */
export async function signIn(staffId: string, pin: string): Promise<void> {
  const session = await callTerminal('session:signIn', { staffId, pin });
  await changeSession(session);
}

/** Goes back to the sign-in screen. What is on the orders stays. */
export async function lock(): Promise<void> {
  await callTerminal('session:lock', {});
  await changeSession(null);
  useLive.setState({ info: await callTerminal('terminal:info', {}) });
}

/** Lets the rows of a command's answer in. */
export function takeAnswer(rows: readonly LiveRow[], revision: number | undefined): void {
  if (buffered === undefined) applyRows(gate.pass(rows, revision));
  else buffered.push({ rows: [...rows], revision });
}

import { create } from 'zustand';
import type { KpiView, LiveRow, SessionInfo, SyncStatus, TerminalInfo } from '#shared/contract/bridge.ts';
import type { Link } from '../bridge/screen-bridge.ts';
import { emptyRows, withRows, type Rows } from './rows.ts';

export interface LiveState {
  /** `starting`: nothing is known yet. `failed`: the terminal does not answer the first question. */
  phase: 'starting' | 'ready' | 'failed';
  failure: string;
  info: TerminalInfo | null;
  session: SessionInfo | null;
  /** Whether the rows are there: false between signing in and the snapshot, and while the terminal is gone. */
  hasRows: boolean;
  rows: Rows;
  status: SyncStatus | null;
  kpis: KpiView | null;
  link: Link;
}

/** What every screen shows, as the terminal last said it. Only state/live.ts writes here. */
export const useLive = create<LiveState>(() => ({
  phase: 'starting',
  failure: '',
  info: null,
  session: null,
  hasRows: false,
  rows: emptyRows(),
  status: null,
  kpis: null,
  link: { state: 'connecting' },
}));

export function applyRows(changes: readonly LiveRow[]): void {
  if (changes.length === 0) return;
  useLive.setState((state) => ({ rows: withRows(state.rows, changes) }));
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KpiEvent } from '#shared/contract/cloud-wire.ts';
import { createKpiBoard, FRESH_MS } from '../../../src-main/core/kpi-board.ts';
import { openStore, type Store } from '../../../src-main/store/store.ts';

let dir = '';
let store: Store;
let nowMs = Date.parse('2026-03-02T12:00:00Z');
const clock = { now: () => nowMs, after: () => () => undefined };
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kpis-'));
  store = openStore(dir, () => undefined);
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

const said = (openOrders: number): KpiEvent =>
  KpiEvent.parse({
    kpis: {
      salesToday: 0,
      salesMTD: 0,
      paymentsMomo: 0,
      paymentsCash: 0,
      openOrders,
      tablesOccupied: 0,
      onShiftNow: 0,
      stockAtRisk: 0,
      anomaliesToday: 0,
    },
    status: {
      scope: 'branch',
      branchId: 'branch1',
      asOf: new Date(nowMs).toISOString(),
      seq: 1,
      isComplete: true,
      terminals: [],
      oldestUnsyncedAt: null,
    },
  });

describe('whose figures a terminal shows', () => {
  it('are the cloud’s as long as it speaks, and its own from the moment the link is gone', () => {
    const board = createKpiBoard(store, clock, 'till-1', () => '2026-03-02');
    expect(board.view()).toMatchObject({ source: 'terminal', isComplete: false });
    board.take(said(7));
    expect(board.view()).toMatchObject({ source: 'cloud', isComplete: true, kpis: { openOrders: 7 } });
    board.silence();
    expect(board.view()).toMatchObject({ source: 'terminal', isComplete: false, kpis: { openOrders: 0 } });
    board.take(said(8));
    expect(board.view()).toMatchObject({ source: 'cloud', kpis: { openOrders: 8 } });
  });

  it('are its own when the cloud has said nothing for a while', () => {
    const board = createKpiBoard(store, clock, 'till-1', () => '2026-03-02');
    board.take(said(7));
    nowMs += FRESH_MS - 1;
    expect(board.isLive()).toBe(true);
    nowMs += 1;
    expect(board.view()).toMatchObject({ source: 'terminal' });
  });
});

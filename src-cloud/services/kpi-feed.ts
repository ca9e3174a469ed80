import type { Branch } from '#shared/domain/branch.ts';
import type { KpiEvent } from '#shared/contract/cloud-wire.ts';
import { localTime } from '#shared/kernel/business-day.ts';
import type { Clock } from '#shared/kernel/clock.ts';
import type { SseChannel } from '../stream/sse-channel.ts';
import type { SseClient } from '../stream/sse-client.ts';
import type { SseHub, StreamLog } from '../stream/sse-hub.ts';
import type { BranchList } from './branch-list.ts';
import type { BranchFigures } from './kpi-snapshot.ts';
import { kpiStatus, type TerminalRow } from './kpi-status.ts';
import { sumKpis } from './kpi-sum.ts';
import type { Wakeup } from './wakeups.ts';

/** What figures are made of. */
export interface KpiSource {
  branches(orgId: string): Promise<BranchList>;
  read(
    orgId: string,
    branches: readonly Branch[],
    nowMs: number,
  ): Promise<{ figures: BranchFigures[]; terminals: TerminalRow[] }>;
}

/** Whose figures: one branch, a set of branches, or all of the organisation whatever branches it has. */
export type KpiScope =
  | { kind: 'branch'; orgId: string; branchId: Branch['id'] }
  | { kind: 'branches'; orgId: string; branchIds: readonly Branch['id'][] }
  | { kind: 'org'; orgId: string };

/** `public`: the events of `GET /stream/kpis`. `device`: one event `kpis` on a terminal's own stream. */
export type KpiForm = 'public' | 'device';

/** At most one recompute of a branch, and one event of a scope, in this time. */
const PACE_MS = 1_000;
/** Watched figures are computed afresh at least this often: a lost invalidation is made good within 10 s. */
const RECHECK_MS = 9_000;
const HOUR_MS = 3_600_000;

/**
 * Live figures. What changes marks a branch dirty; one recompute is under way at a time, what comes meanwhile follows on
 * its trailing edge; one buffer per scope serves all who watch it. Without a watcher nothing is done.
 */
export class KpiFeed {
  readonly #parts: OrgParts;
  readonly #orgs = new Map<string, OrgFigures>();

  constructor(parts: OrgParts) {
    this.#parts = parts;
  }

  /** The figures of a branch, or of the whole organisation, may have changed. Costs nothing while nobody watches. */
  markDirty(orgId: string, branchId?: string): void {
    this.#orgs.get(orgId)?.markDirty(branchId);
  }

  wake({ orgId, scopes }: Wakeup): void {
    if (scopes.includes('org')) this.markDirty(orgId);
    else for (const branchId of scopes) this.markDirty(orgId, branchId);
  }

  /** Sends the client a snapshot at once (as soon as there is one) and every change from then on. */
  watch(client: SseClient, scope: KpiScope, form: KpiForm): void {
    let org = this.#orgs.get(scope.orgId);
    if (org === undefined) {
      org = new OrgFigures(scope.orgId, this.#parts, () => this.#orgs.delete(scope.orgId));
      this.#orgs.set(scope.orgId, org);
    }
    org.watch(client, scope, form);
  }

  /** Organisations that are watched now. */
  get watched(): number {
    return this.#orgs.size;
  }

  close(): void {
    for (const org of this.#orgs.values()) org.close();
    this.#orgs.clear();
  }
}

interface OrgParts {
  hub: SseHub;
  source: KpiSource;
  clock: Clock;
  log: StreamLog;
}

interface BranchState {
  isDirty: boolean;
  startedMs: number;
  figures: BranchFigures | undefined;
  terminals: TerminalRow[];
  computedMs: number;
}

interface ScopeState {
  scope: KpiScope;
  form: KpiForm;
  channel: SseChannel;
  publishedMs: number;
  cancelTimer: (() => void) | undefined;
}

/** The watched figures of one organisation. */
class OrgFigures {
  readonly #orgId: string;
  readonly #parts: OrgParts;
  readonly #onUnwatched: () => void;
  readonly #scopes = new Map<string, ScopeState>();
  readonly #states = new Map<string, BranchState>();
  #list: BranchList | undefined;
  #isRunning = false;
  #isClosed = false;
  #cancelPump: (() => void) | undefined;
  #cancelRecheck: (() => void) | undefined;

  constructor(orgId: string, parts: OrgParts, onUnwatched: () => void) {
    this.#orgId = orgId;
    this.#parts = parts;
    this.#onUnwatched = onUnwatched;
    this.#armRecheck();
  }

  watch(client: SseClient, scope: KpiScope, form: KpiForm): void {
    const key = `kpis:${form}:${this.#orgId}:${scopeKey(scope)}`;
    let state = this.#scopes.get(key);
    if (state === undefined) {
      const channel = this.#parts.hub.channel(key, 'state', () => this.#unwatch(key));
      state = { scope, form, channel, publishedMs: Number.NEGATIVE_INFINITY, cancelTimer: undefined };
      this.#scopes.set(key, state);
      state.channel.join(client);
      for (const branch of this.#branchesOf(scope)) this.#stateOf(branch.id);
      this.#publish(state);
      this.#pump();
    } else {
      state.channel.join(client);
    }
  }

  markDirty(branchId: string | undefined): void {
    if (branchId === undefined) for (const state of this.#states.values()) state.isDirty = true;
    else {
      const state = this.#states.get(branchId);
      if (state === undefined) return;
      state.isDirty = true;
    }
    this.#pump();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelPump?.();
    this.#cancelRecheck?.();
    for (const scope of this.#scopes.values()) scope.cancelTimer?.();
    this.#scopes.clear();
  }

  #unwatch(key: string): void {
    this.#scopes.get(key)?.cancelTimer?.();
    this.#scopes.delete(key);
    if (this.#scopes.size === 0) {
      this.close();
      this.#onUnwatched();
      return;
    }
    const needed = new Set(
      [...this.#scopes.values()].flatMap(({ scope }) => this.#branchesOf(scope).map(({ id }) => id as string)),
    );
    for (const branchId of this.#states.keys()) if (!needed.has(branchId)) this.#states.delete(branchId);
  }

  /** The branches of a scope that exist; none until the list is read. */
  #branchesOf(scope: KpiScope): readonly Branch[] {
    const branches = this.#list?.branches ?? [];
    if (scope.kind === 'org') return branches;
    const wanted: readonly string[] = scope.kind === 'branch' ? [scope.branchId] : scope.branchIds;
    return branches.filter((branch) => wanted.includes(branch.id));
  }

  #stateOf(branchId: string): BranchState {
    let state = this.#states.get(branchId);
    if (state === undefined) {
      state = { isDirty: true, startedMs: Number.NEGATIVE_INFINITY, figures: undefined, terminals: [], computedMs: 0 };
      this.#states.set(branchId, state);
    }
    return state;
  }

  #armRecheck(): void {
    const { clock } = this.#parts;
    const nowMs = clock.now();
    // A business day starts on a full hour of its branch: the figures turn over then, not at the next re-check.
    const toHour = (this.#list?.branches ?? []).map(({ zone }) => msToNextHour(nowMs, zone));
    this.#cancelRecheck?.();
    this.#cancelRecheck = clock.after(Math.min(RECHECK_MS, ...toHour), () => {
      this.#armRecheck();
      this.markDirty(undefined);
    });
  }

  /** Starts a recompute of all branches that are due, or the timer for those that soon will be. */
  #pump(): void {
    if (this.#isRunning || this.#isClosed) return;
    if (this.#list === undefined) {
      void this.#run([]);
      return;
    }
    const nowMs = this.#parts.clock.now();
    const due: Branch[] = [];
    let waitMs = Number.POSITIVE_INFINITY;
    for (const branch of this.#list.branches) {
      const state = this.#states.get(branch.id);
      if (state === undefined || !state.isDirty) continue;
      const leftMs = state.startedMs + PACE_MS - nowMs;
      if (leftMs <= 0) due.push(branch);
      else waitMs = Math.min(waitMs, leftMs);
    }
    this.#cancelPump?.();
    this.#cancelPump = undefined;
    if (due.length > 0) void this.#run(due);
    else if (waitMs !== Number.POSITIVE_INFINITY)
      this.#cancelPump = this.#parts.clock.after(waitMs, () => this.#pump());
  }

  async #run(due: readonly Branch[]): Promise<void> {
    this.#isRunning = true;
    try {
      if (this.#list === undefined) await this.#readList();
      else await this.#compute(due);
    } catch (error) {
      for (const { id } of due) this.#stateOf(id).isDirty = true;
      this.#parts.log.warn({ event: 'kpi-failed', orgId: this.#orgId, err: error }, 'figures could not be computed');
      this.#isRunning = false;
      this.#cancelPump?.();
      if (!this.#isClosed) this.#cancelPump = this.#parts.clock.after(PACE_MS, () => this.#pump());
      return;
    }
    this.#isRunning = false;
    this.#pump();
  }

  async #readList(): Promise<void> {
    this.#list = await this.#parts.source.branches(this.#orgId);
    if (this.#isClosed) return;
    this.#armRecheck();
    for (const state of this.#scopes.values()) {
      const branches = this.#branchesOf(state.scope);
      for (const branch of branches) this.#stateOf(branch.id);
      if (branches.length === 0) this.#publish(state);
    }
  }

  async #compute(due: readonly Branch[]): Promise<void> {
    const { clock, source } = this.#parts;
    const nowMs = clock.now();
    for (const { id } of due) {
      const state = this.#stateOf(id);
      state.isDirty = false;
      state.startedMs = nowMs;
    }
    const { figures, terminals } = await source.read(this.#orgId, due, nowMs);
    if (this.#isClosed) return;
    for (const each of figures) {
      const state = this.#states.get(each.branchId);
      if (state === undefined) continue;
      state.figures = each;
      state.computedMs = nowMs;
      state.terminals = terminals.filter(({ branchId }) => branchId === each.branchId);
    }
    // The organisation's rows have moved: a branch may be new, or keep other hours.
    if (figures.some(({ orgSeq }) => orgSeq !== this.#list?.orgSeq)) await this.#readList();
    const computed = new Set(figures.map(({ branchId }) => branchId));
    for (const state of this.#scopes.values()) {
      if (this.#branchesOf(state.scope).some(({ id }) => computed.has(id))) this.#publish(state);
    }
  }

  /** Says what a scope's figures are, unless it did so less than a second ago: then at the end of that second. */
  #publish(state: ScopeState): void {
    const { clock } = this.#parts;
    if (this.#list === undefined || state.cancelTimer !== undefined) return;
    const leftMs = state.publishedMs + PACE_MS - clock.now();
    if (leftMs > 0) {
      state.cancelTimer = clock.after(leftMs, () => {
        state.cancelTimer = undefined;
        this.#publish(state);
      });
      return;
    }
    const event = this.#eventOf(state.scope);
    if (event === undefined) return;
    state.publishedMs = clock.now();
    if (state.form === 'device') {
      state.channel.publish({ name: 'kpis', data: JSON.stringify(event) });
    } else {
      state.channel.publish(
        { data: JSON.stringify(event.kpis) },
        { name: 'status', data: JSON.stringify(event.status) },
      );
    }
  }

  /** Undefined while figures of one of its branches are missing. */
  #eventOf(scope: KpiScope): KpiEvent | undefined {
    const branches = this.#branchesOf(scope);
    const states: BranchState[] = [];
    const figures: BranchFigures[] = [];
    for (const branch of branches) {
      const state = this.#stateOf(branch.id);
      if (state.figures === undefined) return undefined;
      states.push(state);
      figures.push(state.figures);
    }
    const { clock, hub } = this.#parts;
    return {
      kpis: sumKpis(figures.map(({ kpis }) => kpis)),
      status: kpiStatus({
        scope: scope.kind === 'branch' ? 'branch' : 'org',
        branchId: scope.kind === 'branch' ? scope.branchId : null,
        branches,
        terminals: states.flatMap(({ terminals }) => terminals),
        seq: figures.reduce((sum, { seq }) => sum + seq, 0),
        asOfMs: Math.min(clock.now(), ...states.map(({ computedMs }) => computedMs)),
        isListening: (deviceId) => hub.isListening(`device:${deviceId}`),
      }),
    };
  }
}

function scopeKey(scope: KpiScope): string {
  if (scope.kind === 'org') return 'all';
  return scope.kind === 'branch'
    ? `branch:${scope.branchId}`
    : `set:${[...new Set(scope.branchIds)].toSorted().join(',')}`;
}

/** Milliseconds to the next full hour on the wall clock of `zone`. */
export function msToNextHour(nowMs: number, zone: string): number {
  return HOUR_MS - localTime(nowMs, zone).minute * 60_000 - (nowMs % 60_000);
}

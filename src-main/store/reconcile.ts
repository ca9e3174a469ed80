import { type Find, parseInput } from '#shared/commands/engine.ts';
import { contextOf } from '#shared/commands/envelope.ts';
import { findCommand } from '#shared/commands/registry.ts';
import { KINDS, put, type Put, type Ref, refKey } from '#shared/domain/entity.ts';
import type { Order } from '#shared/domain/order.ts';
import type { DeviceId, OrgId } from '#shared/kernel/ids.ts';
import { type PendingCommand, rebase } from '#shared/sync/rebase.ts';
import type { Log } from '#shared/kernel/log.ts';
import type { Store } from './store.ts';

// A re-run can reach an entity that no pending command touched before (a follow-up order); each round takes those in.
const MAX_ROUNDS = 8;

/** Makes views from bases and pending commands, for the entities that are touched only. Runs inside a transaction. */
export interface Reconciler {
  /** Brings the views of `dirty` and of all that hangs together with them up to date. Returns what may have changed. */
  run(dirty: readonly Ref[]): Ref[];
  /** Notes anew what commands touch that were settled before. Returns the entities. */
  retouch(positions: readonly number[]): Ref[];
}

export function reconciler(store: Store, orgId: OrgId, log: Log): Reconciler {
  const { entities, outbox, touches, orderDays } = store;

  const commandsAt = (positions: Iterable<number>): (PendingCommand & { pos: number })[] =>
    [...positions].map((pos) => {
      const { seq, lamport, deviceId, envelope } = outbox.getCommand(pos);
      return { pos, seq, lamport, deviceId: deviceId as DeviceId, envelope };
    });

  /** Inside the closure the cloud's word, outside the view. A row that cannot be read counts as missing. */
  const baseOf =
    (refs: ReadonlyMap<string, Ref>): Find =>
    (kind, id) => {
      try {
        return refs.has(refKey({ kind, id })) ? entities.findBase(kind, id) : entities.find(kind, id);
      } catch (error) {
        log(`store: ${String(error)}`);
        return undefined;
      }
    };

  const rerun = (commands: readonly (PendingCommand & { pos: number })[], base: Find): Put[] =>
    rebase(base, commands, orgId, (command, puts) => {
      const { pos } = command as PendingCommand & { pos: number };
      for (const row of puts) touches.add(pos, row);
    });

  const saveViews = (refs: ReadonlyMap<string, Ref>, puts: readonly Put[], base: Find): void => {
    const rebased = new Map(puts.map((row) => [refKey(row), row]));
    for (const [key, ref] of refs) {
      if (!touches.isTouched(ref)) {
        const settled = entities.settle(ref);
        if (ref.kind === 'order') orderDays.replace(ref.id, settled as Order | undefined);
        continue;
      }
      const body = base(ref.kind, ref.id);
      const view = rebased.get(key) ?? (body === undefined ? undefined : put(ref.kind, body));
      if (view === undefined) entities.clearView(ref);
      else entities.saveView(view, undefined);
      if (ref.kind === 'order') orderDays.replace(ref.id, view?.body as Order | undefined);
    }
  };

  return {
    run: (dirty) => {
      if (dirty.length === 0) return [];
      let refs = new Map(dirty.map((ref) => [refKey(ref), ref]));
      let puts: Put[] = [];
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const closure = touches.closure(refs.values());
        refs = closure.refs;
        puts = closure.positions.size === 0 ? [] : rerun(commandsAt(closure.positions), baseOf(refs));
        const reached = puts.filter((row) => !refs.has(refKey(row)));
        if (reached.length === 0) break;
        for (const row of reached) refs.set(refKey(row), { kind: row.kind, id: row.id });
      }
      const base = baseOf(refs);
      saveViews(refs, puts, base);
      const changed = [...refs.values()];
      entities.forget(changed);
      return changed;
    },
    retouch: (positions) => {
      const dirty = new Map<string, Ref>();
      const note = (pos: number, ref: Ref): void => {
        touches.add(pos, ref);
        dirty.set(refKey(ref), { kind: ref.kind, id: ref.id });
      };
      const commands = commandsAt(positions);
      for (const { pos, deviceId, envelope } of commands) {
        const command = findCommand(envelope.name, envelope.version);
        if (command === undefined) continue;
        const ctx = contextOf(envelope, { orgId, deviceId, isRecorded: true });
        const read = Object.values(command.reads(parseInput(command, envelope.input), ctx));
        // Also what is not here now: another terminal sends it again, and then this command runs on it.
        for (const ref of read) if (ref !== undefined) note(pos, ref);
      }
      // What they write is found by running them from nothing: on the view, which shows their effects, most do nothing.
      const nothing: Find = (kind, id) => (KINDS[kind].scope === 'org' ? entities.find(kind, id) : undefined);
      for (const row of rerun(commands, nothing)) dirty.set(refKey(row), { kind: row.kind, id: row.id });
      return [...dirty.values()];
    },
  };
}

import { randomBytes } from 'node:crypto';
import { monotonicFactory } from 'ulid';
import type { Command } from '#shared/commands/define-command.ts';
import { Fold, parseInput, runCommand } from '#shared/commands/engine.ts';
import { contextOf, Envelope } from '#shared/commands/envelope.ts';
import { commands } from '#shared/commands/registry.ts';
import { branchDay } from '#shared/domain/branch.ts';
import { put, type Put, refKey } from '#shared/domain/entity.ts';
import type { Order } from '#shared/domain/order.ts';
import type { BusinessDay } from '#shared/kernel/business-day.ts';
import { type Clock, isoAt } from '#shared/kernel/clock.ts';
import { AppError, invalidInput } from '#shared/kernel/errors.ts';
import type { Store } from '../store/store.ts';
import { formatTouches } from '../store/touch-rows.ts';
import type { Enrolment } from './enrolment.ts';
import { fillInput } from './fill-input.ts';
import type { ExecuteRequest } from './terminal-types.ts';

export interface CommandRunner {
  /** See `Terminal.execute`. Returns the rows that changed, as they are now. */
  run(request: ExecuteRequest): { results: { commandId: string; flags: string[] }[]; changed: Put[] };
  /** A number that another terminal gave out: ours go on above it. */
  seeLamport(lamport: number): void;
  dayOf(ms: number): BusinessDay;
}

interface Born {
  envelope: Envelope;
  command: Command;
  puts: Put[];
}

const newestByName = new Map<string, Command>();
for (const command of commands) {
  const known = newestByName.get(command.name);
  if (known === undefined || known.version < command.version) newestByName.set(command.name, command);
}

/** The newest version of a command. */
export function findNewestCommand(name: string): Command | undefined {
  return newestByName.get(name);
}

// Business days begin on a full hour of some zone; zones differ by quarters of an hour.
const QUARTER_MS = 900_000;

/** Runs commands where they are born. Invariant: their rows and their outbox rows commit in one transaction. */
export function createCommandRunner(store: Store, clock: Clock, enrolment: Enrolment): CommandRunner {
  const { entities, outbox, touches, orderDays } = store;
  const { deviceId, deviceCode, organisation } = enrolment;
  const newId = monotonicFactory(randomNumbers());
  let lamport = Math.max(outbox.maxLamport(), Number(store.meta.find('lamport') ?? 0));
  let lastDay: { quarter: number; branchKey: string; day: BusinessDay } | undefined;

  const dayOf = (ms: number): BusinessDay => {
    const branch = entities.find('branch', enrolment.branch.id) ?? enrolment.branch;
    const quarter = Math.floor(ms / QUARTER_MS);
    const branchKey = `${branch.zone} ${branch.dayStartHour}`;
    if (lastDay?.quarter !== quarter || lastDay.branchKey !== branchKey)
      lastDay = { quarter, branchKey, day: branchDay(branch, ms) };
    return lastDay.day;
  };

  const receiptNumber = (number: number): string => {
    const { id } = outbox.incarnation();
    const series = id === enrolment.firstIncarnation ? deviceCode : `${deviceCode}.${id.slice(0, 4)}`;
    return `${series}-${String(number).padStart(4, '0')}`;
  };

  /** Runs all calls in memory; throws the refusal of the first that is refused. */
  const compute = (request: ExecuteRequest) => {
    const atMs = request.atMs ?? clock.now();
    const at = isoAt(atMs);
    const businessDay = dayOf(atMs);
    const before = new Map<string, Put | undefined>();
    const fold = new Fold((kind, id) => {
      const body = entities.find(kind, id);
      before.set(refKey({ kind, id }), body === undefined ? undefined : put(kind, body));
      return body;
    });
    const born: Born[] = [];
    const results: { commandId: string; flags: string[] }[] = [];
    let receipt = outbox.nextReceipt();
    for (const call of request.calls) {
      const command = findNewestCommand(call.name);
      if (command === undefined)
        throw new AppError('command/unknown', `There is no command "${call.name}".`, { path: 'name' });
      const filled = fillInput(command, call.input, {
        fold,
        entities,
        deviceId,
        actorId: request.actorId,
        previousId: results.at(-1)?.commandId,
        nextReceipt: () => {
          receipt += 1;
          return receiptNumber(receipt - 1);
        },
      });
      const input = parseInput(command, filled);
      const envelope = {
        id: newId(clock.now()),
        name: command.name,
        version: command.version,
        branchId: enrolment.branch.id,
        actorId: request.actorId,
        ...(request.approvedBy === undefined ? {} : { approvedBy: request.approvedBy }),
        at,
        businessDay,
        input,
      } as Envelope;
      const ctx = contextOf(envelope, { orgId: organisation.id, deviceId, isRecorded: false });
      const outcome = runCommand(command, input, ctx, fold.find, { withReview: false });
      if (outcome.status === 'rejected') {
        const { code, message, path } = outcome.error;
        throw new AppError(code, message, path === undefined ? {} : { path });
      }
      fold.apply(outcome.puts);
      born.push({ envelope, command, puts: outcome.puts });
      results.push({ commandId: envelope.id, flags: outcome.flags.map((flag) => flag.code) });
    }
    return { fold, before, born, results, receipt };
  };

  const saveView = (row: Put, before: ReadonlyMap<string, Put | undefined>): void => {
    const key = refKey(row);
    const old = before.get(key);
    if (row.kind === 'order') {
      const known = before.has(key) ? (old?.body as Order | undefined) : entities.find('order', row.id);
      orderDays.save(known, row.body, row.id);
    }
    entities.saveView(row, old);
  };

  const append = ({ envelope, command, puts }: Born, createdAt: string): void => {
    lamport += 1;
    const pos = outbox.append({
      lamport,
      deviceId,
      id: envelope.id,
      endpoint: endpointOf(command, envelope.input),
      method: command.method,
      idempotencyKey: envelope.id,
      createdAt,
      body: JSON.stringify(envelope),
      touches: formatTouches(puts),
    });
    touches.addAll(pos, puts);
  };

  return {
    run: (request) => {
      checkActor(request);
      const { fold, before, born, results, receipt } = compute(request);
      const changed = fold.changed();
      const lamportBefore = lamport;
      const createdAt = isoAt(clock.now());
      try {
        store.write(() => {
          for (const row of changed) saveView(row, before);
          for (const each of born) append(each, createdAt);
          if (receipt !== outbox.nextReceipt()) outbox.saveNextReceipt(receipt);
        });
      } catch (error) {
        lamport = lamportBefore;
        throw error;
      }
      entities.remember(changed);
      return { results, changed };
    },
    seeLamport: (seen) => {
      lamport = Math.max(lamport, seen);
    },
    dayOf,
  };
}

/** Numbers in [0, 1) from the system's randomness, drawn in larger pieces: each draw costs as much as a hundred. */
function randomNumbers(): () => number {
  let pool = randomBytes(0);
  let used = 0;
  return () => {
    if (used >= pool.length) {
      pool = randomBytes(4096);
      used = 0;
    }
    used += 4;
    return pool.readUInt32BE(used - 4) / 2 ** 32;
  };
}

const People = Envelope.pick({ actorId: true, approvedBy: true });

function checkActor({ actorId, approvedBy }: ExecuteRequest): void {
  const parsed = People.safeParse({ actorId, approvedBy });
  if (!parsed.success) throw invalidInput(parsed.error.issues);
}

/** The command's route with the ids of its input: what people read in the sync centre. */
function endpointOf(command: Command, input: Record<string, unknown>): string {
  const path = command.path.replace(/:([A-Za-z]+)/g, (_all, name: string) => {
    const value = input[name];
    return typeof value === 'string' ? value : name;
  });
  return `${command.method} ${path}`;
}

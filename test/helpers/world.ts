import { Fold, type Outcome, parseInput, runCommand } from '#shared/commands/engine.ts';
import { contextOf, type Envelope } from '#shared/commands/envelope.ts';
import { findCommand } from '#shared/commands/registry.ts';
import { put, type EntityOf, type Kind, type Put } from '#shared/domain/entity.ts';
import type { Level } from '#shared/domain/level.ts';
import type { Staff } from '#shared/domain/staff.ts';
import type { BusinessDay } from '#shared/kernel/business-day.ts';
import type { BranchId, CommandId, DeviceId, OrgId, StaffId } from '#shared/kernel/ids.ts';

export const ORG = 'org1' as OrgId;
export const BRANCH = 'branch1' as BranchId;
export const OTHER_BRANCH = 'branch2' as BranchId;
export const DAY = '2026-03-02' as BusinessDay;
export const LEVELS: readonly Level[] = ['L1', 'L2', 'L3', 'L4', 'L5'];

export const VAT = { code: 'vat', ratePpm: 180_000, mode: 'inclusive' } as const;

/** The member of staff of a level; `staffOf('L3').id` is `staff-L3`. */
export function staffOf(level: Level, branchIds: BranchId[] = [BRANCH]): Staff {
  return { id: `staff-${level}` as StaffId, name: `Person ${level}`, level, branchIds, isActive: true };
}

export interface Do {
  by?: Level;
  approvedBy?: Level;
  device?: string;
  /** Already accepted on a terminal, as everything that the cloud is told by a push. */
  recorded?: boolean;
  branchId?: BranchId;
  day?: string;
  review?: boolean;
  rightsKnownSinceMs?: number;
}

/** A branch in memory on which commands run through the real engine. */
export class World {
  #fold: Fold;
  #serial = 0;

  constructor(rows: readonly Put[] = LEVELS.map((level) => put('staff', staffOf(level)))) {
    const initial = new Map(rows.map((row) => [`${row.kind}/${row.id}`, row.body]));
    this.#fold = new Fold(
      <K extends Kind>(kind: K, id: string) => initial.get(`${kind}/${id}`) as EntityOf<K> | undefined,
    );
  }

  /** A command id that sorts by time, the same in every run. */
  nextId(): CommandId {
    this.#serial += 1;
    return `01HZZZZZZZ${String(this.#serial).padStart(16, '0')}` as CommandId;
  }

  envelope(name: string, input: Record<string, unknown>, how: Do = {}): Envelope {
    const approved = how.approvedBy === undefined ? {} : { approvedBy: staffOf(how.approvedBy).id };
    return {
      id: this.nextId(),
      name,
      version: 1,
      branchId: how.branchId ?? BRANCH,
      actorId: staffOf(how.by ?? 'L2').id,
      at: '2026-03-02T12:00:00.000Z',
      businessDay: (how.day ?? DAY) as BusinessDay,
      input,
      ...approved,
    };
  }

  /** Runs a command; its rows stay in this world when it is applied. Throws only when the name is not known. */
  run(name: string, input: Record<string, unknown>, how: Do = {}): Outcome {
    const command = findCommand(name, 1);
    if (command === undefined) throw new Error(`no command ${name}`);
    const ctx = contextOf(this.envelope(name, input, how), {
      orgId: ORG,
      deviceId: (how.device ?? 'till-1') as DeviceId,
      isRecorded: how.recorded ?? false,
    });
    const outcome = runCommand(command, parseInput(command, input), ctx, this.#fold.find, {
      withReview: how.review ?? false,
      ...(how.rightsKnownSinceMs === undefined ? {} : { rightsKnownSinceMs: how.rightsKnownSinceMs }),
    });
    if (outcome.status === 'applied') this.#fold.apply(outcome.puts);
    return outcome;
  }

  /** As `run`, and fails the test when the command is refused. */
  apply(name: string, input: Record<string, unknown>, how: Do = {}): Extract<Outcome, { status: 'applied' }> {
    const outcome = this.run(name, input, how);
    if (outcome.status !== 'applied') throw new Error(`${name} was refused: ${outcome.error.code}`);
    return outcome;
  }

  get<K extends Kind>(kind: K, id: string): EntityOf<K> {
    const found = this.#fold.find(kind, id);
    if (found === undefined) throw new Error(`no ${kind} ${id}`);
    return found;
  }

  find<K extends Kind>(kind: K, id: string): EntityOf<K> | undefined {
    return this.#fold.find(kind, id);
  }

  list<K extends Kind>(kind: K): EntityOf<K>[] {
    return this.#fold
      .changed()
      .filter((row) => row.kind === kind)
      .map((row) => row.body as EntityOf<K>);
  }
}

/** A line as the Till sends it. */
export function line(
  orderId: string,
  lineId: string,
  unitPriceMinor = 1000,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    orderId,
    lineId,
    itemId: 'burger',
    name: 'Burger',
    quantity: 1,
    unitPriceMinor,
    tax: VAT,
    stationId: 'grill',
    ...more,
  };
}

/** An open order with lines `l1`…, each at 1,000. */
export function openWith(world: World, orderId: string, lines: number, how: Do = {}): void {
  world.apply('order.open', { orderId, number: 'T1-0001', type: 'takeaway' }, how);
  for (let n = 1; n <= lines; n += 1) world.apply('order.addLine', line(orderId, `l${n}`), how);
}

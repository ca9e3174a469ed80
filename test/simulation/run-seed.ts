import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { wallMs } from './determinism.ts';
import type { FaultCounts, SimSettings } from './faults.ts';
import { createChecks } from './invariants/create-checks.ts';
import type { House } from './house.ts';
import type { Lab } from './lab.ts';
import { ReplicaReader } from './replica-reader.ts';
import { NORTH, READER } from './restaurant.ts';
import { type Checks, Finding, type ConfirmedCommand, type LedgerEvents } from './sim-types.ts';
import { ThinScreen } from './thin-screen.ts';
import { Trouble } from './trouble.ts';
import { createWorkload } from './workload/create-workload.ts';
import { type Post, World } from './world.ts';

export interface RunResult {
  settings: SimSettings;
  counts: FaultCounts;
  /** Of the trace: equal for equal seeds. */
  hash: string;
  confirmed: number;
  wallMs: number;
  virtualMs: number;
  /** Undefined: green. */
  broken?: { invariant: string; detail: string };
}

/** Runs one seed from its beginning to its checks. Never throws for a finding. */
export async function runSeed(lab: Lab, settings: SimSettings, say?: (line: string) => void): Promise<RunResult> {
  const beganMs = wallMs();
  rmSync(join(lab.folder, 'run'), { recursive: true, force: true });
  const world = new World(lab, settings, say);
  const startedMs = world.nowMs;
  const run = new Run(world);
  let broken: RunResult['broken'];
  try {
    await run.all();
  } catch (error) {
    broken =
      error instanceof Finding
        ? { invariant: error.invariant, detail: error.message }
        : { invariant: 'no-surprise', detail: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  await world.close();
  await run.trouble.tidy();
  return {
    settings,
    counts: world.counts,
    hash: world.hash(),
    confirmed: run.confirmed.size,
    wallMs: wallMs() - beganMs,
    virtualMs: world.nowMs - startedMs,
    ...(broken === undefined ? {} : { broken }),
  };
}

const DRAIN_MS = 15 * 60_000;
/** Then the last rows and figures have come by the stream, or by the pull that makes good for it. */
const QUIET_MS = 200_000;

class Run {
  readonly world: World;
  readonly houses: House[] = [];
  readonly confirmed = new Set<string>();
  /** The cloud died since: what it has said must be in what it has kept, before anybody can heal it. */
  isCloudToBeLookedAt = false;
  readonly trouble: Trouble;
  readonly reader: ReplicaReader;
  readonly screens: ThinScreen[];

  constructor(world: World) {
    this.world = world;
    this.trouble = new Trouble(world, this.houses);
    const device = world.lab.enrolled.find(({ name }) => name === READER);
    this.reader = new ReplicaReader(world, NORTH, device?.deviceId ?? '');
    world.onCloudGone = () => {
      this.reader.lost();
      this.isCloudToBeLookedAt = true;
    };
    this.screens = world.posts.map((post) => new ThinScreen(post));
    world.onReopened = (post) => {
      this.#recover(post);
      world.later(0, () => this.#connectScreens());
    };
    const { posts, random } = world;
    for (const branchId of new Set(posts.map(({ host }) => host.branchId))) {
      const view = world.viewOf(branchId);
      const checks = createChecks(view);
      const ledger = this.#listenTo(checks);
      const workload = createWorkload(view, random.fork(`work ${branchId}`), ledger);
      this.houses.push({ workload, checks, ledger, posts: posts.filter(({ host }) => host.branchId === branchId) });
    }
  }

  async all(): Promise<void> {
    const { world } = this;
    const random = world.random.fork('steps');
    this.trouble.prepare();
    await world.open();
    await this.reader.connect();
    await this.#connectScreens();
    await world.pass(2_000);
    for (let step = 0; step < world.settings.steps; step += 1) {
      await this.trouble.step();
      this.#act(random.pick(world.posts));
      await world.pass(random.pick([0, 20, 300, 1_000, 1_000, 4_000]));
      await this.#check(random.chance(0.06) || this.isCloudToBeLookedAt);
    }
    await this.#drain();
    await this.#watching(async (checks) => checks.atEnd());
    await this.reader.check(true);
    world.counts.twoTerminalsOneOrder += await world.sharedOrders();
  }

  async #connectScreens(): Promise<void> {
    for (const screen of this.screens) await screen.connect(this.world);
  }

  async #check(isAtRest: boolean): Promise<void> {
    this.isCloudToBeLookedAt = false;
    await this.#watching(async (checks) => {
      checks.afterStep();
      if (isAtRest) await checks.atRest();
    });
    for (const screen of this.screens) screen.check();
    if (isAtRest) await this.reader.check(false);
  }

  /** Who checks meets no fault of a disk. */
  async #watching(look: (checks: Checks) => Promise<void>): Promise<void> {
    for (const { checks, posts } of this.houses) {
      for (const { host } of posts) host.isWatched = true;
      await look(checks);
      for (const { host } of posts) host.isWatched = false;
    }
  }

  #act(post: Post): void {
    const house = this.houses.find(({ posts }) => posts.includes(post));
    if (house === undefined || post.host.terminal === undefined) return;
    this.world.at(post, () => void house.workload.act(post.host));
  }

  /** What was committed before a crash and never returned: the people see it now that the till is back. */
  #recover(post: Post): void {
    const house = this.houses.find(({ posts }) => posts.includes(post));
    for (const { pos: _pos, ...command } of post.host.recorded(0)) {
      if (this.confirmed.has(command.commandId)) continue;
      this.#note(command, ' (found after the crash)');
      house?.checks.confirmed(command);
    }
  }

  #note(command: ConfirmedCommand, how = ''): void {
    this.confirmed.add(command.commandId);
    const { deviceId, name, incarnation, seq } = command;
    this.world.trace(`${deviceId.slice(-4)} confirmed ${name} ${incarnation.slice(0, 4)}:${seq}${how}`);
  }

  async #drain(): Promise<void> {
    const { world } = this;
    world.trace('everything heals');
    this.trouble.heal();
    const untilMs = world.nowMs + DRAIN_MS;
    while (!this.#isDrained()) {
      if (world.nowMs > untilMs) throw new Finding('drains', this.#stuck());
      await world.pass(5_000);
      await this.#check(false);
    }
    await world.pass(QUIET_MS);
  }

  #isDrained(): boolean {
    return this.world.posts.every(({ host }) => host.terminal?.backlog().unsettled === 0);
  }

  #stuck(): string {
    const waits = this.world.posts.map(({ host }) => {
      const backlog = host.terminal?.backlog();
      return `${host.name}: ${backlog === undefined ? 'down' : `${backlog.waiting} wait, ${backlog.unsettled} unsettled, ${host.terminal?.status().trouble ?? ''}`}`;
    });
    return `after ${DRAIN_MS / 60_000} healthy minutes the queue has not drained: ${waits.join('; ')}`;
  }

  #listenTo(checks: Checks): LedgerEvents {
    return {
      confirmed: (command) => {
        this.#note(command);
        checks.confirmed(command);
      },
      diskLost: (deviceId, ids) => checks.diskLost(deviceId, ids),
      cloudRestored: () => checks.cloudRestored(),
      poisoned: (commandId) => checks.poisoned(commandId),
    };
  }
}

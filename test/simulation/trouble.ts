import { join } from 'node:path';
import type { Fault } from './faults.ts';
import type { House } from './house.ts';
import { poisonEntry, takeRight } from './people-trouble.ts';
import type { Random } from './sim-types.ts';
import type { Post, World } from './world.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** What goes wrong at the places and with the people; what goes wrong on the way is the network's. */
export class Trouble {
  readonly #world: World;
  readonly #houses: readonly House[];
  readonly #random: Random;
  readonly #cutUntilMs = new Map<Post, number>();
  /** The copy of a terminal's disk that may be put back. */
  readonly #diskCopies = new Map<Post, { folder: string; takenMs: number }>();
  #cloudCopy: { name: string; takenMs: number } | undefined;
  /** Steps that are still to be taken without a network, far apart. */
  #offlineSteps = 0;

  constructor(world: World, houses: readonly House[]) {
    this.#world = world;
    this.#houses = houses;
    this.#random = world.random.fork('trouble');
  }

  /** Before anything runs: who has which version. */
  prepare(): void {
    const { posts, cloud, lab } = this.#world;
    const random = this.#random;
    const kinds = (['oldTillNewCloud', 'newTillOldCloud'] as const).filter((fault) => this.#world.isOn(fault));
    if (kinds.length === 0) return;
    if (random.pick(kinds) === 'oldTillNewCloud') {
      cloud.build = lab.nextBuild;
      this.#world.count('oldTillNewCloud');
      this.#world.later(random.int(20_000, 80_000), () => this.#upgradeTerminal(random.pick(posts)));
      return;
    }
    for (const { host } of some(posts, random)) host.build = lab.nextBuild;
    this.#world.later(random.int(15_000, 60_000), () => {
      this.#world.count('newTillOldCloud');
      this.#parts().upgradeCloud();
    });
  }

  #upgradeTerminal(post: Post): void {
    this.#world.killTerminal(post);
    post.host.build = this.#world.lab.nextBuild;
    this.#world.reopen(post);
  }

  /** Before a step: perhaps something happens. Nothing else moves meanwhile. */
  async step(): Promise<void> {
    const random = this.#random;
    if (this.#offlineSteps > 0) {
      this.#offlineSteps -= 1;
      this.#world.time.skip(random.int(8, 20) * HOUR_MS);
    }
    for (const { fault, chance, happen } of KINDS)
      if (random.chance(chance) && this.#world.isOn(fault)) await happen(this.#parts());
  }

  /** Everything works again; whoever is down comes back within seconds. */
  heal(): void {
    const { posts, cloud, network } = this.#world;
    network.isCalm = true;
    cloud.planCrash(undefined);
    this.#offlineSteps = 0;
    for (const { host, line } of posts) {
      line.isCut = false;
      host.fullUntilMs = 0;
      host.plan = undefined;
    }
    const isNewer = posts.some(({ host }) => host.build.name === 'next') && cloud.build.name === 'this';
    if (isNewer) this.#parts().upgradeCloud();
    else if (!cloud.isUp) this.#world.cloudBack(1_000);
  }

  /** Copies of disks and of the cloud that the run has made. */
  async tidy(): Promise<void> {
    if (this.#cloudCopy !== undefined) await this.#world.lab.copies.drop(this.#cloudCopy.name);
  }

  #parts(): Happening {
    const world = this.#world;
    return {
      world,
      random: this.#random,
      houses: this.#houses,
      cut: (post, ms) => this.#cut(post, ms),
      goOffline: (posts) => {
        this.#offlineSteps = this.#random.int(7, 10);
        for (const post of posts) this.#cut(post, 5 * DAY_MS + this.#random.int(0, HOUR_MS));
      },
      diskCopies: this.#diskCopies,
      cloudCopy: () => this.#cloudCopy,
      keepCloudCopy: (copy) => {
        this.#cloudCopy = copy;
      },
      upgradeCloud: () => {
        world.killCloud('the cloud is upgraded');
        world.cloud.build = world.lab.nextBuild;
        world.cloudBack(2_000);
      },
    };
  }

  #cut(post: Post, ms: number): void {
    const world = this.#world;
    const untilMs = Math.max(this.#cutUntilMs.get(post) ?? 0, world.nowMs + ms);
    this.#cutUntilMs.set(post, untilMs);
    world.trace(`${post.host.name} has no network for ${Math.round(ms / 1000)} s`);
    world.network.cut(post.line);
    world.later(ms, () => {
      if (!post.line.isCut || world.nowMs < (this.#cutUntilMs.get(post) ?? 0)) return;
      post.line.isCut = false;
      world.trace(`${post.host.name} has its network again`);
      if (this.#random.chance(0.5)) post.host.terminal?.wake();
    });
  }
}

export interface Happening {
  world: World;
  random: Random;
  houses: readonly House[];
  cut(post: Post, ms: number): void;
  goOffline(posts: readonly Post[]): void;
  diskCopies: Map<Post, { folder: string; takenMs: number }>;
  cloudCopy(): { name: string; takenMs: number } | undefined;
  keepCloudCopy(copy: { name: string; takenMs: number }): void;
  upgradeCloud(): void;
}

interface Kind {
  fault: Fault;
  /** At each step, while it is on. */
  chance: number;
  happen(parts: Happening): Promise<void> | void;
}

const KINDS: readonly Kind[] = [
  { fault: 'partition', chance: 0.05, happen: partition },
  { fault: 'offlineDays', chance: 0.03, happen: offlineDays },
  { fault: 'terminalCrash', chance: 0.07, happen: terminalCrash },
  { fault: 'terminalRestored', chance: 0.07, happen: terminalRestored },
  { fault: 'diskFull', chance: 0.04, happen: diskFull },
  { fault: 'clockJump', chance: 0.04, happen: clockJump },
  { fault: 'cloudCrashBeforeCommit', chance: 0.05, happen: ({ world, random }) => cloudCrash(world, random, 'before') },
  { fault: 'cloudCrashAfterCommit', chance: 0.05, happen: ({ world, random }) => cloudCrash(world, random, 'after') },
  { fault: 'poison', chance: 0.04, happen: poisonEntry },
  { fault: 'rightTakenOffline', chance: 0.04, happen: takeRight },
  { fault: 'cloudRestored', chance: 0.06, happen: (parts) => cloudRestored(parts, false) },
  { fault: 'cloudRestoredMovedOn', chance: 0.06, happen: (parts) => cloudRestored(parts, true) },
];

function some(posts: readonly Post[], random: Random): Post[] {
  const chosen = posts.filter(() => random.chance(0.5));
  return chosen.length > 0 ? chosen : [random.pick(posts)];
}

function partition({ world, random, cut }: Happening): void {
  world.count('partition');
  const ms = random.pick([3_000, 20_000, 60_000, 200_000]);
  for (const post of random.chance(0.4) ? world.posts : some(world.posts, random)) cut(post, ms);
}

function offlineDays({ world, random, goOffline }: Happening): void {
  world.count('offlineDays');
  goOffline(random.chance(0.6) ? world.posts : some(world.posts, random));
}

function terminalCrash({ world, random }: Happening): void {
  const isCommit = random.chance(0.4);
  const inStatements = isCommit ? random.int(1, 3) : random.int(1, 150);
  random.pick(world.posts).host.plan = { isCommit, inStatements, isAfter: random.chance(0.5) };
}

/** The first time its disk is copied; the next time the copy is put back. */
async function terminalRestored({ world, random, houses, diskCopies }: Happening): Promise<void> {
  const post = random.pick(world.posts);
  const { host } = post;
  const copy = diskCopies.get(post);
  if (host.terminal === undefined) return;
  world.killTerminal(post);
  if (copy === undefined) {
    const folder = join(world.lab.folder, 'run', `${host.name}.copy`);
    host.copyDisk(folder);
    diskCopies.set(post, { folder, takenMs: world.nowMs });
    world.trace(`${host.name}'s disk is copied`);
    world.reopen(post);
    return;
  }
  world.count('terminalRestored');
  world.trace(`${host.name}'s disk of ${Math.round((world.nowMs - copy.takenMs) / 1000)} s ago is put back`);
  const had = host.recorded(0).map(({ commandId }) => commandId);
  host.putDiskBack(copy.folder);
  diskCopies.delete(post);
  const kept = new Set(host.recorded(0).map(({ commandId }) => commandId));
  const inCloud = await world.cloudCommands('public');
  const lost = had.filter((id) => !kept.has(id) && !inCloud.has(id));
  houseOf(houses, post).checks.diskLost(host.deviceId, lost);
  world.later(random.pick([100, 5_000, 30_000]), () => world.reopen(post));
}

function diskFull({ world, random }: Happening): void {
  const { host } = random.pick(world.posts);
  let isCounted = false;
  host.fullUntilMs = world.nowMs + random.int(1_000, 30_000);
  host.onFull = () => {
    if (!isCounted) world.count('diskFull');
    if (!isCounted) world.trace(`${host.name}'s disk is full`);
    isCounted = true;
  };
}

function clockJump({ world, random }: Happening): void {
  world.count('clockJump');
  const { host } = random.pick(world.posts);
  host.offsetMs += random.pick([-DAY_MS, DAY_MS]);
  world.trace(`${host.name}'s clock jumps to ${new Date(host.nowMs()).toISOString()}`);
}

function cloudCrash({ cloud }: World, random: Random, at: 'before' | 'after'): void {
  cloud.planCrash({ at, statement: 'commit', inStatements: random.int(1, 6) });
}

/** The first time the cloud is copied; the next time the copy is put back. */
async function cloudRestored(parts: Happening, isMovingOn: boolean): Promise<void> {
  const { world, random, houses, cut } = parts;
  const { copies } = world.lab;
  const copy = parts.cloudCopy();
  if (!world.cloud.isUp) return;
  if (copy === undefined) {
    parts.keepCloudCopy({ name: await copies.take(), takenMs: world.nowMs });
    world.trace('the cloud is copied');
    return;
  }
  if (isMovingOn && world.posts.length < 2) return;
  world.killCloud(`the cloud of ${Math.round((world.nowMs - copy.takenMs) / 1000)} s ago is put back`);
  const had = await world.cloudCommands('public');
  const kept = await world.cloudCommands(copy.name);
  await copies.putBack(copy.name);
  for (const { checks, posts } of houses) {
    const onDisks = new Set(posts.flatMap(({ host }) => host.recorded(0).map(({ commandId }) => commandId)));
    checks.cloudRestored();
    for (const { host } of posts) {
      const lost = [...had].filter(([id, owner]) => owner === host.deviceId && !kept.has(id) && !onDisks.has(id));
      if (lost.length > 0)
        checks.diskLost(
          host.deviceId,
          lost.map(([id]) => id),
        );
    }
  }
  if (!isMovingOn) {
    world.count('cloudRestored');
    world.cloudBack(random.pick([200, 3_000, 20_000]));
    return;
  }
  const away = some(world.posts, random).slice(0, world.posts.length - 1);
  const awayMs = random.int(15_000, 60_000);
  for (const post of away) cut(post, awayMs);
  world.cloudBack(200);
  world.later(awayMs - 1, async () => {
    const now = await world.cloudCommands('public');
    if ([...now.keys()].some((id) => !kept.has(id))) world.count('cloudRestoredMovedOn');
  });
}

function houseOf(houses: readonly House[], post: Post): House {
  const house = houses.find(({ posts }) => posts.includes(post));
  if (house === undefined) throw new Error(`${post.host.name} belongs to no house`);
  return house;
}

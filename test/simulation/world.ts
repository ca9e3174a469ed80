import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ownChanceAndTime } from './determinism.ts';
import { type Fault, type FaultCounts, noFaults, type SimSettings } from './faults.ts';
import { type Lab, STARTS_AT } from './lab.ts';
import { type Line, Network } from './network.ts';
import { ioBelongsTo } from './own-io.ts';
import { createRandom } from './random.ts';
import { branchOf, NORTH, SOUTH } from './restaurant.ts';
import { CloudHost } from './sim-cloud.ts';
import { TerminalHost } from './sim-terminal.ts';
import { SimTime } from './sim-time.ts';
import { Finding, type Random, SimCrash, type SimBranch, type SimWorld } from './sim-types.ts';
import { Work } from './work.ts';

/** One terminal with its way to the cloud. */
export interface Post {
  host: TerminalHost;
  line: Line;
  branch: SimBranch;
}

/** What has to be done between two moments, and takes its turns: starting a cloud, reopening a till. */
type Chore = () => Promise<void> | void;

/** The world of one seed: terminals, network, cloud and time. Faults and steps are driven from outside. */
export class World {
  readonly settings: SimSettings;
  readonly time = new SimTime(STARTS_AT);
  readonly work = new Work();
  readonly random: Random;
  readonly cloud: CloudHost;
  readonly network: Network;
  readonly posts: Post[];
  readonly counts: FaultCounts = noFaults();
  readonly lab: Lab;
  /** Called when a terminal has come back, with nothing else happening. */
  onReopened: (post: Post) => void = () => undefined;
  /** Called when the process of the cloud has ended. */
  onCloudGone: () => void = () => undefined;
  readonly #chores: Chore[] = [];
  readonly #hash = createHash('sha256');
  readonly #say: ((line: string) => void) | undefined;
  readonly #always = { isAlive: true };

  constructor(lab: Lab, settings: SimSettings, say: ((line: string) => void) | undefined) {
    this.lab = lab;
    this.settings = settings;
    this.#say = say;
    this.random = createRandom(`seed ${settings.seed}`);
    ioBelongsTo(this.work);
    ownChanceAndTime(this.random.fork('system'), () => this.time.nowMs);
    this.cloud = new CloudHost(lab.lite, lab.thisBuild, this.time, this.work);
    this.network = new Network({
      time: this.time,
      cloud: this.cloud,
      random: this.random.fork('network'),
      isOn: (fault) => this.isOn(fault),
      count: (fault) => this.count(fault),
      trace: (line) => this.trace(line),
    });
    this.posts = this.#makePosts();
  }

  get nowMs(): number {
    return this.time.nowMs;
  }

  isOn(fault: Fault): boolean {
    return this.settings.faults.includes(fault);
  }

  count(fault: Fault): void {
    this.counts[fault] += 1;
  }

  /** Everything that happens is a line; the same seed gives the same lines. */
  trace(line: string): void {
    const whole = `${((this.nowMs - Date.parse(STARTS_AT)) / 1000).toFixed(3)} ${line}`;
    this.#hash.update(whole).update('\n');
    this.#say?.(whole);
  }

  /** Ends the trace. */
  hash(): string {
    return this.#hash.digest('hex').slice(0, 16);
  }

  /** The part of the world that is one branch, for its workload and its checks. */
  viewOf(branchId: string): SimWorld {
    const posts = this.posts.filter((post) => post.host.branchId === branchId);
    return {
      seed: this.settings.seed,
      branch: branchOf(branchId as typeof NORTH),
      terminals: posts.map((post) => post.host),
      cloud: this.cloud,
      nowMs: () => this.nowMs,
    };
  }

  async open(): Promise<void> {
    const { lab } = this;
    await lab.copies.putBack(lab.start);
    this.cloud.onCrash = (how) => {
      this.count(how === 'before' ? 'cloudCrashBeforeCommit' : 'cloudCrashAfterCommit');
      this.#cloudGone(`the cloud dies ${how} commit`);
      this.cloudBack(this.random.int(500, 20_000));
    };
    await this.cloud.start();
    for (const post of this.posts) post.host.open();
    await this.#settle();
  }

  async close(): Promise<void> {
    for (const { host } of this.posts) host.kill();
    this.cloud.kill();
    await this.#settle();
    await this.cloud.endDead();
  }

  /** Lets `ms` pass, with everything that happens in it. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    await this.#rest();
    while (this.#runNext(untilMs)) await this.#rest();
    this.time.nowMs = Math.max(this.nowMs, untilMs);
  }

  /** Does something at a terminal that may die of it. False when it did. */
  at(post: Post, fn: () => void): boolean {
    try {
      fn();
    } catch (error) {
      if (post.host.diedAt === undefined) throw error;
    }
    return post.host.diedAt === undefined;
  }

  /** Something that is done as soon as nothing else moves, `ms` from now. */
  later(ms: number, chore: Chore): void {
    this.time.after(ms, this.#always, () => this.#chores.push(chore));
  }

  /** The ids of all commands that a schema of the cloud's engine holds, with the terminal each came from. */
  async cloudCommands(schema: string): Promise<Map<string, string>> {
    const rows = await this.cloud.query<{ id: string; device_id: string }>(
      `select id, device_id from ${schema}.command order by id`,
    );
    return new Map(rows.map(({ id, device_id: deviceId }) => [id, deviceId]));
  }

  /** How many orders were worked on by more than one terminal. */
  async sharedOrders(): Promise<number> {
    const [row] = await this.cloud.query<{ count: number }>(
      `select count(*) as count from (
         select body::jsonb -> 'input' ->> 'orderId' as id from command where name like 'order.%' or name like 'payment.%'
         group by 1 having count(distinct device_id) > 1) as shared`,
    );
    return row?.count ?? 0;
  }

  killCloud(why: string): void {
    this.cloud.kill();
    this.#cloudGone(why);
  }

  cloudBack(inMs: number): void {
    this.later(inMs, async () => {
      if (this.cloud.isUp) return;
      this.trace(`the cloud (${this.cloud.build.name}) starts`);
      await this.cloud.start();
    });
  }

  /** Ends the process of a terminal; its streams hang for a while. */
  killTerminal(post: Post): void {
    post.host.kill();
    for (const stream of post.line.streams) stream.cut();
    post.line.streams.clear();
  }

  reopen(post: Post): void {
    if (post.host.terminal !== undefined) return;
    this.trace(`${post.host.name} (${post.host.build.name}) is opened`);
    try {
      post.host.open();
    } catch (error) {
      if (error instanceof SimCrash || post.host.diedAt !== undefined) return;
      this.killTerminal(post);
      // Another version's errors are of another class.
      const isFull = error instanceof Error && 'code' in error && error.code === 'store/full';
      if (!isFull || this.nowMs > post.host.fullUntilMs)
        throw new Finding('reopens', `${post.host.name} does not open again: ${String(error)}`);
      this.later(5_000, () => this.reopen(post));
      return;
    }
    // It may have died of the first thing that it did.
    if (post.host.diedAt === undefined) this.onReopened(post);
  }

  /** A terminal may die of a timer of its own. */
  #runNext(untilMs: number): boolean {
    try {
      return this.time.runNext(untilMs);
    } catch (error) {
      if (error instanceof SimCrash) return true;
      throw error;
    }
  }

  async #rest(): Promise<void> {
    await this.#settle();
    for (;;) {
      this.#bury();
      const chore = this.#chores.shift();
      if (chore === undefined) return;
      await chore();
      await this.#settle();
    }
  }

  #settle(): Promise<void> {
    return this.work.settle(() => this.time.activity);
  }

  /** Who died at a statement is put away, and comes back later. */
  #bury(): void {
    for (const post of this.posts) {
      const { diedAt } = post.host;
      if (diedAt === undefined) continue;
      post.host.diedAt = undefined;
      this.count('terminalCrash');
      this.trace(`${post.host.name} died ${diedAt}`);
      this.killTerminal(post);
      this.later(this.random.pick([100, 2_000, 15_000]), () => this.reopen(post));
    }
  }

  #cloudGone(why: string): void {
    this.trace(why);
    this.onCloudGone();
    for (const { line } of this.posts) {
      for (const stream of line.streams) stream.cut();
      line.streams.clear();
    }
  }

  #makePosts(): Post[] {
    const { lab, settings } = this;
    const folder = join(lab.folder, 'run');
    const chosen = [
      ...lab.enrolled.filter(({ branchId }) => branchId === NORTH).slice(0, settings.terminals),
      ...lab.enrolled.filter(({ branchId }) => branchId === SOUTH).slice(0, settings.elsewhere),
    ];
    return chosen.map((enrolled) => {
      const line = this.network.line(enrolled.name);
      const host = new TerminalHost({
        enrolled,
        folder: join(folder, enrolled.name),
        build: lab.thisBuild,
        time: this.time,
        log: (text) => this.trace(text),
        fetch: (_host, life) => this.network.fetchOver(line, life),
        onStatement: () => {
          this.work.activity += 1;
        },
      });
      return { host, line, branch: branchOf(enrolled.branchId as typeof NORTH) };
    });
  }
}

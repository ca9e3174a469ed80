import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../test/helpers/free-port.ts';
import { type PostgresCrash, type PostgresServer, startPostgres } from '../../test/helpers/postgres-server.ts';
import { CloudProcess } from '../replay/cloud-process.ts';
import { type Random, seededRandom } from '../replay/random.ts';
import { readPglite, readPostgres, readTerminal, type StoreFacts } from './read-stores.ts';
import { createRestaurant } from './restaurant.ts';
import { SalesRecord } from './sales-record.ts';
import type { SellerMessage } from './seller-messages.ts';
import { SellerProcess } from './seller-process.ts';

export interface CrashOptions {
  /** The folder of PostgreSQL's programs; without it the cloud runs on PGlite. */
  postgresBinaries?: string;
  rounds: number;
  seed: number;
  /** How many terminals sell. */
  tills: number;
  /** The stores are compared after so many rounds, and at the end. */
  checkEvery: number;
  say(line: string): void;
}

export interface CrashResult {
  rounds: number;
  /** Sales whose closing the till confirmed, those of the quietest round, and all commands. */
  sales: number;
  fewestSales: number;
  commands: number;
  kills: Record<string, number>;
  checks: number;
  elapsedMs: number;
  /** What is wrong; empty when nothing was lost or doubled. */
  problems: string[];
}

/** Sales that every round must have under fire. */
export const FEWEST_SALES = 20;
const MORE_BEFORE = 20;
const MORE_AFTER = 15;
const ROUND_MS = 60_000;
const DRAIN_MS = 180_000;

type Victim = 'terminal' | 'cloud' | 'terminal and cloud' | `postgres ${PostgresCrash}`;

interface Till {
  name: string;
  /** What its receipt numbers begin with. */
  code: string;
  dataDir: string;
  process: SellerProcess;
}

/** Rounds of crashes on one engine: everything that runs is a process of its own but the checker, which is this one. */
export class CrashRun {
  readonly #options: CrashOptions;
  readonly #random: Random;
  readonly #record = new SalesRecord();
  readonly #folder = mkdtempSync(join(tmpdir(), 'chefcloud-crash-'));
  readonly #kills: Record<string, number> = {};
  readonly #problems: string[] = [];
  readonly #tills: Till[] = [];
  #postgres: PostgresServer | undefined;
  #cloud: CloudProcess | undefined;
  #onConfirmed = (): void => undefined;
  #checks = 0;

  constructor(options: CrashOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
  }

  /** Runs all rounds and takes everything down again. A run with problems leaves its files, and says where. */
  async run(): Promise<CrashResult> {
    const startedMs = performance.now();
    let fewestSales = Number.POSITIVE_INFINITY;
    let done = 0;
    try {
      await this.#setUp();
      while (done < this.#options.rounds && this.#problems.length === 0) {
        const before = this.#record.sales;
        await this.#round();
        done += 1;
        const sales = this.#record.sales - before;
        fewestSales = Math.min(fewestSales, sales);
        if (sales < FEWEST_SALES) this.#problems.push(`round ${done}: only ${sales} sales under fire`);
        if (done % this.#options.checkEvery === 0 || done === this.#options.rounds) {
          await this.#check();
          const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
          const found = this.#problems.length === 0 ? 'all there, none twice' : 'NOT ALL IS RIGHT';
          this.#options.say(`round ${done}: ${this.#record.sales} sales confirmed, ${found} (${seconds} s)`);
        }
      }
    } catch (error) {
      this.#problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
      for (const { name, process } of this.#tills) this.#problems.push(`${name} last said: ${process.complaints}`);
      this.#problems.push(`the cloud last said: ${this.#cloud?.complaints ?? ''}`);
    } finally {
      await this.#takeDown();
    }
    const cutLogs = this.#tills.reduce((sum, { process }) => sum + process.cutLogs, 0);
    if (cutLogs > 0) this.#kills['(of these inside a page of the log)'] = cutLogs;
    return {
      rounds: done,
      sales: this.#record.sales,
      fewestSales: done === 0 ? 0 : fewestSales,
      commands: [...this.#record.commandIds.values()].flat().length,
      kills: this.#kills,
      checks: this.#checks,
      elapsedMs: performance.now() - startedMs,
      problems: this.#problems,
    };
  }

  async #setUp(): Promise<void> {
    const { postgresBinaries, tills } = this.#options;
    if (postgresBinaries !== undefined)
      this.#postgres = await startPostgres(postgresBinaries, {
        isKeptAlive: true,
        settings: ['fsync=on', 'synchronous_commit=on'],
      });
    const setupToken = randomBytes(18).toString('base64url');
    const port = await freePort();
    const env = { PORT: String(port), DATABASE_URL: this.#postgres?.url ?? '' };
    const cloud = new CloudProcess(join(this.#folder, 'cloud'), setupToken, env);
    this.#cloud = cloud;
    await cloud.start();
    const { ownerId, dataDirs } = await createRestaurant(cloud.url, setupToken, this.#folder, tills);
    for (const [index, dataDir] of dataDirs.entries()) {
      const name = `till ${index + 1}`;
      const onMessage = (message: SellerMessage, run: number): void => {
        this.#record.take(name, run, message);
        if (message.said === 'confirmed') this.#onConfirmed();
      };
      const process = new SellerProcess({ dataDir, cloudUrl: cloud.url, actorId: ownerId, onMessage });
      this.#tills.push({ name, code: `T${index + 1}`, dataDir, process });
    }
    await Promise.all(this.#tills.map((till) => till.process.start()));
  }

  /** Sells, kills at a random moment, starts what was killed, perhaps kills it again while it starts, and sells on. */
  async #round(): Promise<void> {
    const before = this.#record.sales;
    const under = FEWEST_SALES + this.#below(MORE_BEFORE);
    const after = 1 + this.#below(MORE_AFTER);
    const share = Math.ceil((under + after) / this.#tills.length) + 1;
    for (const { process } of this.#tills) process.sell(share);
    await this.#until(() => this.#record.sales >= before + under);
    // Somewhere inside a sale, a push or a commit.
    await pause(this.#random() * 8);
    const till = this.#pick(this.#tills);
    const victim = this.#victim();
    const isTwice = this.#random() < 0.25;
    await Promise.all([
      victim.startsWith('terminal') ? this.#killTill(till, isTwice) : undefined,
      victim.endsWith('cloud') ? this.#killCloud(isTwice) : undefined,
      victim.startsWith('postgres') ? this.#killPostgres(victim.slice('postgres '.length) as PostgresCrash) : undefined,
    ]);
    if (!this.#theCloud.isRunning) throw new Error(`the cloud ended by itself when this was killed: ${victim}`);
    for (const { process } of this.#tills) process.wake();
  }

  #victim(): Victim {
    const victims: Victim[] = ['terminal', 'terminal', 'cloud', 'cloud', 'terminal and cloud'];
    if (this.#postgres !== undefined) victims.push('postgres kill', 'postgres immediate', 'postgres backend');
    return this.#pick(victims);
  }

  async #killTill({ process }: Till, isTwice: boolean): Promise<void> {
    this.#count('terminal');
    await process.kill();
    if (isTwice)
      await this.#killWhileStarting(
        'terminal',
        () => process.start(),
        () => process.kill(),
        500,
      );
    await process.start();
  }

  async #killCloud(isTwice: boolean): Promise<void> {
    const cloud = this.#theCloud;
    this.#count('cloud');
    await cloud.kill();
    if (isTwice)
      await this.#killWhileStarting(
        'cloud',
        () => cloud.start(),
        () => cloud.kill(),
        1_500,
      );
    await cloud.start();
  }

  async #killWhileStarting(
    name: string,
    start: () => Promise<void>,
    kill: () => Promise<void>,
    withinMs: number,
  ): Promise<void> {
    this.#count(`${name} while it starts`);
    const starting = start().catch(() => undefined);
    await pause(this.#random() * withinMs);
    await kill();
    await starting;
  }

  async #killPostgres(how: PostgresCrash): Promise<void> {
    this.#count(`postgres ${how}`);
    await this.#postgres?.crash(how);
  }

  /** Lets everything drain, then holds both stores against the record. */
  async #check(): Promise<void> {
    this.#checks += 1;
    for (const { process } of this.#tills) process.wake();
    await withTimeout(
      Promise.all(this.#tills.map(({ process }) => process.settle())),
      DRAIN_MS,
      'the queue does not drain',
    );
    await Promise.all(this.#tills.map(({ process }) => process.kill()));
    const tillFacts = this.#tills.map((till) => ({ till, facts: readTerminal(till.dataDir) }));
    for (const { till, facts } of tillFacts) this.#problems.push(...this.#record.resolve(till.name, facts.orders));
    // Of the other tills' sales it has what came by then.
    for (const { till, facts } of tillFacts)
      this.#problems.push(...this.#record.compare(till.name, facts.orders, till.code).slice(0, 20));
    if (this.#postgres === undefined) await this.#theCloud.kill();
    const cloudFacts =
      this.#postgres === undefined
        ? await readPglite(join(this.#folder, 'cloud', 'db'))
        : await readPostgres(this.#postgres.url);
    this.#compare('cloud', cloudFacts, 'applied');
    this.#compareCommands(
      tillFacts.map(({ facts }) => facts),
      cloudFacts,
    );
    if (this.#postgres === undefined) await this.#theCloud.start();
    if (this.#problems.length === 0) await this.#checkReplicas();
    await Promise.all(this.#tills.map(({ process }) => process.start()));
  }

  /** Each till gets the other tills' sales too: then its file must hold all there is. */
  async #checkReplicas(): Promise<void> {
    await Promise.all(this.#tills.map(({ process }) => process.start()));
    const closed = [...this.#record.orders.values()].filter(({ isClosed }) => isClosed).length;
    await withTimeout(
      Promise.all(this.#tills.map(({ process }) => process.catchUp(this.#record.orders.size, closed))),
      DRAIN_MS,
      "a till does not get the other tills' sales",
    );
    await Promise.all(this.#tills.map(({ process }) => process.kill()));
    for (const { name, dataDir } of this.#tills) this.#compare(name, readTerminal(dataDir), 'SUCCESS');
  }

  #compare(where: string, facts: StoreFacts, done: string): void {
    const problems = [...facts.damage.map((what) => `${where}: ${what}`), ...this.#record.compare(where, facts.orders)];
    for (const [name, amount] of Object.entries(this.#record.sums()))
      if (facts.daySums[name] !== amount)
        problems.push(`${where}: its day sums say ${name} ${String(facts.daySums[name])}, the record ${amount}`);
    for (const [series, entries] of facts.series) {
      const undone = entries.filter(({ status }) => status !== done);
      if (undone.length > 0) problems.push(`${where}: ${undone.length} commands of ${series} are ${undone[0]?.status}`);
      const gap = entries.findIndex(({ seq }, index) => seq !== index + 1);
      if (gap !== -1) problems.push(`${where}: series ${series} has a gap at ${gap + 1}`);
    }
    this.#problems.push(...problems.slice(0, 20));
  }

  /** Each confirmed command stands in its till's series once, and the cloud has the very same series. */
  #compareCommands(tills: readonly StoreFacts[], cloud: StoreFacts): void {
    const inCloud = [...cloud.series.values()].flat().map(({ id }) => id);
    const once = new Set(inCloud);
    if (once.size !== inCloud.length) this.#problems.push('cloud: a command is recorded twice');
    for (const [index, { series }] of tills.entries()) {
      const name = this.#tills[index]?.name ?? '';
      // Killed between the two halves of a page in its log, it cannot prove that this page was never confirmed.
      const cut = this.#tills[index]?.process.cutLogs ?? 0;
      if (series.size > 1 + cut) this.#problems.push(`${name}: ${series.size} series, ${cut} logs were cut`);
      const own = new Set([...series.values()].flat().map(({ id }) => id));
      for (const id of this.#record.commandIds.get(name) ?? []) {
        if (!own.has(id)) this.#problems.push(`${name}: LOST command ${id}`);
        if (!once.has(id)) this.#problems.push(`cloud: LOST command ${id}`);
      }
      for (const [key, entries] of series) {
        const there = cloud.series.get(key) ?? [];
        if (there.length !== entries.length || there.some(({ id }, at) => id !== entries[at]?.id))
          this.#problems.push(`cloud: the series of ${name} is another: ${there.length} of ${entries.length} commands`);
      }
    }
  }

  /** Resolves when `isSo`, asked after each confirmation. */
  #until(isSo: () => boolean): Promise<void> {
    const reached = new Promise<void>((resolve) => {
      this.#onConfirmed = () => {
        if (isSo()) resolve();
      };
      this.#onConfirmed();
    });
    return withTimeout(reached, ROUND_MS, 'the tills have stopped selling');
  }

  /** At once and for good, when the run is not wanted any more: what runs ends with this process. */
  abandon(): void {
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async #takeDown(): Promise<void> {
    await Promise.all(this.#tills.map(({ process }) => process.kill()));
    await this.#cloud?.stop();
    await this.#postgres?.stop();
    if (this.#problems.length === 0) rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
    else this.#options.say(`the files are kept in ${this.#folder}`);
  }

  get #theCloud(): CloudProcess {
    if (this.#cloud === undefined) throw new Error('the cloud was never started');
    return this.#cloud;
  }

  #count(kind: string): void {
    this.#kills[kind] = (this.#kills[kind] ?? 0) + 1;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick<T>(from: readonly T[]): T {
    const picked = from[this.#below(from.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

async function withTimeout<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} (waited ${ms / 1000} s)`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

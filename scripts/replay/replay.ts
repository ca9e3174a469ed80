import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTerminal, type EnrolOptions, type Terminal } from '../../src-main/core/terminal.ts';
import { systemClock } from '../../src-main/core/system-clock.ts';
import { SetupRequest } from '#shared/contract/cloud-wire.ts';
import { AppError } from '#shared/kernel/errors.ts';
import type { ReplayOptions } from './arguments.ts';
import { Cashier } from './cashier.ts';
import { KpiReader, setUp } from './cloud-client.ts';
import { CloudProcess } from './cloud-process.ts';
import type { DayFigures } from './expected.ts';
import { FaultRun, planFaults } from './faults.ts';
import { FlakyProxy } from './flaky-proxy.ts';
import { Progress } from './progress.ts';
import { seededRandom } from './random.ts';
import { differencesIn, type Findings, type ReplayResult, resultOf } from './result.ts';
import type { RecordedOrder } from './orders-file.ts';
import type { Recording } from './recording.ts';
import { untilSettled } from './until-settled.ts';

/** What the till may be ahead of the cloud before it waits, in commands: memory and files stay small, whatever is recorded. */
const MAX_AHEAD = 20_000;
const ENOUGH_ROOM = 10_000;
const KEPT_DAYS = 36_500;

export interface ReplayHost {
  stderr: NodeJS.WriteStream;
  version: string;
}

/** One replay: what it starts it takes down again, whatever happens. */
export class Replay {
  readonly #options: ReplayOptions;
  readonly #host: ReplayHost;
  /** What has to be taken down, the last first. */
  readonly #open: (() => Promise<void> | void)[] = [];
  #closing: Promise<void> | undefined;

  constructor(options: ReplayOptions, host: ReplayHost) {
    this.#options = options;
    this.#host = host;
  }

  /** Rings everything up and compares. Throws AppError for what is wrong with cloud, code or currency. */
  async run(recording: Recording): Promise<ReplayResult> {
    try {
      return await this.#run(recording);
    } finally {
      await this.close();
    }
  }

  /** Stops the cloud, closes the terminal and removes their folders. Safe at any moment, and more than once. */
  close(): Promise<void> {
    this.#closing ??= this.#takeDown();
    return this.#closing;
  }

  async #takeDown(): Promise<void> {
    for (let step = this.#open.pop(); step !== undefined; step = this.#open.pop()) {
      try {
        await step();
      } catch (error) {
        this.#host.stderr.write(`While taking down: ${String(error)}\n`);
      }
    }
  }

  async #run(recording: Recording): Promise<ReplayResult> {
    const folder = mkdtempSync(join(tmpdir(), 'chefcloud-replay-'));
    this.#open.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
    const site = await this.#site(folder);
    const terminal = createTerminal({
      dataDir: join(folder, 'terminal'),
      clock: systemClock,
      host: 'hub',
      version: this.#host.version,
      log: () => {},
      // What was recorded years ago is not old here.
      keptDays: KEPT_DAYS,
    });
    this.#open.push(() => terminal.close());
    const enrolled = await terminal.enrol(site.enrol);
    const { currency } = terminal.info().organisation;
    if (currency !== this.#options.currency) {
      throw new AppError(
        'currency/wrong',
        `The organisation keeps its books in ${currency}, the files are read as ${this.#options.currency}. See --currency.`,
      );
    }
    await terminal.start();
    const managerId = enrolled.managerId ?? site.ownerId;
    if (managerId === undefined)
      throw new AppError(
        'device/bad-code',
        'The cloud made no branch for this code: it must be a code of the organisation, not of a branch.',
      );
    const cashier = new Cashier(terminal, { id: enrolled.branchId, managerId });

    const { faults, commands, elapsedMs } = await this.#ringUp(recording, terminal, cashier, site);
    const { waiting, refused } = terminal.status();
    const findings: Findings = {
      expected: recording.expected,
      skippedLines: recording.rejects.length,
      commands,
      outbox: { pending: waiting, rejected: refused },
      terminalDays: terminal.dayTotals(),
      ...(await this.#askCloud(site, enrolled.branchId, recording, terminal)),
      faults,
      elapsedMs,
    };
    this.#tell(findings, terminal);
    return resultOf(findings);
  }

  /** The cloud to replay into, and how to get in there. */
  async #site(folder: string): Promise<Site> {
    const name = `Replay ${new Date().toISOString().slice(0, 19).replace('T', ' ')}`;
    const branch = { name, zone: 'UTC', dayStartHour: 0, stations: [{ id: 'kitchen', name: 'Kitchen' }] };
    const login = {
      email: `replay-${randomBytes(8).toString('hex')}@replay.example`,
      password: randomBytes(18).toString('base64url'),
    };
    const person = {
      name: 'Replay manager',
      ...login,
      pin: String(100_000 + (randomBytes(4).readUInt32BE() % 900_000)),
    };
    const { cloud: foreign, currency, faultSeed } = this.#options;
    if (foreign !== undefined) {
      const newBranch = { ...branch, manager: person };
      return {
        url: foreign.url,
        login,
        enrol: { cloudUrl: foreign.url, code: foreign.code, deviceName: 'Replay', newBranch },
      };
    }
    const token = randomBytes(18).toString('base64url');
    const cloud = new CloudProcess(join(folder, 'cloud'), token);
    this.#open.push(() => cloud.stop());
    await cloud.start();
    const request = SetupRequest.parse({ token, organisation: { name, currency }, branch, owner: person });
    const { ownerId, enrolmentCode } = await setUp(cloud.url, request);
    const site: Site = {
      cloud,
      get url() {
        return cloud.url;
      },
      login,
      ownerId,
      enrol: { cloudUrl: cloud.url, code: enrolmentCode, deviceName: 'Replay' },
    };
    if (faultSeed === undefined) return site;
    const random = seededRandom(faultSeed);
    const proxy = await FlakyProxy.listen(cloud.port, random);
    this.#open.push(() => proxy.close());
    return {
      ...site,
      get url() {
        return cloud.url;
      },
      flaky: { proxy, random },
      enrol: { ...site.enrol, cloudUrl: proxy.url },
    };
  }

  async #ringUp(
    recording: Recording,
    terminal: Terminal,
    cashier: Cashier,
    site: Site,
  ): Promise<{ commands: number; elapsedMs: number; faults: { cuts: number; kills: number } }> {
    const { orders, menu } = recording;
    let rungUp = 0;
    const progress = new Progress(this.#host.stderr, () => {
      const { waiting, unsettled } = terminal.backlog();
      return {
        rungUp,
        orders: orders.length,
        commands: cashier.commands,
        acknowledged: cashier.commands - waiting,
        arrived: cashier.commands - unsettled,
      };
    });
    this.#open.push(() => progress.stop());
    const total = commandsOf(orders);
    const faultRun = this.#faultRun(site, terminal, progress, () => {
      const acknowledged = cashier.commands - terminal.backlog().waiting;
      return rungUp / orders.length / 2 + Math.min(acknowledged / total, 1) / 2;
    });
    const startedMs = performance.now();
    cashier.prepare(menu);
    const [first] = orders;
    if (first !== undefined) cashier.openShift(first.atMs);
    for (const order of orders) {
      cashier.ringUp(order);
      rungUp += 1;
      // The replicator lives in this thread too: after each order it has its turn.
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      if (rungUp % 100 === 0 && terminal.status().waiting > MAX_AHEAD) {
        await untilSettled(terminal, (backlog) => backlog.waiting < ENOUGH_ROOM);
      }
    }
    const last = orders.at(-1);
    if (last !== undefined) cashier.closeShift(last.atMs);
    await faultRun?.done;
    await untilSettled(terminal, (backlog) => backlog.unsettled === 0);
    const elapsedMs = performance.now() - startedMs;
    progress.stop();
    return { commands: cashier.commands, elapsedMs, faults: faultRun?.counts ?? { cuts: 0, kills: 0 } };
  }

  #faultRun(site: Site, terminal: Terminal, progress: Progress, share: () => number) {
    const { cloud, flaky } = site;
    if (cloud === undefined || flaky === undefined) return undefined;
    const run = new FaultRun({
      cloud,
      proxy: flaky.proxy,
      share,
      wake: () => terminal.wake(),
      say: (line) => progress.say(line),
    });
    const done = run.run(planFaults(flaky.random));
    // It is waited for when the last order is rung up; until then nobody listens.
    done.catch(() => {});
    return { done, counts: run.counts };
  }

  async #askCloud(
    site: Site,
    branchId: string,
    recording: Recording,
    terminal: Terminal,
  ): Promise<Pick<Findings, 'cloudDays' | 'cloudMonths'>> {
    const reader = await KpiReader.signIn(site.url, branchId, site.login);
    const days = new Set([...Object.keys(recording.expected.days), ...terminal.dayTotals().map(({ day }) => day)]);
    const cloudDays: Record<string, DayFigures> = {};
    for (const day of [...days].sort()) {
      const { monthMinor: _month, ...figures } = await reader.day(day);
      cloudDays[day] = figures;
    }
    const cloudMonths: Record<string, number> = {};
    for (const month of new Set(Object.keys(cloudDays).map((day) => day.slice(0, 7)))) {
      cloudMonths[month] = (await reader.day(lastDayOf(month))).monthMinor;
    }
    return { cloudDays, cloudMonths };
  }

  #tell(findings: Findings, terminal: Terminal): void {
    const { stderr } = this.#host;
    const differences = differencesIn(findings);
    for (const line of differences.slice(0, 20)) stderr.write(`${line}\n`);
    if (differences.length > 20) stderr.write(`… and ${differences.length - 20} more\n`);
    const { waiting, refused, trouble } = terminal.status();
    if (waiting > 0)
      stderr.write(`${waiting} commands still wait on the terminal.${trouble === null ? '' : ` ${trouble}`}\n`);
    if (refused > 0) stderr.write(`${refused} commands were refused by the cloud.\n`);
  }
}

interface Site {
  /** Ours; undefined: somebody else's. */
  cloud?: CloudProcess;
  readonly url: string;
  flaky?: { proxy: FlakyProxy; random: () => number };
  /** Signs in to the cloud to read the results. */
  login: { email: string; password: string };
  /** The owner of our own organisation; elsewhere the manager of the branch that enrolment makes. */
  ownerId?: string;
  enrol: EnrolOptions;
}

/** Commands of the orders alone: open, send, pay and close, and one a line. */
function commandsOf(orders: readonly RecordedOrder[]): number {
  return orders.reduce(
    (sum, order) => sum + order.lines.length + (order.lines.some(({ item }) => item.priceMinor > 0) ? 4 : 3),
    0,
  );
}

function lastDayOf(month: string): string {
  const [year, number] = month.split('-').map(Number) as [number, number];
  // The cloud knows nothing of days that have not begun.
  return new Date(Math.min(Date.UTC(year, number, 0), Date.now())).toISOString().slice(0, 10);
}

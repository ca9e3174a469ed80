import type { CloudProcess } from './cloud-process.ts';
import { CUT_KINDS, type CutKind, type FlakyProxy } from './flaky-proxy.ts';
import type { Random } from './random.ts';

export type Fault = { at: number } & ({ what: 'kill'; downMs: number } | { what: 'cut'; kind: CutKind; forMs: number });

const LEAST_KILLS = 3;
const LOOK_EVERY_MS = 50;

/**
 * What goes wrong in a run, and when: `at` is the share of the work that is done by then. At least three kills,
 * one in each third of the run or closer, and at least eight cuts, every kind among them. The same for the same random numbers.
 */
export function planFaults(random: Random): Fault[] {
  const kills = LEAST_KILLS + Math.floor(random() * 2);
  const cuts = 8 + Math.floor(random() * 5);
  const faults: Fault[] = [];
  for (let n = 0; n < kills; n += 1) {
    faults.push({ what: 'kill', at: (n + 0.2 + 0.6 * random()) / kills, downMs: 100 + Math.floor(random() * 900) });
  }
  for (let n = 0; n < cuts; n += 1) {
    const kind = CUT_KINDS[n] ?? CUT_KINDS[Math.floor(random() * CUT_KINDS.length)] ?? 'drop';
    faults.push({ what: 'cut', kind, at: random(), forMs: 100 + Math.floor(random() * 900) });
  }
  return faults.sort((a, b) => a.at - b.at);
}

export interface FaultCounts {
  cuts: number;
  kills: number;
}

export interface FaultSite {
  cloud: CloudProcess;
  proxy: FlakyProxy;
  /** How much of the run is done, 0 to 1: orders rung up and acknowledged, half each. */
  share(): number;
  /** Tells the terminal that the network is back, as the operating system would. */
  wake(): void;
  /** One line for each fault, with the time since the start. */
  say(line: string): void;
}

/**
 * Makes the planned faults happen, one after the other, each as soon as the run has come that far. Ends when the last one
 * is over and cloud and line are whole again.
 */
export class FaultRun {
  readonly counts: FaultCounts = { cuts: 0, kills: 0 };
  readonly #startedMs = performance.now();
  readonly #site: FaultSite;
  constructor(site: FaultSite) {
    this.#site = site;
  }

  async run(faults: readonly Fault[]): Promise<void> {
    for (const fault of faults) {
      await this.#until(fault.at);
      if (fault.what === 'kill') await this.#kill(fault.downMs);
      else await this.#cut(fault.kind, fault.forMs);
      this.#site.wake();
    }
  }

  async #until(share: number): Promise<void> {
    while (this.#site.share() < share) await pause(LOOK_EVERY_MS);
  }

  async #kill(downMs: number): Promise<void> {
    const { cloud, proxy } = this.#site;
    this.counts.kills += 1;
    this.#say(`kill -9 of the cloud (process ${cloud.pid})`);
    await cloud.kill();
    await pause(downMs);
    await cloud.start();
    proxy.cloudPort = cloud.port;
    this.#say(`the cloud is back (process ${cloud.pid})`);
  }

  async #cut(kind: CutKind, forMs: number): Promise<void> {
    this.counts.cuts += 1;
    this.#say(`cut: ${CUT_TEXT[kind](forMs)}`);
    await this.#site.proxy.cut(kind, forMs);
  }

  #say(what: string): void {
    const seconds = (performance.now() - this.#startedMs) / 1000;
    this.#site.say(`fault at ${seconds.toFixed(1)} s, ${Math.round(this.#site.share() * 100)} % done: ${what}`);
  }
}

const CUT_TEXT: Record<CutKind, (forMs: number) => string> = {
  refuse: (forMs) => `all connections, and new ones refused for ${forMs} ms`,
  'mid-request': () => 'in the middle of a push',
  'before-answer': () => 'after a push, before its answer',
  stall: (forMs) => `nothing passes for ${forMs} ms, then all connections`,
  drop: () => 'all connections',
};

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createTerminal, type Terminal, type TerminalOptions } from '../../src-main/core/terminal.ts';
import type { Level } from '#shared/domain/level.ts';
import { CloudDouble } from './cloud-double.ts';
import { FakeClock } from './fake-clock.ts';
import { VAT, staffOf } from './world.ts';

/** A folder that is gone after the test. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chefcloud-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Lets everything run that does not wait for the clock: promises, and what they start. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** A real terminal on a real file, with a clock that stands still and a cloud in memory. */
export class TestTerminal {
  readonly dataDir: string;
  readonly cloud: CloudDouble;
  readonly clock: FakeClock;
  readonly log: string[] = [];
  terminal: Terminal;
  readonly #more: Partial<TerminalOptions>;
  #serial = 0;

  private constructor(dataDir: string, cloud: CloudDouble, clock: FakeClock, more: Partial<TerminalOptions>) {
    this.dataDir = dataDir;
    this.cloud = cloud;
    this.clock = clock;
    this.#more = more;
    this.terminal = this.#open();
    onTestFinished(() => this.terminal.close());
  }

  /** Enrolled; sync runs unless `isOffline`. `more`: what else the terminal is told. */
  static async create({
    isOffline = false,
    cloud = new CloudDouble(),
    more = {},
  }: { isOffline?: boolean; cloud?: CloudDouble; more?: Partial<TerminalOptions> } = {}): Promise<TestTerminal> {
    const made = new TestTerminal(testFolder(), cloud, new FakeClock(), more);
    await made.terminal.enrol({ cloudUrl: 'http://cloud.test', code: 'CODE-123', deviceName: 'Counter' });
    if (isOffline) return made;
    await made.terminal.start();
    await quiet();
    return made;
  }

  #open(): Terminal {
    return createTerminal({
      dataDir: this.dataDir,
      clock: this.clock,
      host: 'hub',
      version: '0.0.0',
      log: (line) => this.log.push(line),
      fetch: this.cloud.fetch,
      ...this.#more,
    });
  }

  /** Closes the terminal and opens its folder again. `start` starts sync. */
  async reopen(isStarted = true): Promise<void> {
    await this.terminal.close();
    this.terminal = this.#open();
    if (!isStarted) return;
    await this.terminal.start();
    await quiet();
  }

  run(name: string, input: Record<string, unknown>, by: Level = 'L5') {
    return this.terminal.execute({ actorId: staffOf(by).id, calls: [{ name, input }] });
  }

  /** Opens an order with one line of 1295. Returns its id. */
  openOrder(orderId = this.newId('order')): string {
    this.run('order.open', { orderId, type: 'takeaway' });
    this.addLine(orderId);
    return orderId;
  }

  addLine(orderId: string, lineId = this.newId('line')): string {
    this.run('order.addLine', {
      orderId,
      lineId,
      itemId: 'burger',
      name: 'Burger',
      quantity: 1,
      unitPriceMinor: 1295,
      tax: VAT,
      stationId: 'grill',
    });
    return lineId;
  }

  pay(orderId: string, amountMinor = 1295): string {
    const paymentId = this.newId('payment');
    this.run('payment.take', { orderId, paymentId, method: 'momo', amountMinor, reference: 'MM-1' });
    return paymentId;
  }

  newId(what: string): string {
    this.#serial += 1;
    return `${what}-${this.#serial}`;
  }

  /** Time passes, and everything that it starts runs. */
  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await quiet();
  }
}

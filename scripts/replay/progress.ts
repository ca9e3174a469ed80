export interface ProgressCounts {
  /** Orders rung up on the terminal, of `orders`. */
  rungUp: number;
  orders: number;
  /** Commands committed on the terminal, acknowledged by the cloud, and with their rows arrived back. */
  commands: number;
  acknowledged: number;
  arrived: number;
}

const BAR_CELLS = 24;
const TTY_EVERY_MS = 100;
const PLAIN_EVERY_MS = 5_000;

/** Shows how far a run is: a bar on a terminal window, else a line every five seconds. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #startedMs = performance.now();
  readonly #read: () => ProgressCounts;
  readonly #timer: NodeJS.Timeout;
  #isDrawn = false;

  constructor(out: NodeJS.WriteStream, read: () => ProgressCounts) {
    this.#out = out;
    this.#read = read;
    this.#timer = setInterval(() => this.#draw(), out.isTTY ? TTY_EVERY_MS : PLAIN_EVERY_MS);
  }

  /** A line of its own, above the bar. */
  say(line: string): void {
    this.#clear();
    this.#out.write(`${line}\n`);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  #clear(): void {
    if (this.#isDrawn) this.#out.write('\r\u001b[K');
    this.#isDrawn = false;
  }

  #draw(): void {
    const text = progressText(this.#read(), performance.now() - this.#startedMs);
    if (!this.#out.isTTY) {
      this.#out.write(`${text}\n`);
      return;
    }
    this.#clear();
    this.#out.write(text.slice(0, Math.max(20, (this.#out.columns ?? 80) - 1)));
    this.#isDrawn = true;
  }
}

/** One line: bar, orders rung up, commands acknowledged and arrived, orders a second, time left. */
export function progressText(counts: ProgressCounts, elapsedMs: number): string {
  const { rungUp, orders, commands, acknowledged, arrived } = counts;
  // What is committed is half of the work, what has come back the other half.
  const perOrder = rungUp === 0 ? 0 : commands / rungUp;
  const arrivedOrders = perOrder === 0 ? 0 : Math.min(arrived / perOrder, orders);
  const share = orders === 0 ? 1 : (rungUp + arrivedOrders) / (2 * orders);
  const cells = Math.round(share * BAR_CELLS);
  const bar = '█'.repeat(cells) + '░'.repeat(BAR_CELLS - cells);
  const rate = elapsedMs === 0 ? 0 : (arrivedOrders / elapsedMs) * 1000;
  const leftS = share === 0 ? undefined : (elapsedMs / share - elapsedMs) / 1000;
  const left = leftS === undefined ? '' : `, ${Math.ceil(leftS)} s left`;
  return `${bar} ${Math.floor(share * 100)} %  ${rungUp}/${orders} orders rung up, ${acknowledged}/${commands} commands acknowledged, ${arrived} arrived, ${Math.round(rate)} orders/s${left}`;
}

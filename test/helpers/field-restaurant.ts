import { cpSync, mkdirSync, openAsBlob, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import type { z } from 'zod';
import { EnrolmentCodeAnswer, KpisAnswer, KpiStatus, LoginAnswer, SetupAnswer } from '#shared/contract/cloud-wire.ts';
import type { Kind } from '#shared/domain/entity.ts';
import type { Clock } from '#shared/kernel/clock.ts';
import { callCloud } from '../../scripts/start/cloud-client.ts';
import { buildCloud, type Cloud } from '../../src-cloud/app.ts';
import { type Database, openDatabase } from '../../src-cloud/store/database.ts';
import { systemClock } from '../../src-main/core/system-clock.ts';
import { createTerminal, type Terminal } from '../../src-main/core/terminal.ts';
import { createPostgresDatabase, hasPostgres } from './engines.ts';
import { freePort } from './free-port.ts';
import { testFolder } from './test-terminal.ts';

const SETUP_TOKEN = 'set-up-token-of-a-test';
const SECRET = 'a master secret of a test, long enough';
export const PRICE_MINOR = 1_295;
const BURGER = {
  itemId: 'burger',
  name: 'Burger',
  quantity: 1,
  unitPriceMinor: PRICE_MINOR,
  tax: { code: 'vat', ratePpm: 180_000, mode: 'inclusive' },
  stationId: 'grill',
};

/** What a till asks of the network: answer it yourself, fail it, or let it through. */
type Meddle = (path: string, init: RequestInit | undefined) => Response | Error | undefined;

/** The cable between one till and the cloud. */
export class Cable {
  isCut = false;
  /** Called before each request that is let through. */
  meddle: Meddle | undefined;
  /** Called with each answer; what it returns is what the till gets. */
  alter: ((path: string, answer: Response) => Response | Promise<Response>) | undefined;
  /** Paths that were asked for, without their query. */
  readonly asked: string[] = [];
  readonly #open = new Set<AbortController>();
  #sound = Promise.resolve();
  #endSilence = (): void => undefined;

  /** What the till calls instead of `fetch`. */
  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (this.isCut) throw new TypeError('the cable is cut');
    this.asked.push(url.pathname);
    const own = this.meddle?.(url.pathname, init);
    if (own instanceof Error) throw own;
    if (own !== undefined) return own;
    const cut = new AbortController();
    this.#open.add(cut);
    const signal = AbortSignal.any([cut.signal, init?.signal ?? cut.signal]);
    const given = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new DOMException('given up', 'AbortError')));
    });
    given.catch(() => undefined);
    await Promise.race([this.#sound, given]);
    const answer = this.#muffled(await fetch(input, { ...init, signal }));
    return this.alter === undefined ? answer : this.alter(url.pathname, answer);
  };

  /** The same answer, whose bytes stop coming while the cable is silent. */
  #muffled(answer: Response): Response {
    if (answer.body === null) return answer;
    const gate = new TransformStream<Uint8Array, Uint8Array>({
      transform: async (chunk, controller) => {
        await this.#sound;
        controller.enqueue(chunk);
      },
    });
    return new Response(answer.body.pipeThrough(gate), { status: answer.status, headers: answer.headers });
  }

  /** As if pulled out with nobody noticing: no error, no end, nothing comes and nothing goes. */
  silence(): void {
    this.#sound = new Promise((resolve) => {
      this.#endSilence = resolve;
    });
  }

  mend(): void {
    this.isCut = false;
    this.meddle = undefined;
    this.alter = undefined;
    this.#endSilence();
  }

  /** Pulled out: what is under way breaks too. */
  cut(): void {
    this.isCut = true;
    for (const each of this.#open) each.abort(new TypeError('terminated'));
    this.#open.clear();
  }
}

/** A till of the restaurant: the real terminal on real files. */
export class FieldTill {
  readonly cable = new Cable();
  readonly dataDir = testFolder();
  readonly #restaurant: FieldRestaurant;
  readonly #clock: Clock;
  terminal: Terminal;

  constructor(restaurant: FieldRestaurant, clock: Clock) {
    this.#restaurant = restaurant;
    this.#clock = clock;
    this.terminal = this.#open();
    onTestFinished(() => this.terminal.close());
  }

  #open(): Terminal {
    return createTerminal({
      dataDir: this.dataDir,
      clock: this.#clock,
      host: 'hub',
      version: '0.0.0',
      log: () => undefined,
      fetch: this.cable.fetch,
    });
  }

  /** Closes it and opens its folder again, with sync running unless told otherwise. */
  async reopen(isStarted = true): Promise<void> {
    await this.terminal.close();
    this.terminal = this.#open();
    if (isStarted) await this.terminal.start();
  }

  run(name: string, input: Record<string, unknown>): void {
    this.terminal.execute({ actorId: this.#restaurant.ownerId, calls: [{ name, input }] });
  }

  open(orderId: string): void {
    this.run('order.open', { orderId, type: 'takeaway' });
  }
  addLine(orderId: string, lineId: string, more: Record<string, unknown> = {}): void {
    this.run('order.addLine', { orderId, lineId, ...BURGER, ...more });
  }
  pay(orderId: string, paymentId = `${orderId}-p`, amountMinor = PRICE_MINOR): void {
    this.run('payment.take', { orderId, paymentId, method: 'card', amountMinor });
  }
  /** A whole sale of one burger, in one transaction. */
  sell(orderId: string): void {
    const calls = [
      { name: 'order.open', input: { orderId, type: 'takeaway' } },
      { name: 'order.addLine', input: { orderId, lineId: `${orderId}-l`, ...BURGER } },
      { name: 'payment.take', input: { orderId, paymentId: `${orderId}-p`, method: 'card', amountMinor: PRICE_MINOR } },
      { name: 'order.close', input: { orderId } },
    ];
    this.terminal.execute({ actorId: this.#restaurant.ownerId, calls });
  }

  /** The cable is in again, and the till is told so. */
  plugIn(): void {
    this.cable.mend();
    this.terminal.wake();
  }
  /** Waits until nothing waits and everything has arrived. */
  async settled(): Promise<void> {
    this.terminal.wake();
    await this.terminal.whenSettled();
  }
}

/** A restaurant with a real cloud on HTTP (PostgreSQL where this machine has it) and real tills; for what people complained of. */
export class FieldRestaurant {
  ownerId = '';
  /** How far the cloud's clock is ahead of the machine's, ms. */
  cloudAheadMs = 0;
  #branchId = '';
  #accessToken = '';
  #cloud: Cloud | undefined;
  #database: Database | undefined;
  readonly #port: number;
  readonly #openDatabase: () => Promise<Database>;

  private constructor(port: number, open: () => Promise<Database>) {
    this.#port = port;
    this.#openDatabase = open;
  }

  static async open(): Promise<FieldRestaurant> {
    const postgresUrl = hasPostgres ? await createPostgresDatabase() : undefined;
    const folder = testFolder();
    const template = postgresUrl === undefined ? await openAsBlob(inject('pgliteTemplate')) : undefined;
    return FieldRestaurant.#over(() =>
      openDatabase(postgresUrl === undefined ? { dataDir: folder, template } : { databaseUrl: postgresUrl }),
    );
  }

  static async #over(open: () => Promise<Database>): Promise<FieldRestaurant> {
    const restaurant = new FieldRestaurant(await freePort(), open);
    onTestFinished(() => restaurant.stopCloud());
    await restaurant.startCloud();
    await restaurant.#setUp();
    return restaurant;
  }

  /** One whose cloud can be put back to an earlier state, as from a backup. */
  static async openWithBackups(): Promise<{ restaurant: FieldRestaurant; backUp(): Promise<() => Promise<void>> }> {
    const folder = join(testFolder(), 'cloud');
    mkdirSync(folder);
    const template = await openAsBlob(inject('pgliteTemplate'));
    let isMade = false;
    const restaurant = await FieldRestaurant.#over(() => {
      const first = isMade ? {} : { template };
      isMade = true;
      return openDatabase({ dataDir: folder, ...first });
    });
    const backUp = async (): Promise<() => Promise<void>> => {
      const copy = join(testFolder(), 'backup');
      await restaurant.stopCloud();
      cpSync(folder, copy, { recursive: true });
      await restaurant.startCloud();
      return async () => {
        await restaurant.stopCloud();
        rmSync(folder, { recursive: true });
        cpSync(copy, folder, { recursive: true });
        await restaurant.startCloud();
      };
    };
    return { restaurant, backUp };
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async startCloud(): Promise<void> {
    this.#database = await this.#openDatabase();
    this.#cloud = await buildCloud({
      database: this.#database,
      clock: { now: () => systemClock.now() + this.cloudAheadMs, after: systemClock.after },
      secret: SECRET,
      setupToken: SETUP_TOKEN,
    });
    await this.#cloud.app.listen({ port: this.#port, host: '127.0.0.1' });
  }

  async stopCloud(): Promise<void> {
    await this.#cloud?.close();
    await this.#database?.close();
    this.#cloud = undefined;
    this.#database = undefined;
  }

  async #setUp(): Promise<void> {
    const email = 'owner@field.example';
    const password = 'a long password of a test';
    const setup = {
      token: SETUP_TOKEN,
      organisation: { name: 'Field', currency: 'UGX' },
      branch: { name: 'Main', zone: 'UTC', dayStartHour: 0, stations: [{ id: 'grill', name: 'Grill' }] },
      owner: { name: 'Owner', email, password, pin: '482911' },
    };
    const { ownerId, branchId } = await callCloud(this.url, 'POST /setup', setup, SetupAnswer);
    const { accessToken } = await callCloud(this.url, 'POST /auth/login', { email, password }, LoginAnswer);
    this.ownerId = ownerId;
    this.#branchId = branchId;
    this.#accessToken = accessToken;
  }

  /** A new till that is enrolled and running. */
  async till(deviceName: string, clock: Clock = systemClock): Promise<FieldTill> {
    const body = { branchId: this.#branchId };
    const { code } = await callCloud(this.url, 'POST /enrolment-codes', body, EnrolmentCodeAnswer, this.#accessToken);
    const till = new FieldTill(this, clock);
    await till.terminal.enrol({ cloudUrl: this.url, code, deviceName });
    await till.terminal.start();
    return till;
  }

  /** What the owner's dashboard asks: the branch's figures of today, and how far they can be trusted. */
  async dashboard(): Promise<{ figures: z.output<typeof KpisAnswer>; status: z.output<typeof KpiStatus> }> {
    const query = `scope=branch&branchId=${this.#branchId}`;
    return {
      figures: KpisAnswer.parse(await this.#get(`/kpis?${query}`)),
      status: KpiStatus.parse(await this.#get(`/kpis/status?${query}`)),
    };
  }

  async #get(path: string): Promise<unknown> {
    const answer = await fetch(`${this.url}${path}`, { headers: { authorization: `Bearer ${this.#accessToken}` } });
    return answer.json();
  }

  /** Rows of the cloud's database, as its owner reads them. */
  async rows<T>(kind: Kind): Promise<T[]> {
    const found = await this.#database?.db.selectFrom('entity').select('body').where('kind', '=', kind).execute();
    return (found ?? []).map(({ body }) => body as T);
  }
}

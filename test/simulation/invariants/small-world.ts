import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { CompiledQuery } from 'kysely';
import { put, type Put } from '#shared/domain/entity.ts';
import { saveOrgRows } from '../../../src-cloud/services/branches.ts';
import type { Database as CloudDatabase } from '../../../src-cloud/store/database.ts';
import { withOrg } from '../../../src-cloud/store/with-org.ts';
import { createTerminal, type Terminal } from '../../../src-main/core/terminal.ts';
import { CloudKit } from '../../helpers/cloud-kit.ts';
import { createRandom } from '../random.ts';
import type { Checks, ConfirmedCommand, LedgerEvents, SimTerminal, SimWorld } from '../sim-types.ts';
import { createWorkload } from '../workload/create-workload.ts';
import { createChecks } from './create-checks.ts';

const opened = new Map<string, Database.Database>();

/** The connection that a terminal works with, by its file. */
function noteConnections(): void {
  const { prepare } = Database.prototype;
  Database.prototype.prepare = function (this: Database.Database, source: string) {
    opened.set(this.name, this);
    return prepare.call(this, source);
  } as typeof prepare;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Some real terminals on one real cloud, on a way that never fails: what the checks are tried on. */
export class SmallWorld implements SimWorld {
  readonly seed: number;
  readonly kit: CloudKit;
  readonly branch: SimWorld['branch'];
  readonly terminals: (SimTerminal & { terminal: Terminal })[] = [];
  readonly cloud: SimWorld['cloud'];
  readonly folder = mkdtempSync(join(tmpdir(), 'chefcloud-small-'));
  readonly checks: Checks;
  /** What was confirmed, for checks of one's own. */
  readonly confirmed: ConfirmedCommand[] = [];
  /** Requests of these terminals do not come through. */
  readonly cut = new Set<string>();

  private constructor(seed: number, kit: CloudKit, branch: SimWorld['branch']) {
    this.seed = seed;
    this.kit = kit;
    this.branch = branch;
    this.cloud = { isUp: true, query: (text, parameters) => this.write(text, parameters) };
    this.checks = createChecks(this);
  }

  static async open(database: CloudDatabase, seed: number, terminals: number): Promise<SmallWorld> {
    noteConnections();
    const kit = await CloudKit.over(database);
    const tenant = await kit.organisation();
    const { orgId, branchId } = tenant;
    const staff = (['L1', 'L2', 'L3', 'L4', 'L5'] as const).flatMap((level) => [
      { id: String(tenant.staffId(level)), level },
      { id: `${level}-second`, level },
    ]);
    const branch: SimWorld['branch'] = {
      orgId,
      branchId,
      staff,
      items: [{ id: 'burger', priceMinor: 1000, station: 'grill' }],
      tables: [{ id: 'table-1' }, { id: 'table-2' }],
      stockItems: [{ id: 'stock-1' }, { id: 'stock-2' }],
    };
    await withOrg(database.db, orgId, (tx) => saveOrgRows(kit.cloud.ctx, tx, orgId, branchId, rowsOf(branch)));
    const world = new SmallWorld(seed, kit, branch);
    const token = await tenant.token('L5');
    for (let number = 1; number <= terminals; number += 1) {
      const { body } = await kit.call<{ code: string }>('POST /enrolment-codes', { branchId }, { token });
      await world.#openTerminal(`till-${number}`, body.code);
    }
    await world.pass(5_000);
    return world;
  }

  async #openTerminal(name: string, code: string): Promise<void> {
    const dataDir = join(this.folder, name);
    mkdirSync(dataDir);
    const terminal = createTerminal({
      dataDir,
      clock: this.kit.clock,
      host: 'hub',
      version: '0.0.0',
      log: () => undefined,
      fetch: (url, init) => this.#answer(name, url instanceof Request ? url.url : url.toString(), init),
    });
    const { deviceId } = await terminal.enrol({ cloudUrl: 'http://cloud.test', code, deviceName: name });
    await terminal.start();
    this.terminals.push({
      name,
      deviceId,
      terminal,
      nowMs: () => this.kit.clock.now(),
      query: <T>(text: string, parameters: readonly unknown[] = []) =>
        this.connection(name)
          .prepare<unknown[], T>(text)
          .all(...parameters),
    });
  }

  async #answer(name: string, url: string, init: RequestInit | undefined): Promise<Response> {
    const { pathname, search } = new URL(url);
    // Streams want a socket: terminals ask every few seconds instead, as they do without one.
    if (this.cut.has(name) || pathname.startsWith('/stream')) throw new TypeError('fetch failed');
    const answer = await this.kit.cloud.app.inject({
      method: init?.method === 'POST' ? 'POST' : 'GET',
      url: pathname + search,
      headers: init?.headers as Record<string, string>,
      ...(typeof init?.body === 'string' ? { payload: init.body } : {}),
    });
    return new Response(answer.body, {
      status: answer.statusCode,
      headers: { 'content-type': 'application/json' },
    });
  }

  connection(name: string): Database.Database {
    const found = opened.get(join(this.folder, name, 'terminal.db'));
    if (found === undefined) throw new Error(`${name} has no file`);
    return found;
  }

  async write<T>(text: string, parameters: readonly unknown[] = []): Promise<T[]> {
    const { rows } = await this.kit.database.db.executeQuery<T>(CompiledQuery.raw(text, [...parameters]));
    return rows;
  }

  nowMs(): number {
    return this.kit.clock.now();
  }

  /** Lets time pass, and everything that it starts. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 500) {
      this.kit.clock.advance(Math.min(500, left));
      for (let count = 0; count < 12; count += 1) await turn();
    }
  }

  /** A day of work: `acts` taps all over the branch and more until each of `wanted` was done, with the network going and coming. */
  async work(acts: number, wanted: readonly string[] = []): Promise<void> {
    const random = createRandom(`small ${this.seed}`);
    const { checks } = this;
    const ledger: LedgerEvents = {
      ...checks,
      confirmed: (command) => {
        this.confirmed.push(command);
        checks.confirmed(command);
      },
    };
    const workload = createWorkload(this, random.fork('people'), ledger);
    const isMissing = (): boolean => wanted.some((name) => !this.confirmed.some((command) => command.name === name));
    for (let count = 0; count < acts || isMissing(); count += 1) {
      workload.act(random.pick(this.terminals));
      checks.afterStep();
      if (random.chance(0.05)) this.cut.add(random.pick(this.terminals).name);
      if (random.chance(0.08)) this.cut.clear();
      if (random.chance(0.3)) await this.pass(random.int(1, 8) * 500);
      checks.afterStep();
    }
  }

  /** The network is whole, and everything arrives. */
  async heal(): Promise<void> {
    this.cut.clear();
    for (let round = 0; round < 40; round += 1) {
      await this.pass(10_000);
      if (this.terminals.every(({ terminal }) => terminal.backlog().unsettled === 0)) break;
    }
    await this.pass(20_000);
  }

  async close(): Promise<void> {
    for (const { terminal } of this.terminals) await terminal.close();
    await this.kit.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function rowsOf(branch: SimWorld['branch']): Put[] {
  const branchId = branch.branchId as never;
  return [
    ...branch.staff
      .filter(({ id }) => id.endsWith('second'))
      .map(({ id, level }) =>
        put('staff', { id: id as never, name: id, level, branchIds: [branchId], isActive: true }),
      ),
    ...branch.tables.map(({ id }) =>
      put('table', { id: id as never, branchId, name: id, seats: 4, area: '', x: 1, y: 1, isRemoved: false }),
    ),
    ...branch.stockItems.map(({ id }) =>
      put('stockItem', {
        id: id as never,
        branchId,
        name: id,
        unit: 'kg',
        reorderLevelMilli: 5_000,
        onHandMilli: 20_000,
        isRemoved: false,
      }),
    ),
  ];
}

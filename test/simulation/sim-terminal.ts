import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { AppError, isErrorCode } from '#shared/kernel/errors.ts';
import type { Terminal } from '../../src-main/core/terminal.ts';
import type { Build } from './builds.ts';
import { CLOUD_URL, type EnrolledFolder } from './restaurant.ts';
import { type ConfirmedCommand, SimCrash, type SimTerminal } from './sim-types.ts';
import type { SimTime } from './sim-time.ts';
import { ownFolder, type SqliteProcess } from './sqlite-hook.ts';

const DATABASE = 'terminal.db';

/** What happens at a statement that is still to come. */
export interface StatementPlan {
  inStatements: number;
  isAfter: boolean;
  /** Only statements that end a transaction count. */
  isCommit: boolean;
}

interface Instance extends SqliteProcess {
  terminal: Terminal | undefined;
}

export interface TerminalHostOptions {
  enrolled: EnrolledFolder;
  folder: string;
  build: Build;
  time: SimTime;
  log(line: string): void;
  fetch(host: TerminalHost, life: { isAlive: boolean }): typeof fetch;
  onStatement(): void;
}

/** A real terminal on a real file, whose process dies and comes again. */
export class TerminalHost implements SimTerminal {
  readonly name: string;
  readonly deviceId: string;
  readonly branchId: string;
  readonly folder: string;
  readonly #options: TerminalHostOptions;
  build: Build;
  /** How far its clock is off. */
  offsetMs = 0;
  /** Its disk takes nothing more until this moment of true time. */
  fullUntilMs = 0;
  plan: StatementPlan | undefined;
  /** Somebody looks on: statements of theirs meet no fault. */
  isWatched = false;
  /** Where it died; undefined while it lives or is switched off. */
  diedAt: string | undefined;
  onFull: () => void = () => undefined;
  #instance: Instance | undefined;

  constructor(options: TerminalHostOptions) {
    this.#options = options;
    this.build = options.build;
    this.name = options.enrolled.name;
    this.deviceId = options.enrolled.deviceId;
    this.branchId = options.enrolled.branchId;
    this.folder = options.folder;
    cpSync(options.enrolled.folder, this.folder, { recursive: true });
  }

  get terminal(): Terminal | undefined {
    const instance = this.#instance;
    return instance?.isAlive === true ? instance.terminal : undefined;
  }

  readonly nowMs = (): number => Math.round(this.#options.time.nowMs + this.offsetMs);

  /** Opens the folder and starts sync. Throws what `createTerminal` throws; SimCrash when it dies on the way. */
  open(): void {
    const { time, log } = this.#options;
    this.diedAt = undefined;
    const instance: Instance = {
      isAlive: true,
      terminal: undefined,
      files: new Set(),
      around: (sql, db, run) => this.#around(instance, sql, db, run),
    };
    this.#instance = instance;
    ownFolder(this.folder, instance);
    const terminal = this.build.createTerminal({
      dataDir: this.folder,
      clock: time.clock(instance, () => this.offsetMs),
      host: 'hub',
      version: '0.0.0-sim',
      log: (line) => {
        if (instance.isAlive) log(`${this.name} ${line}`);
      },
      fetch: this.#options.fetch(this, instance),
      cloudUrl: CLOUD_URL,
    });
    instance.terminal = withThisVersionsErrors(terminal);
    void terminal.start();
  }

  /** The process ends without a word. Its files stay as the last statement left them. */
  kill(): void {
    const instance = this.#instance;
    if (instance === undefined) return;
    instance.isAlive = false;
    this.plan = undefined;
    this.#instance = undefined;
    // Closing a file tidies it up, which a dead process does not do: what lay on the disk before is put back after,
    // into the same files. To a terminal another file in their place is a copy, after which it starts a new series.
    const kept = `${this.folder}.kept`;
    cpSync(this.folder, kept, { recursive: true });
    for (const file of instance.files) closeHard(file);
    ownFolder(this.folder, undefined);
    cpSync(kept, this.folder, { recursive: true });
    rmSync(kept, { recursive: true, force: true });
  }

  /** Switched off properly. */
  async close(): Promise<void> {
    const instance = this.#instance;
    await instance?.terminal?.close();
    if (instance !== undefined) instance.isAlive = false;
    this.#instance = undefined;
    ownFolder(this.folder, undefined);
  }

  /** A copy of its disk as it is now, taken while it is down. */
  copyDisk(to: string): void {
    rmSync(to, { recursive: true, force: true });
    mkdirSync(to, { recursive: true });
    cpSync(this.folder, to, { recursive: true });
  }

  putDiskBack(from: string): void {
    rmSync(this.folder, { recursive: true, force: true });
    cpSync(from, this.folder, { recursive: true });
  }

  /** Looks at the terminal without meeting a fault of its disk. */
  watched<T>(look: () => T): T {
    const wasWatched = this.isWatched;
    this.isWatched = true;
    try {
      return look();
    } finally {
      this.isWatched = wasWatched;
    }
  }

  query<T>(text: string, parameters: readonly unknown[] = []): T[] {
    const file = join(this.folder, DATABASE);
    const instance = this.#instance;
    const open = instance?.isAlive === true ? [...instance.files].find((db) => db.name === file && db.open) : undefined;
    if (open !== undefined) return this.watched(() => open.prepare<unknown[], T>(text).all(...parameters));
    if (!existsSync(file)) return [];
    // A copy: whoever opens the files of a dead process and closes them again tidies them up.
    const copy = `${this.folder}.look`;
    mkdirSync(copy, { recursive: true });
    for (const name of [DATABASE, `${DATABASE}-wal`])
      if (existsSync(join(this.folder, name))) cpSync(join(this.folder, name), join(copy, name));
    const db = new Database(join(copy, DATABASE));
    try {
      db.pragma('locking_mode = EXCLUSIVE');
      return db.prepare<unknown[], T>(text).all(...parameters);
    } finally {
      db.close();
      rmSync(copy, { recursive: true, force: true });
    }
  }

  /** Of the outbox; 0 while that is empty. */
  lastPos(): number {
    return this.query<{ pos: number }>('SELECT coalesce(max(pos), 0) AS pos FROM outbox')[0]?.pos ?? 0;
  }

  recorded(abovePos: number): (ConfirmedCommand & { pos: number })[] {
    const rows = this.query<OutboxRow>(
      'SELECT pos, device_id AS deviceId, incarnation, seq, body FROM outbox WHERE pos > ? ORDER BY pos',
      [abovePos],
    );
    return rows.map(({ pos, deviceId, incarnation, seq, body }) => {
      const { id, name, version, actorId, approvedBy, at, businessDay, input } = JSON.parse(body) as Envelope;
      const command = {
        commandId: id,
        deviceId,
        incarnation,
        seq,
        name,
        version,
        actorId,
        at,
        businessDay,
        input,
        pos,
      };
      return approvedBy === undefined ? command : { ...command, approvedBy };
    });
  }

  #around(instance: Instance, sql: string, db: Database.Database, run: () => unknown): unknown {
    if (this.isWatched) return run();
    this.#options.onStatement();
    if (this.#options.time.nowMs < this.fullUntilMs && isWrite(sql) && db.name.endsWith('terminal.db')) {
      this.onFull();
      throw new Database.SqliteError('database or disk is full', 'SQLITE_FULL');
    }
    const plan = this.plan;
    if (plan === undefined || sql.startsWith('prepare ') || (plan.isCommit && !/^commit/i.test(sql))) return run();
    plan.inStatements -= 1;
    if (plan.inStatements > 0) return run();
    if (plan.isAfter) run();
    instance.isAlive = false;
    this.diedAt = `${plan.isAfter ? 'after' : 'before'} ${sql.replace(/\s+/g, ' ').trim().slice(0, 60)}`;
    throw new SimCrash(this.diedAt);
  }
}

interface OutboxRow {
  pos: number;
  deviceId: string;
  incarnation: string;
  seq: number;
  body: string;
}
type Envelope = Omit<ConfirmedCommand, 'commandId' | 'deviceId' | 'incarnation' | 'seq'> & { id: string };

/** What needs room on the disk. Temporary tables lie elsewhere. */
function isWrite(sql: string): boolean {
  return /^\s*(insert|update|delete|replace|commit|create)\b/i.test(sql) && !/\btemp\b/i.test(sql);
}

function closeHard(db: Database.Database): void {
  try {
    db.close();
  } catch {
    // A statement of it is half-way through its rows; the handle goes with the next collection.
  }
}

/** Another version's errors are of its own class. */
function withThisVersionsErrors(terminal: Terminal): Terminal {
  const { execute } = terminal;
  return Object.assign(terminal, {
    execute: (request: Parameters<Terminal['execute']>[0]) => {
      try {
        return execute(request);
      } catch (error) {
        if (error instanceof AppError || !(error instanceof Error) || !('code' in error)) throw error;
        throw isErrorCode(String(error.code)) && error.name === 'AppError'
          ? new AppError(error.code as AppError['code'], error.message)
          : error;
      }
    },
  });
}

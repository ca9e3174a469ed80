import type { PGlite } from '@electric-sql/pglite';
import type { Cloud } from '../../src-cloud/app.ts';
import type { Build } from './builds.ts';
import { ownConnections, type PgProcess } from './pg-hook.ts';
import { type AnswerHead, readHead, ServerSocket } from './server-socket.ts';
import type { SimCloud } from './sim-types.ts';
import type { Life, SimTime } from './sim-time.ts';
import type { Work } from './work.ts';

export const SECRET = 'a master secret of the simulation, long enough';
export const SETUP_TOKEN = 'set-up-token-of-the-simulation';

export interface WireRequest {
  method: 'GET' | 'POST';
  /** With its query. */
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
}

export interface WireAnswer extends AnswerHead {
  body: Buffer;
}

/** An open stream as its client's side sees it. */
export interface StreamEnd {
  onHead(head: AnswerHead): void;
  onBytes(bytes: Buffer): void;
  onEnd(): void;
}

/** What a statement is followed by. */
export type CrashPlan = { at: 'before' | 'after'; statement: 'commit' | 'any'; inStatements: number };

interface Generation extends Life, PgProcess {
  cloud: Cloud | undefined;
}

/** The real cloud over a real PGlite. Its process dies and comes again; the database stays. */
export class CloudHost implements SimCloud {
  readonly lite: PGlite;
  readonly #time: SimTime;
  readonly #work: Work;
  #generation: Generation | undefined;
  #plan: CrashPlan | undefined;
  #isSessionLeft = false;
  /** The version that runs from the next start on. */
  build: Build;
  onCrash: (how: 'before' | 'after' | 'any') => void = () => undefined;

  constructor(lite: PGlite, build: Build, time: SimTime, work: Work) {
    this.lite = lite;
    this.build = build;
    this.#time = time;
    this.#work = work;
  }

  get isUp(): boolean {
    return this.#generation?.cloud !== undefined;
  }

  /** The running cloud, for those who sign tokens. */
  get cloud(): Cloud {
    const cloud = this.#generation?.cloud;
    if (cloud === undefined) throw new Error('the cloud is down');
    return cloud;
  }

  /** Reads as the owner, whether the process is up or not. Only while nothing moves. */
  async query<T>(text: string, parameters: readonly unknown[] = []): Promise<T[]> {
    await this.endDead();
    const answer = await this.lite.query(text, [...parameters], { parsers: PARSERS });
    return answer.rows as T[];
  }

  async start(): Promise<void> {
    this.#isSessionLeft = false;
    await endSession(this.lite);
    const generation = this.#born();
    this.#generation = generation;
    ownConnections(generation);
    generation.cloud = await this.build.buildCloud({
      database: this.build.databaseOver(this.lite),
      clock: this.#time.clock(generation),
      secret: SECRET,
      setupToken: SETUP_TOKEN,
    });
  }

  /** It dies at a statement that is still to come. */
  planCrash(plan: CrashPlan | undefined): void {
    this.#plan = plan;
  }

  /** It dies here and now, whatever it was doing. */
  kill(): void {
    const generation = this.#generation;
    this.#plan = undefined;
    this.#generation = undefined;
    if (generation === undefined) return;
    generation.isAlive = false;
    this.#isSessionLeft = true;
    this.#work.forget(generation);
  }

  /** The engine ends what the dead process had begun. */
  async endDead(): Promise<void> {
    if (!this.#isSessionLeft) return;
    this.#isSessionLeft = false;
    await endSession(this.lite);
  }

  /** Answers one request; `onAnswer` is never called when the process dies meanwhile. */
  handle(request: WireRequest, onAnswer: (answer: WireAnswer) => void): boolean {
    const generation = this.#generation;
    const app = generation?.cloud?.app;
    if (generation === undefined || app === undefined) return false;
    const { method, path, headers, body } = request;
    this.#work.begin(generation);
    void app.inject({ method, url: path, headers, ...(body === undefined ? {} : { payload: body }) }).then((answer) => {
      if (!generation.isAlive) return;
      this.#work.end(generation);
      const answered = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, String(value)]);
      onAnswer({ status: answer.statusCode, headers: answered, body: answer.rawPayload });
    });
    return true;
  }

  /** Opens a stream over a connection of its own. The returned function ends the connection from the client's side. */
  openStream(request: WireRequest, end: StreamEnd): (() => void) | undefined {
    const generation = this.#generation;
    const app = generation?.cloud?.app;
    if (generation === undefined || app === undefined) return undefined;
    let before: Buffer | undefined = Buffer.alloc(0);
    let isWaiting = true;
    const stopWaiting = (): void => {
      if (isWaiting && generation.isAlive) this.#work.end(generation);
      isWaiting = false;
    };
    const socket = new ServerSocket(
      (bytes) => {
        if (!generation.isAlive) return;
        this.#work.activity += 1;
        if (before === undefined) return end.onBytes(bytes);
        before = Buffer.concat([before, bytes]);
        const read = readHead(before);
        if (read === undefined) return;
        before = undefined;
        stopWaiting();
        end.onHead(read.head);
        if (read.rest.length > 0) end.onBytes(read.rest);
      },
      () => {
        stopWaiting();
        if (generation.isAlive) end.onEnd();
      },
    );
    this.#work.begin(generation);
    app.server.emit('connection', socket);
    const lines = Object.entries({ host: 'cloud.test', ...request.headers }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    socket.receive(`GET ${request.path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    return () => {
      this.#work.activity += 1;
      if (generation.isAlive) socket.destroy();
    };
  }

  #born(): Generation {
    const generation: Generation = {
      isAlive: true,
      cloud: undefined,
      begin: () => this.#work.begin(generation),
      end: () => {
        if (generation.isAlive) this.#work.end(generation);
      },
      before: (sql) => this.#passes(generation, sql, 'before'),
      after: (sql) => this.#passes(generation, sql, 'after'),
    };
    return generation;
  }

  #passes(generation: Generation, sql: string, at: 'before' | 'after'): boolean {
    const plan = this.#plan;
    if (plan === undefined || generation.cloud === undefined || plan.at !== at) return true;
    if (plan.statement === 'commit' && !/^commit\b/i.test(sql)) return true;
    plan.inStatements -= 1;
    if (plan.inStatements > 0) return true;
    this.kill();
    this.onCrash(plan.statement === 'commit' ? at : 'any');
    return false;
  }
}

/** What the dead process left in the engine's only session: an open transaction, locks, prepared statements. */
export async function endSession(lite: PGlite): Promise<void> {
  await lite.exec('ROLLBACK');
  await lite.exec('DISCARD ALL');
}

const INT8 = 20;
const TIMESTAMPTZ = 1184;
const PARSERS = { [INT8]: Number, [TIMESTAMPTZ]: (text: string) => new Date(text).toISOString() };

import { hashSync } from '@node-rs/argon2';
import { Fold, parseInput, runCommand, scopeOf } from '#shared/commands/engine.ts';
import { contextOf, Envelope } from '#shared/commands/envelope.ts';
import { findCommand } from '#shared/commands/registry.ts';
import type { ChangesPage, EntryOutcome, PushEntry, PushRequest, WireRow } from '#shared/contract/sync-wire.ts';
import { type EntityOf, type Kind, put, type Put, refKey } from '#shared/domain/entity.ts';
import type { Level } from '#shared/domain/level.ts';
import { AppError, toWireError } from '#shared/kernel/errors.ts';
import type { DeviceId } from '#shared/kernel/ids.ts';
import { formatCursor, parseCursor, START } from '#shared/sync/cursor.ts';
import { BRANCH, LEVELS, ORG, staffOf } from './world.ts';

/** PINs of the people of the double: `pinOf('L3')` is 333333. */
export const pinOf = (level: Level): string => level.slice(1).repeat(6);

const PEPPER = Buffer.alloc(32, 7);

interface Scope {
  seq: number;
  tokens: Map<number, string>;
}
interface State {
  rows: Map<string, Put & { seq: number }>;
  scopes: { org: Scope; branch: Scope };
  outcomes: Map<string, EntryOutcome & { deviceId: string; incarnation: string; at: number }>;
  watermarks: Map<string, { deviceId: string; incarnation: string; seq: number }>;
  lamport: number;
}

export interface SeenRequest {
  method: string;
  path: string;
  body: unknown;
}

/**
 * A cloud of one branch in memory, behind `fetch`: it runs the real engine on every entry, as the cloud does. Tests make it
 * fail at any request, lose answers, forget what it knew, and speak as another terminal.
 */
export class CloudDouble {
  readonly requests: SeenRequest[] = [];
  /** A response instead of an answer, or an Error for a network that fails; undefined lets the request through. */
  intercept: ((request: SeenRequest) => Response | Error | undefined) | undefined;
  isDown = false;
  /** Open event streams; a stream is refused while `hasStream` is false. */
  hasStream = false;
  pageRows = 500;
  /** What switched-off terminals have sent, as the cloud lists it. */
  quarantine: unknown[] = [];
  #streams = new Set<{ write(text: string): void; close(): void; cursor: string }>();
  #state: State = {
    rows: new Map(),
    scopes: { org: { seq: 0, tokens: new Map() }, branch: { seq: 0, tokens: new Map() } },
    outcomes: new Map(),
    watermarks: new Map(),
    lamport: 0,
  };
  #tokenSerial = 0;
  #validFrom = 0;
  #otherSeq = 0;
  #history = 'a';

  constructor() {
    this.write(
      LEVELS.flatMap((level) => {
        const pinHash = hashSync(pinOf(level), { secret: PEPPER, memoryCost: 8, timeCost: 1 });
        return [put('staff', staffOf(level)), put('pin', { id: staffOf(level).id, pinHash })];
      }),
    );
    this.write([
      put('stockItem', {
        id: 'flour',
        branchId: BRANCH,
        name: 'Flour',
        unit: 'kg',
        reorderLevelMilli: 1000,
        onHandMilli: 5000,
        isRemoved: false,
      } as EntityOf<'stockItem'>),
    ]);
  }

  /** Requests to a path, in their order. */
  sent(path: string): SeenRequest[] {
    return this.requests.filter((request) => request.path.startsWith(path));
  }

  /** Every entry that was ever pushed, as often as it came. */
  pushed(): PushEntry[] {
    return this.sent('/sync/push').flatMap(({ body }) => (body as PushRequest).entries as PushEntry[]);
  }

  find<K extends Kind>(kind: K, id: string): EntityOf<K> | undefined {
    return this.#state.rows.get(`${kind}/${id}`)?.body as EntityOf<K> | undefined;
  }

  list<K extends Kind>(kind: K): EntityOf<K>[] {
    return [...this.#state.rows.values()].filter((row) => row.kind === kind).map((row) => row.body as EntityOf<K>);
  }

  /** Writes rows as one transaction. */
  write(puts: readonly Put[]): void {
    const touched = new Set(puts.map((row) => scopeOf(row.kind)));
    for (const row of puts) {
      const scope = this.#state.scopes[scopeOf(row.kind)];
      this.#state.rows.set(refKey(row), {
        ...row,
        body: JSON.parse(JSON.stringify(row.body)),
        seq: scope.seq + 1,
      });
    }
    for (const name of touched) {
      const scope = this.#state.scopes[name];
      scope.seq += 1;
      scope.tokens.set(scope.seq, `${this.#history}${scope.seq}`);
    }
    this.#tellStreams();
  }

  /** A command of another terminal, which the cloud has taken. */
  runElsewhere(name: string, input: Record<string, unknown>, by: Level = 'L5'): EntryOutcome {
    this.#otherSeq += 1;
    const id = `01HZZZZZZY${String(this.#otherSeq).padStart(16, '0')}`;
    const envelope = {
      id,
      name,
      version: 1,
      branchId: BRANCH,
      actorId: staffOf(by).id,
      at: '2026-03-02T12:00:00.000Z',
      businessDay: '2026-03-02',
      input,
    };
    return this.#run(
      { seq: this.#otherSeq, lamport: this.#state.lamport + 1, id, body: JSON.stringify(envelope) },
      'other-device',
      'other00000',
    );
  }

  /** What the cloud knows now, to go back to: a backup. */
  backUp(): State {
    return structuredClone(this.#state);
  }

  /** The cloud was restored from a backup; what it writes from now on is another history. */
  restore(backup: State): void {
    this.#state = structuredClone(backup);
    this.#history = String.fromCharCode(((this.#history.charCodeAt(0) - 96) % 26) + 97);
  }

  expireTokens(): void {
    this.#validFrom = this.#tokenSerial + 1;
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  closeStreams(): void {
    for (const stream of this.#streams) stream.close();
    this.#streams.clear();
  }

  /** Writes bytes to every open stream. */
  stream(text: string): void {
    for (const each of this.#streams) each.write(text);
  }

  readonly fetch = (async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
    await Promise.resolve();
    const { pathname, search, searchParams } = new URL(url);
    const body: unknown = typeof init.body === 'string' ? JSON.parse(init.body) : undefined;
    const request: SeenRequest = { method: init.method ?? 'GET', path: pathname + search, body };
    this.requests.push(request);
    const instead = this.isDown ? new Error('connection refused') : this.intercept?.(request);
    if (instead instanceof Error) throw new TypeError('fetch failed', { cause: instead });
    if (instead !== undefined) return instead;
    try {
      return this.#answer(pathname, searchParams, body, new Headers(init.headers), init.signal ?? undefined);
    } catch (error) {
      const status = error instanceof AppError ? error.status : 500;
      const expected = error instanceof GapError ? { expectedSeq: error.expectedSeq } : {};
      return Response.json({ ...toWireError(error), ...expected }, { status });
    }
  }) as typeof fetch;

  #answer(
    path: string,
    query: URLSearchParams,
    body: unknown,
    headers: Headers,
    signal: AbortSignal | undefined,
  ): Response {
    switch (path) {
      case '/healthz':
        return Response.json({ ok: true });
      case '/devices/enrol':
        return Response.json({ ...ENROLMENT }, { status: 201 });
      case '/auth/device/challenge':
        return Response.json({ challenge: 'sign-this' });
      case '/auth/device/token':
        this.#tokenSerial += 1;
        return Response.json({ accessToken: `token-${this.#tokenSerial}`, expiresInS: 900 });
      default:
        break;
    }
    const token = Number(/^Bearer token-(\d+)$/.exec(headers.get('authorization') ?? '')?.[1] ?? -1);
    if (token < this.#validFrom || token < 1) throw new AppError('auth/expired');
    if (path === '/sync/push') return Response.json(this.#push(body as PushRequest));
    if (path === '/sync/changes')
      return Response.json(this.changes(query.get('after') ?? undefined, Number(query.get('limit') ?? 500)));
    if (path === '/sync/quarantine') return Response.json({ entries: this.quarantine });
    if (path.startsWith('/sync/quarantine/')) return Response.json({ accepted: 1, refused: 0, held: 0, left: 1 });
    if (path === '/sync/echo') return Response.json(this.#echo());
    if (path === '/stream/changes' && this.hasStream)
      return this.#openStream(headers.get('last-event-id') ?? formatCursor(START), signal);
    throw new AppError(path === '/stream/changes' ? 'server/busy' : 'route/unknown');
  }

  #echo(): unknown {
    const { branch } = this.#state.scopes;
    branch.seq += 1;
    branch.tokens.set(branch.seq, `${this.#history}${branch.seq}`);
    this.#tellStreams();
    return { visible: { org: 0, branch: branch.seq }, serverAt: '2026-03-02T12:00:00.000Z', databaseMs: 1 };
  }

  #push(request: PushRequest): unknown {
    const outcomes: EntryOutcome[] = [];
    for (const raw of request.entries) {
      const entry = raw as PushEntry;
      const key = `${request.deviceId}/${request.incarnation}`;
      const watermark = this.#state.watermarks.get(key)?.seq ?? 0;
      const known = this.#state.outcomes.get(entry.id);
      if (known === undefined && entry.seq > watermark + 1) throw new GapError(watermark + 1);
      outcomes.push(
        known === undefined ? this.#run(entry, request.deviceId, request.incarnation) : { ...known, seq: entry.seq },
      );
      this.#state.watermarks.set(key, {
        deviceId: request.deviceId,
        incarnation: request.incarnation,
        seq: Math.max(watermark, entry.seq),
      });
    }
    const watermark = this.#state.watermarks.get(`${request.deviceId}/${request.incarnation}`)?.seq ?? 0;
    return { outcomes, watermark, lamport: this.#state.lamport, serverAt: '2026-03-02T12:00:00.000Z' };
  }

  #run(entry: Pick<PushEntry, 'seq' | 'lamport' | 'id' | 'body'>, deviceId: string, incarnation: string): EntryOutcome {
    const envelope = Envelope.parse(JSON.parse(entry.body));
    const command = findCommand(envelope.name, envelope.version);
    if (command === undefined) throw new Error(`no command ${envelope.name}`);
    const fold = new Fold((kind, id) => this.find(kind, id));
    const ctx = contextOf(envelope, { orgId: ORG, deviceId: deviceId as DeviceId, isRecorded: true });
    const result = runCommand(command, parseInput(command, envelope.input), ctx, fold.find, {
      withReview: true,
      rightsKnownSinceMs: 0,
    });
    this.#state.lamport = Math.max(this.#state.lamport, entry.lamport);
    if (result.status === 'applied') {
      fold.apply(result.puts);
      const outcome = this.#outcome(entry, { status: 'applied', flags: result.flags.map((flag) => flag.code) });
      this.#state.outcomes.set(entry.id, { ...outcome, deviceId, incarnation, at: this.#state.scopes.branch.seq + 1 });
      this.write(fold.changed());
      const visible = { org: this.#state.scopes.org.seq, branch: this.#state.scopes.branch.seq };
      const stored = { ...outcome, visible };
      this.#state.outcomes.set(entry.id, { ...stored, deviceId, incarnation, at: visible.branch });
      return stored;
    }
    const outcome = this.#outcome(entry, { status: 'rejected', flags: [], error: result.error });
    this.#state.outcomes.set(entry.id, { ...outcome, deviceId, incarnation, at: this.#state.scopes.branch.seq });
    return outcome;
  }

  #outcome(entry: { seq: number; id: string }, rest: Omit<EntryOutcome, 'seq' | 'id'>): EntryOutcome {
    return { seq: entry.seq, id: entry.id, ...rest };
  }

  /** One page of `GET /sync/changes`. */
  changes(after: string | undefined, limit: number): ChangesPage {
    const state = this.#state;
    const cursor = after === undefined ? START : (parseCursor(after) ?? START);
    const base = {
      watermarks: [...state.watermarks.values()],
      lamport: state.lamport,
      serverAt: '2026-03-02T12:00:00.000Z',
    };
    for (const name of ['org', 'branch'] as const) {
      const position = cursor[name];
      if (position.seq > 0 && state.scopes[name].tokens.get(position.seq) !== position.token) {
        return { rows: [], outcomes: [], ...base, cursor: formatCursor(START), hasMore: true, reset: true };
      }
    }
    const rows: WireRow[] = [...state.rows.values()]
      .filter((row) => row.seq > cursor[scopeOf(row.kind)].seq)
      .map(({ kind, id, seq, body }) => ({ kind, id, seq, body: body as Record<string, unknown> }));
    const org = rows.filter((row) => scopeOf(row.kind as Kind) === 'org').toSorted((a, b) => a.seq - b.seq);
    const branch = rows.filter((row) => scopeOf(row.kind as Kind) === 'branch').toSorted((a, b) => a.seq - b.seq);
    const most = Math.min(limit, this.pageRows);
    // Whole transactions: rows of one seq are never cut apart.
    const cut = (list: WireRow[]): WireRow[] =>
      list.filter((row) => list.length <= most || row.seq <= (list[most - 1]?.seq ?? 0));
    const page = cut(org.length > 0 ? org : branch);
    const hasMore = page.length < rows.length;
    const at = (name: 'org' | 'branch', list: WireRow[]) => {
      const isDone = page.length === 0 || !hasMore || list.every((row) => page.includes(row));
      const seq =
        isDone && (name === 'org' || org.length === 0 || !hasMore)
          ? state.scopes[name].seq
          : Math.max(cursor[name].seq, ...page.filter((row) => list.includes(row)).map((row) => row.seq));
      return { seq, token: state.scopes[name].tokens.get(seq) ?? '' };
    };
    const end = { org: at('org', org), branch: at('branch', branch) };
    const outcomes = [...state.outcomes.values()].filter(
      (outcome) => cursor.branch.seq > 0 && outcome.at > cursor.branch.seq && outcome.at <= end.branch.seq,
    );
    return { rows: page, outcomes, ...base, cursor: formatCursor(end), hasMore, reset: false };
  }

  #openStream(after: string, signal: AbortSignal | undefined): Response {
    const encoder = new TextEncoder();
    const streams = this.#streams;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const stream = {
          cursor: after,
          write: (text: string) => controller.enqueue(encoder.encode(text)),
          close: () => controller.close(),
        };
        streams.add(stream);
        signal?.addEventListener('abort', () => streams.delete(stream));
        controller.enqueue(encoder.encode(':\n\n'));
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  }

  #tellStreams(): void {
    for (const stream of this.#streams) {
      const page = this.changes(stream.cursor, 5_000);
      stream.write(`id: ${page.cursor}\nevent: rows\ndata: ${JSON.stringify({ ...page, after: stream.cursor })}\n\n`);
      stream.cursor = page.cursor;
    }
  }
}

class GapError extends AppError {
  readonly expectedSeq: number;
  constructor(expectedSeq: number) {
    super('sync/gap', `Expected: ${expectedSeq}.`);
    this.expectedSeq = expectedSeq;
  }
}

export const DEVICE = 'device-under-test';

const ENROLMENT = {
  deviceId: DEVICE,
  deviceCode: 'T1',
  deviceName: 'Counter',
  organisation: { id: ORG, name: 'Org', currency: 'USD' },
  branch: { id: BRANCH, name: 'Branch', zone: 'UTC', dayStartHour: 4, stations: [{ id: 'grill', name: 'Grill' }] },
  certificate: 'certificate',
  pinPepper: PEPPER.toString('base64url'),
};

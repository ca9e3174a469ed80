import type { ChangesPage, StreamRows, WireRow } from '#shared/contract/sync-wire.ts';
import { BranchId, DeviceId } from '#shared/kernel/ids.ts';
import { type Cursor, formatCursor, parseCursor, START } from '#shared/sync/cursor.ts';
import { ORG } from './restaurant.ts';
import { Finding, type Random } from './sim-types.ts';
import type { World } from './world.ts';

const PAGE = 60;

/**
 * A bare reader of the changes stream, which keeps to the protocol and to nothing else: what it has built must be the
 * cloud's rows at the same cursor. It shares no code with the terminal.
 */
export class ReplicaReader {
  readonly #world: World;
  readonly #branchId: string;
  readonly #deviceId: string;
  readonly #random: Random;
  readonly #rows = new Map<string, WireRow>();
  #cursor: Cursor = START;
  #hangUp: (() => void) | undefined;
  #text = '';
  #isPulling = false;
  #mustPullAgain = false;
  #round = 0;

  constructor(world: World, branchId: string, deviceId: string) {
    this.#world = world;
    this.#branchId = branchId;
    this.#deviceId = deviceId;
    this.#random = world.random.fork(`replica ${branchId}`);
  }

  /** Connects, and connects again whenever the stream has ended. */
  async connect(): Promise<void> {
    const { cloud } = this.#world;
    this.#round += 1;
    const mine = this.#round;
    const again = (): void => {
      if (mine !== this.#round) return;
      this.#round += 1;
      this.#hangUp = undefined;
      this.#world.later(this.#random.int(500, 4_000), () => this.connect());
    };
    if (!cloud.isUp) return again();
    const headers = await this.#headers();
    this.#text = '';
    const lastId = this.#cursor === START ? {} : { 'last-event-id': formatCursor(this.#cursor) };
    this.#hangUp = cloud.openStream(
      { method: 'GET', path: '/stream/changes', headers: { ...headers, ...lastId }, body: undefined },
      {
        onHead: ({ status }) => (status === 200 ? undefined : again()),
        onBytes: (bytes) => {
          if (mine === this.#round) this.#take(bytes.toString());
        },
        onEnd: again,
      },
    );
  }

  /** The cloud's process is gone: a stream says nothing any more. */
  lost(): void {
    this.#round += 1;
    this.#isPulling = false;
    this.#hangUp = undefined;
    this.#world.later(this.#random.int(500, 4_000), () => this.connect());
  }

  async #headers(): Promise<Record<string, string>> {
    const token = await this.#world.cloud.cloud.ctx.tokens.signAccess({
      kind: 'device',
      orgId: ORG,
      branchId: BranchId.parse(this.#branchId),
      deviceId: DeviceId.parse(this.#deviceId),
    });
    return { authorization: `Bearer ${token}` };
  }

  #take(text: string): void {
    this.#text += text;
    for (let end = this.#text.indexOf('\n\n'); end !== -1; end = this.#text.indexOf('\n\n')) {
      const lines = this.#text.slice(0, end).split('\n');
      this.#text = this.#text.slice(end + 2);
      const field = (name: string): string | undefined =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const name = field('event');
      if (name === 'reset') this.#pull();
      if (name === 'rows') this.#event(JSON.parse(field('data') ?? '') as StreamRows);
    }
    if (this.#world.isOn('streamCut') && this.#random.chance(0.02)) {
      this.#hangUp?.();
      this.lost();
    }
  }

  #event(event: StreamRows): void {
    if (this.#isPulling) {
      this.#mustPullAgain = true;
      return;
    }
    const [from, to] = [parseCursor(event.after), parseCursor(event.cursor)];
    if (from === undefined || to === undefined) throw new Finding('stream-replica', 'an event has no cursor');
    if (isAtMost(to, this.#cursor)) return;
    if (isAtMost(from, this.#cursor) && !event.reset) this.#apply(event.rows, to);
    else this.#pull();
  }

  #pull(): void {
    if (this.#isPulling) {
      this.#mustPullAgain = true;
      return;
    }
    this.#isPulling = true;
    this.#world.later(0, () => this.#page());
  }

  async #page(): Promise<void> {
    const { cloud } = this.#world;
    if (!cloud.isUp || !this.#isPulling) {
      this.#isPulling = false;
      return;
    }
    const path = `/sync/changes?limit=${PAGE}&after=${formatCursor(this.#cursor)}`;
    cloud.handle({ method: 'GET', path, headers: await this.#headers(), body: undefined }, (answer) => {
      this.#isPulling = false;
      if (answer.status !== 200) return this.#world.later(2_000, () => this.#pull());
      const page = JSON.parse(answer.body.toString()) as ChangesPage;
      if (page.reset) this.#rows.clear();
      this.#apply(page.rows, parseCursor(page.cursor) ?? START);
      if (page.hasMore || this.#mustPullAgain) {
        this.#mustPullAgain = false;
        this.#pull();
      }
      return undefined;
    });
  }

  #apply(rows: readonly WireRow[], to: Cursor): void {
    for (const row of rows) {
      if (row.body === null) this.#rows.delete(`${row.kind} ${row.id}`);
      else this.#rows.set(`${row.kind} ${row.id}`, row);
    }
    this.#cursor = to;
  }

  /** Compares with the cloud's rows. `isEnd`: everything has come by now. */
  async check(isEnd: boolean): Promise<void> {
    const { cloud } = this.#world;
    const counters = await cloud.query<{ scope: string; seq: number; token: string }>(
      `select c.scope, c.seq, t.token from counter c left join counter_token t
         on t.org_id = c.org_id and t.scope = c.scope and t.seq = case when c.scope = 'org' then $1::int8 else $2::int8 end
       where c.scope in ('org', $3)`,
      [this.#cursor.org.seq, this.#cursor.branch.seq, this.#branchId],
    );
    const at = new Map<string, { seq: number; token: string }>([
      ['org', this.#cursor.org],
      [this.#branchId, this.#cursor.branch],
    ]);
    for (const { scope, seq, token } of counters) {
      const mine = at.get(scope);
      if (isEnd && mine?.seq !== seq) throw this.#broken(`stands at ${mine?.seq} of ${scope}, the cloud at ${seq}`);
      // A cloud that was put back meanwhile: the next connection tells it to start anew.
      if (!isEnd && mine !== undefined && mine.seq > 0 && mine.token !== token) return;
    }
    const rows = await cloud.query<WireRow & { scope: string }>(
      `select kind, id, seq, body, scope from entity where scope in ('org', $1)`,
      [this.#branchId],
    );
    const known = new Map(rows.map((row) => [`${row.kind} ${row.id}`, row]));
    for (const [key, row] of known) {
      if (row.seq > (at.get(row.scope)?.seq ?? 0)) continue;
      const found = this.#rows.get(key);
      if (row.body === null ? found !== undefined : JSON.stringify(found?.body) !== JSON.stringify(row.body))
        throw this.#broken(`has ${key} as ${JSON.stringify(found)}, the cloud as ${JSON.stringify(row)}`);
    }
    for (const key of this.#rows.keys())
      if (!known.has(key)) throw this.#broken(`has ${key}, which the cloud does not have`);
  }

  #broken(detail: string): Finding {
    return new Finding('stream-replica', `the replica of ${this.#branchId} ${detail}`);
  }
}

function isAtMost(a: Cursor, b: Cursor): boolean {
  return a.org.seq <= b.org.seq && a.branch.seq <= b.branch.seq;
}

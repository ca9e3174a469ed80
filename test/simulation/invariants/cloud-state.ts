import type { EntityOf, Kind } from '#shared/domain/entity.ts';
import type { Deed } from '../ledger/deed.ts';
import type { SimWorld } from '../sim-types.ts';

/** A row of the cloud's command table. */
export interface CloudCommand extends Deed {
  incarnation: string | null;
  seq: number | null;
  status: 'applied' | 'rejected';
  flags: readonly string[];
  /** What was said to people, when it was refused. */
  refusal: { code: string; message: string } | undefined;
  visibleBranch: number;
  /** The exact text that was sent. */
  body: string;
}

export interface CloudRow {
  kind: string;
  id: string;
  scope: string;
  seq: number;
  state: string | null;
  day: string | null;
  body: Record<string, unknown>;
}

export interface DayRow {
  day: string;
  orderId: string;
  salesMinor: number;
  cashMinor: number;
  momoMinor: number;
  cardMinor: number;
  orders: number;
}

/** What the cloud's database holds at one moment, as its tables have it. */
export interface CloudTables {
  /** In the order in which they took effect: by transaction, then by the terminal's own order. */
  commands: CloudCommand[];
  rows: CloudRow[];
  days: DayRow[];
  rollups: Omit<DayRow, 'orderId'>[];
  watermarks: { deviceId: string; incarnation: string; seq: number }[];
  counters: Map<string, number>;
}

export interface CloudState extends CloudTables {
  command(id: string): CloudCommand | undefined;
  row(kind: Kind, id: string): CloudRow | undefined;
  list<K extends Kind>(kind: K): EntityOf<K>[];
  find<K extends Kind>(kind: K, id: string): EntityOf<K> | undefined;
}

/** Tables with ways to look things up. */
export function stateOf(tables: CloudTables): CloudState {
  const commandById = new Map(tables.commands.map((each) => [each.commandId, each]));
  const byKey = new Map(tables.rows.map((row) => [`${row.kind}/${row.id}`, row]));
  return {
    ...tables,
    command: (id) => commandById.get(id),
    row: (kind, id) => byKey.get(`${kind}/${id}`),
    // The bodies are the product's own; what is claimed of them is checked field by field.
    list: (kind) => tables.rows.filter((row) => row.kind === kind).map((row) => row.body as never),
    find: (kind, id) => byKey.get(`${kind}/${id}`)?.body as never,
  };
}

interface CommandRow {
  id: string;
  device_id: string;
  incarnation: string | null;
  seq: number | string | null;
  name: string;
  actor_id: string;
  status: 'applied' | 'rejected';
  outcome: { flags: string[]; error?: { code: string; message: string } };
  visible_branch: number | string;
  body: string;
}

const FIGURES = `day, sales_minor as "salesMinor", cash_minor as "cashMinor", momo_minor as "momoMinor", card_minor as "cardMinor", orders`;

/** Reads everything at once; nothing must move meanwhile. */
export async function readCloudState({ cloud, branch }: SimWorld): Promise<CloudState> {
  const { orgId, branchId } = branch;
  const commandRows = await cloud.query<CommandRow>(
    `select id, device_id, incarnation, seq, name, actor_id, status, outcome, visible_branch, body from command
     where org_id = $1 and branch_id = $2 order by visible_branch, seq nulls first`,
    [orgId, branchId],
  );
  const rows = (
    await cloud.query<CloudRow>(
      `select kind, id, scope, seq, state, day, body from entity where org_id = $1 and scope in ('org', $2) order by seq`,
      [orgId, branchId],
    )
  ).map((row) => ({ ...row, seq: Number(row.seq) }));
  const days = await cloud.query<DayRow>(
    `select order_id as "orderId", ${FIGURES} from order_day where org_id = $1 and branch_id = $2`,
    [orgId, branchId],
  );
  const rollups = await cloud.query<DayRow>(`select ${FIGURES} from day_rollup where org_id = $1 and branch_id = $2`, [
    orgId,
    branchId,
  ]);
  const watermarks = await cloud.query<{ deviceId: string; incarnation: string; seq: number | string }>(
    `select device_id as "deviceId", incarnation, seq from watermark where org_id = $1 and branch_id = $2`,
    [orgId, branchId],
  );
  const counters = await cloud.query<{ scope: string; seq: number | string }>(
    'select scope, seq from counter where org_id = $1',
    [orgId],
  );
  return stateOf({
    commands: commandRows.map(readCommand),
    rows,
    days: days.map(readFigures),
    rollups: rollups.map(readFigures),
    watermarks: watermarks.map((mark) => ({ ...mark, seq: Number(mark.seq) })),
    counters: new Map(counters.map(({ scope, seq }) => [scope, Number(seq)])),
  });
}

function readFigures<T extends Omit<DayRow, 'orderId'>>(row: T): T {
  return {
    ...row,
    salesMinor: Number(row.salesMinor),
    cashMinor: Number(row.cashMinor),
    momoMinor: Number(row.momoMinor),
    cardMinor: Number(row.cardMinor),
    orders: Number(row.orders),
  };
}

function readCommand(row: CommandRow): CloudCommand {
  return {
    commandId: row.id,
    deviceId: row.device_id,
    name: row.name,
    actorId: row.actor_id,
    incarnation: row.incarnation,
    seq: row.seq === null ? null : Number(row.seq),
    status: row.status,
    flags: row.outcome.flags,
    refusal: row.outcome.error,
    visibleBranch: Number(row.visible_branch),
    body: row.body,
    ...readBody(row.body),
  };
}

/** An entry that could not be read was kept as it came: it has no effect, and no fields. */
function readBody(text: string): Pick<Deed, 'at' | 'businessDay' | 'input'> {
  const body: unknown = JSON.parse(text);
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const input = fields['input'];
  return {
    at: typeof fields['at'] === 'string' ? fields['at'] : '',
    businessDay: typeof fields['businessDay'] === 'string' ? fields['businessDay'] : '',
    input: typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : {},
  };
}
